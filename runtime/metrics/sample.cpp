#include "runtime/metrics/sample.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "runtime/executors/text.hpp"

namespace rollout::metrics {

namespace {

using machine::Reading;
using plan::Metric;
using plan::Value;
using plan::ValueKind;

// A whole number of nanoseconds or bytes; beyond the range (infinity above all) the largest there is.
std::int64_t whole(double value) {
  constexpr double kLimit = 9.2e18;
  if (value >= kLimit) return std::numeric_limits<std::int64_t>::max();
  if (value <= -kLimit) return std::numeric_limits<std::int64_t>::min() + 1;
  return std::llround(value);
}

std::string shown(const Sample& sample) {
  return sample.number ? fmt::format("{}", *sample.number)
                       : fmt::format("\"{}\"", executors::printable(sample.text, 60));
}

std::optional<Value> label_of(const Metric& metric, const Sample& sample) {
  for (std::size_t index = 0; index < metric.labels.size() && index < metric.label_values.size(); ++index) {
    const Value& expected = metric.label_values[index];
    const bool same = expected.kind() == ValueKind::String
                          ? !sample.number && executors::trimmed(sample.text) == expected.as_string()
                          : sample.number && *sample.number == expected.as_double();
    if (same) return Value::label(metric.labels[index], static_cast<std::int64_t>(index));
  }
  return std::nullopt;
}

std::optional<Value> bool_of(const Sample& sample) {
  if (sample.number) return Value::boolean(*sample.number != 0);
  const std::string_view text = executors::trimmed(sample.text);
  if (text == "true" || text == "false") return Value::boolean(text == "true");
  return std::nullopt;
}

std::optional<Value> quantity_of(ValueKind kind, double number) {
  switch (kind) {
    case ValueKind::Number: return Value::number(number);
    case ValueKind::Ratio: return Value::ratio(number);
    case ValueKind::Duration: return Value::duration(whole(number));
    case ValueKind::Size: return Value::size(whole(number));
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return Value::rate(kind, number);
    case ValueKind::TimeOfDay: return Value::time_of_day(whole(number));
    case ValueKind::Instant: return Value::instant(whole(number));
    case ValueKind::Missing:
    case ValueKind::Bool:
    case ValueKind::String:
    case ValueKind::Enum:
    case ValueKind::List:
    case ValueKind::Map:
    case ValueKind::Secret:
    case ValueKind::Any: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Value> value_of(const Metric& metric, Sample sample) {
  if (sample.number && std::isnan(*sample.number)) return Value::number(*sample.number);
  if (metric.kind == ValueKind::String)
    return Value::string(sample.number ? fmt::format("{}", *sample.number) : sample.text);
  if (metric.kind == ValueKind::Enum) {
    if (auto label = label_of(metric, sample)) return label;
    // A number that was answered as a text, and a text that happens to be a number.
    if (!sample.number) sample.number = parse_number(sample.text);
    return label_of(metric, sample);
  }
  if (metric.kind == ValueKind::Bool) return bool_of(sample);
  if (!sample.number) sample.number = parse_number(sample.text);
  // A text with its unit, as in a file: `250ms`.
  if (!sample.number) return plan::parse_literal(executors::trimmed(sample.text), metric.kind);
  if (std::isnan(*sample.number)) return Value::number(*sample.number);
  return quantity_of(metric.kind, *sample.number * metric.scale);
}

std::string misfit(const Metric& metric, const Sample& sample) {
  if (metric.kind != ValueKind::Enum) {
    return fmt::format("the source answered {}, which is not {}", shown(sample), plan::kind_name(metric.kind));
  }
  return fmt::format("the source answered {}, which is none of the labels of `{}`", shown(sample), metric.name);
}

machine::SeriesReading to_series_reading(const Metric& metric, const SeriesSample& series) {
  const Sample sample = Sample::of_number(series.number);
  const auto value = value_of(metric, sample);
  return {series.name, value ? *value : Value::missing(misfit(metric, sample)), series.sampled_at};
}

}  // namespace

Sample Sample::of_number(double number) {
  return {ReadingStatus::Value, number, {}, {}, {}, {}};
}
Sample Sample::of_text(std::string text) {
  return {ReadingStatus::Value, {}, std::move(text), {}, {}, {}};
}
Sample Sample::failed(std::string error) {
  return {ReadingStatus::Error, {}, {}, {}, std::move(error), {}};
}
Sample Sample::no_past() {
  return {ReadingStatus::NoPast, {}, {}, {}, {}, {}};
}

std::optional<double> parse_number(std::string_view text) {
  text = executors::trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Reading to_reading(plan::MetricId id, const Metric& metric, const Sample& sample) {
  Reading reading;
  reading.metric = id;
  reading.status = sample.status;
  reading.sampled_at = sample.sampled_at;
  reading.error = sample.error;
  if (sample.status != ReadingStatus::Value) return reading;
  if (!metric.by.empty()) {
    for (const SeriesSample& series : sample.series) reading.series.push_back(to_series_reading(metric, series));
    return reading;
  }
  if (auto value = value_of(metric, sample)) {
    reading.value = std::move(*value);
    return reading;
  }
  reading.status = ReadingStatus::Error;
  reading.error = misfit(metric, sample);
  return reading;
}

}  // namespace rollout::metrics
