#include "runtime/plan/series.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollout::plan {

namespace {

struct Tally {
  std::size_t yes = 0, no = 0, unknown = 0;
  const SeriesTruth* first_unknown = nullptr;
};

Tally tally(std::span<const SeriesTruth> series) {
  Tally result;
  for (const SeriesTruth& one : series) {
    if (one.truth.kind() != ValueKind::Bool) {
      if (result.unknown++ == 0) result.first_unknown = &one;
    } else {
      ++(one.truth.as_bool() ? result.yes : result.no);
    }
  }
  return result;
}

Value unknown(const Tally& all) {
  const SeriesTruth& first = *all.first_unknown;
  const std::string& why = first.truth.as_string();
  const std::string others = all.unknown > 1 ? fmt::format(", and {} more unknown", all.unknown - 1) : std::string{};
  return Value::missing(fmt::format("{}: {}{}", first.name, why.empty() ? "unknown" : why, others));
}

// How many, the unknown ones taken as the form says; nothing where that cannot be said.
std::optional<double> count(const Tally& all, SeriesCount form) {
  if (form == SeriesCount::Known && all.unknown > 0) return std::nullopt;
  return static_cast<double>(all.yes + (form == SeriesCount::Most ? all.unknown : 0));
}

Value names_of(std::span<const SeriesTruth> series, SeriesChoice choice) {
  List names;
  for (const SeriesTruth& one : series) {
    const bool known = one.truth.kind() == ValueKind::Bool;
    const bool yes = known && one.truth.as_bool();
    const bool chosen = choice == SeriesChoice::True ? yes : choice == SeriesChoice::False ? known && !yes : !yes;
    if (chosen && one.name != kNoSeries) names.push_back(Value::string(one.name));
  }
  return Value::list(std::move(names));
}

bool reads_sample(Op op) {
  return op == Op::Metric || op == Op::MetricMissing || op == Op::Window;
}

std::span<const Instruction> code_of(const Plan& plan, RoutineId id) {
  if (id >= plan.routines.size()) return {};
  const Routine& routine = plan.routines[id];
  if (routine.begin > routine.end || routine.end > plan.code.size()) return {};
  return std::span(plan.code).subspan(routine.begin, routine.end - routine.begin);
}

}  // namespace

std::string series_name(std::span<const std::string> label_values) {
  std::string name;
  for (std::size_t i = 0; i < label_values.size(); ++i) {
    if (i > 0) name += ',';
    for (const char c : label_values[i]) {
      if (c == ',' || c == '\\') name += '\\';
      name += c;
    }
  }
  return name;
}

const Value* value_of_series(const Value& sample, std::string_view series) {
  if (sample.kind() != ValueKind::Map) return &sample;
  const Map& all = sample.as_map();
  if (all.size() == 1 && all.front().first == kNoSeries) return &all.front().second;
  const auto found =
      std::ranges::lower_bound(all, series, {}, [](const auto& one) { return std::string_view(one.first); });
  return found != all.end() && found->first == series ? &found->second : nullptr;
}

std::string series_phrase(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNamed = 5;
  const std::size_t shown = std::min(names.size(), kMostNamed);
  std::string phrase =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (names.size() > shown) phrase += fmt::format(" and {} more", names.size() - shown);
  return phrase;
}

bool is_fold(Op op) {
  return op == Op::AnySeries || op == Op::AllSeries || op == Op::CountSeries || op == Op::ShareSeries ||
         op == Op::WhichSeries;
}

Value fold_series(const Instruction& fold, std::span<const SeriesTruth> series) {
  if (series.empty()) return Value::missing("there is no series");
  if (fold.op == Op::WhichSeries) return names_of(series, static_cast<SeriesChoice>(fold.a));
  const Tally all = tally(series);
  if (fold.op == Op::AnySeries) {
    if (all.yes > 0) return Value::boolean(true);
    return all.unknown > 0 ? unknown(all) : Value::boolean(false);
  }
  if (fold.op == Op::AllSeries) {
    if (all.no > 0) return Value::boolean(false);
    return all.unknown > 0 ? unknown(all) : Value::boolean(true);
  }
  const auto counted = count(all, static_cast<SeriesCount>(fold.a));
  if (!counted) return unknown(all);
  if (fold.op == Op::CountSeries) return Value::number(*counted);
  return Value::ratio(*counted / static_cast<double>(series.size()));
}

std::vector<MetricId> metrics_read(const Plan& plan, std::span<const Instruction> code) {
  std::vector<MetricId> metrics;
  const auto add = [&](std::span<const Instruction> instructions) {
    for (const Instruction& one : instructions) {
      if (reads_sample(one.op)) metrics.push_back(one.b);
    }
  };
  add(code);
  for (const Instruction& one : code) {
    if (!is_fold(one.op)) continue;
    metrics.push_back(one.c);
    add(code_of(plan, one.b));
  }
  std::ranges::sort(metrics);
  const auto repeated = std::ranges::unique(metrics);
  metrics.erase(repeated.begin(), repeated.end());
  return metrics;
}

std::vector<MetricId> metrics_read(const Plan& plan, RoutineId routine) {
  return metrics_read(plan, code_of(plan, routine));
}

}  // namespace rollout::plan
