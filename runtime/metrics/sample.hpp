#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/events.hpp"

// What a source answers for one slot, before it becomes a value of the metric's kind.

namespace rollout::metrics {

using machine::ReadingStatus;
using plan::Nanoseconds;

// One series of a grouped metric.
struct SeriesSample {
  std::string name;  // plan::series_name of its labels
  double number = 0;
  std::optional<Nanoseconds> sampled_at;
  bool operator==(const SeriesSample&) const = default;
};

struct Sample {
  ReadingStatus status = ReadingStatus::NoData;
  std::optional<double> number;  // Value: what was answered, where it is a number (NaN is one)
  std::string text;              // Value: what was answered, where it is a text
  std::optional<Nanoseconds> sampled_at;
  std::string error;                 // Error: what happened, one line for people
  std::vector<SeriesSample> series;  // Value, of a grouped metric: instead of a number or text
  bool operator==(const Sample&) const = default;

  static Sample of_number(double number);
  static Sample of_text(std::string text);
  static Sample failed(std::string error);
  static Sample no_past();
};

// "3.5", "NaN", "+Inf"; nothing where the whole text is not a number. Blanks around it are ignored.
std::optional<double> parse_number(std::string_view text);

// The sample as a value of the metric's kind: numbers times its scale (seconds become nanoseconds), labels of an enum
// by `label_values`. NaN stays a Number, which the machine takes as unknown; an infinite duration or size is the
// largest there is.
machine::Reading to_reading(plan::MetricId id, const plan::Metric& metric, const Sample& sample);

}  // namespace rollout::metrics
