#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/plan.hpp"

// Grouped metrics: many series of one metric, and what is asked about all of them. The sample of a grouped metric is a
// map from the names of its series, ascending, to their values; a series of which nothing is known is missing in it,
// with the reason.

namespace rollout::plan {

// More series than this are an error of the source: whoever groups by something unbounded learns of it.
inline constexpr std::size_t kMostSeries = 500;

// The name of the only series that a grouped metric has where its source has none and `absent is` says what that means.
inline constexpr std::string_view kNoSeries;

// The values of the metric's `by` labels, joined with commas. A comma or backslash inside a value has a backslash
// before it, so that different series have different names.
std::string series_name(std::span<const std::string> label_values);

// The value of one series in a grouped metric's sample, a scalar being the value of each; null where it has none.
const Value* value_of_series(const Value& sample, std::string_view series);

// For people: "web-1, web-3 and 4 more".
std::string series_phrase(const std::vector<std::string>& names);

// What a condition is for one series: a bool, or missing with the reason.
struct SeriesTruth {
  std::string name;
  Value truth;
};

bool is_fold(Op op);
// The fold (AnySeries to WhichSeries) over all series of a slot.
Value fold_series(const Instruction& fold, std::span<const SeriesTruth> series);

// The metrics whose samples the code reads, inside its folds too; ascending, each once. For any plan, verified or not.
std::vector<MetricId> metrics_read(const Plan& plan, std::span<const Instruction> code);
std::vector<MetricId> metrics_read(const Plan& plan, RoutineId routine);

}  // namespace rollout::plan
