#include "runtime/scenario/signals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "runtime/plan/recorded_series.hpp"
#include "runtime/plan/series.hpp"

namespace rollout::scenario {

namespace {

using machine::ReadingStatus;
using plan::ValueKind;

// A sample from the future lies this far ahead: further than any cadence that it could be excused by.
constexpr Nanoseconds kFuture = 3'600LL * 1'000'000'000;

bool about(const Signal& signal, const plan::Metric& metric) {
  return signal.series.size() <= metric.by.size() && signal.metric == metric.declaration &&
         arguments_match(signal.arguments, metric.arguments);
}

// The values that can be between two others.
bool is_integer_kind(ValueKind kind) {
  return kind == ValueKind::Duration || kind == ValueKind::Size;
}

// Computed values get twelve digits, so that `ramp` gives 95.5% and not 95.50000000000001%.
double cleaned(double amount) {
  if (amount == 0 || !std::isfinite(amount)) return amount;
  const double scale = std::pow(10, 11 - std::floor(std::log10(std::abs(amount))));
  const double rounded = std::round(amount * scale) / scale;
  return std::isfinite(rounded) ? rounded : amount;
}

Value with_amount(const Value& like, double exact) {
  const double amount = cleaned(exact);
  switch (like.kind()) {
    case ValueKind::Number: return Value::number(amount);
    case ValueKind::Ratio: return Value::ratio(amount);
    case ValueKind::Duration: return Value::duration(std::llround(amount));
    case ValueKind::Size: return Value::size(std::llround(amount));
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return Value::rate(like.kind(), amount);
    case ValueKind::Missing:
    case ValueKind::Bool:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant:
    case ValueKind::String:
    case ValueKind::Enum:
    case ValueKind::List:
    case ValueKind::Map:
    case ValueKind::Secret:
    case ValueKind::Any: break;
  }
  return like;
}

double amount_of(const Value& value) {
  return is_integer_kind(value.kind()) ? static_cast<double>(value.as_integer()) : value.as_double();
}

std::uint64_t mix(std::uint64_t state) {
  state += 0x9e3779b97f4a7c15ULL;
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9ULL;
  state = (state ^ (state >> 27)) * 0x94d049bb133111ebULL;
  return state ^ (state >> 31);
}

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

SignalAnswer value_answer(Value value, Nanoseconds sampled_at) {
  SignalAnswer answer;
  answer.reading.status = ReadingStatus::Value;
  answer.reading.value = std::move(value);
  answer.reading.sampled_at = sampled_at;
  return answer;
}

SignalAnswer no_data() {
  SignalAnswer answer;
  answer.reading.status = ReadingStatus::NoData;
  return answer;
}

Slot::Kind slot_kind(plan::RecordedRow::Kind kind) {
  switch (kind) {
    case plan::RecordedRow::Kind::Value: return Slot::Kind::Value;
    case plan::RecordedRow::Kind::NoData: return Slot::Kind::NoData;
    case plan::RecordedRow::Kind::Error: return Slot::Kind::Error;
  }
  return Slot::Kind::NoData;
}

SignalAnswer failed_poll() {
  SignalAnswer answer;
  answer.reading.status = ReadingStatus::Error;
  answer.reading.error = "the scenario lets this poll fail";
  return answer;
}

std::optional<Value> parse_sample(const std::string& text, const plan::Metric& metric) {
  if (metric.kind == ValueKind::Enum) {
    const auto label = std::find(metric.labels.begin(), metric.labels.end(), text);
    if (label == metric.labels.end()) return std::nullopt;
    return Value::label(text, label - metric.labels.begin());
  }
  if (auto value = plan::parse_literal(text, metric.kind)) return value;
  // Recorded data holds bare numbers, in the metric's own unit.
  const auto number = plan::parse_literal(text, ValueKind::Number);
  if (!number) return std::nullopt;
  const double amount = number->as_double() * metric.scale;
  switch (metric.kind) {
    case ValueKind::Duration: return with_amount(Value::duration(0), amount);
    case ValueKind::Size: return with_amount(Value::size(0), amount);
    case ValueKind::Ratio: return Value::ratio(amount);
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return Value::rate(metric.kind, amount);
    case ValueKind::Bool: return Value::boolean(amount != 0);
    case ValueKind::Number: return Value::number(amount);
    case ValueKind::Missing:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant:
    case ValueKind::String:
    case ValueKind::Enum:
    case ValueKind::List:
    case ValueKind::Map:
    case ValueKind::Secret:
    case ValueKind::Any: break;
  }
  return std::nullopt;
}

}  // namespace

bool arguments_match(const std::optional<ArgumentPattern>& pattern, const std::vector<Value>& arguments) {
  if (!pattern) return true;
  for (std::size_t i = 0; i < pattern->size(); ++i) {
    const auto& wanted = (*pattern)[i];
    if (wanted && (i >= arguments.size() || !(*wanted == arguments[i]))) return false;
  }
  return true;
}

Signals::Signals(const plan::Plan& plan, const Scenario& scenario, const std::string& directory)
    : plan_(plan), scenario_(scenario) {
  for (const Signal& signal : scenario.signals) {
    Line line;
    line.signal = &signal;
    line.span = {signal.from, signal.to, std::nullopt, std::nullopt};
    line.series = plan::series_name(signal.series);
    if (signal.value.kind == SignalValue::Kind::File) load(line, directory);
    if (signal.value.kind == SignalValue::Kind::Ramp && !signal.to)
      problems_.push_back(fmt::format("the ramp of `{}` has no end: write `to POINT` behind it", signal.metric));
    lines_.push_back(std::move(line));
  }
  by_metric_.resize(plan.metrics.size());
  series_.resize(plan.metrics.size());
  for (std::size_t metric = 0; metric < plan.metrics.size(); ++metric) {
    for (std::size_t i = lines_.size(); i-- > 0;) {
      if (!about(*lines_[i].signal, plan.metrics[metric])) continue;
      by_metric_[metric].push_back(i);
      if (!lines_[i].series.empty()) series_[metric].insert(lines_[i].series);
    }
  }
}

void Signals::load(Line& line, const std::string& directory) {
  const std::string& path = line.signal->value.path;
  const std::string full = path.starts_with('/') || directory.empty() ? path : directory + "/" + path;
  std::ifstream file(full, std::ios::binary);
  if (!file) {
    problems_.push_back(fmt::format("`{}` cannot be read: the signal `{}` has no values", full, line.signal->metric));
    return;
  }
  std::ostringstream text;
  text << file.rdbuf();
  const plan::RecordedSeries series = plan::read_recorded_series(text.str());
  for (const std::string& problem : series.problems) problems_.push_back(fmt::format("`{}`: {}", full, problem));
  for (const plan::RecordedRow& row : series.rows) {
    line.rows.push_back({row.relative, row.time, slot_kind(row.kind), row.text});
  }
}

void Signals::resolve(const Points& points) {
  start_ = points.started();
  for (Line& line : lines_) {
    line.span.resolve(points);
    for (const auto& bound : {line.span.from, line.span.to}) last_change_ = std::max(last_change_, bound.value_or(0));
    const Nanoseconds begin = line.span.from.value_or(start_.value_or(0));
    if (line.signal->value.kind == SignalValue::Kind::Slots && start_) {
      Nanoseconds slots = 0;
      for (const Slot& slot : line.signal->value.slots) slots += slot.times;
      last_change_ = std::max(last_change_, begin + slots * line.signal->value.interval);
    }
    if (!line.rows.empty() && start_) {
      const Row& row = line.rows.back();
      last_change_ = std::max(last_change_, row.relative ? *start_ + row.time : row.time);
    }
  }
}

std::optional<SignalAnswer> Signals::read(plan::MetricId metric, Nanoseconds slot) const {
  if (metric >= by_metric_.size() || by_metric_[metric].empty()) return std::nullopt;
  SignalAnswer found = plan_.metrics[metric].by.empty() ? series_answer(metric, {}, slot).value_or(no_data())
                                                        : read_grouped(metric, slot);
  found.reading.metric = metric;
  return found;
}

// What the latest line says that covers the slot and is about the series, or about all of them.
std::optional<SignalAnswer> Signals::series_answer(plan::MetricId metric, const std::string& series,
                                                   Nanoseconds slot) const {
  for (const std::size_t index : by_metric_[metric]) {
    const Line& line = lines_[index];
    if (!line.span.holds_at(slot) || (!line.series.empty() && line.series != series)) continue;
    if (auto found = answer(line, metric, series, slot)) return found;
  }
  return std::nullopt;
}

// The series that have a value. They come from one query, so that it fails or is late for all of them together.
SignalAnswer Signals::read_grouped(plan::MetricId metric, Nanoseconds slot) const {
  SignalAnswer all;
  all.reading.status = ReadingStatus::Value;
  for (const std::string& series : series_[metric]) {
    auto one = series_answer(metric, series, slot);
    if (!one || one->reading.status == ReadingStatus::NoData) continue;
    if (one->reading.status == ReadingStatus::Error) return std::move(*one);
    all.delay = std::max(all.delay, one->delay);
    all.reading.series.push_back({series, std::move(one->reading.value), one->reading.sampled_at});
  }
  return all;
}

std::optional<SignalAnswer> Signals::answer(const Line& line, plan::MetricId metric, const std::string& series,
                                            Nanoseconds slot) const {
  const SignalValue& value = line.signal->value;
  const plan::Metric& declared = plan_.metrics[metric];
  switch (value.kind) {
    case SignalValue::Kind::Constant: return value_answer(value.first, slot);
    case SignalValue::Kind::Missing: return no_data();
    case SignalValue::Kind::Error: return failed_poll();
    case SignalValue::Kind::Ramp: return value_answer(ramp(line, slot), slot);
    case SignalValue::Kind::Noise: return value_answer(noise(line, declared, series, slot), slot);
    case SignalValue::Kind::Slots: return slot_answer(line, slot);
    case SignalValue::Kind::File: return row_answer(line, declared, slot);
    case SignalValue::Kind::Nan: return value_answer(Value::number(std::numeric_limits<double>::quiet_NaN()), slot);
    case SignalValue::Kind::Old: return value_answer(value.first, slot - value.second.as_integer());
    case SignalValue::Kind::Future: return value_answer(value.first, slot + kFuture);
    case SignalValue::Kind::Late: {
      SignalAnswer late = value_answer(value.first, slot);
      late.delay = std::max<Nanoseconds>(0, value.second.as_integer());
      return late;
    }
  }
  return std::nullopt;
}

Value Signals::ramp(const Line& line, Nanoseconds slot) const {
  const Value& from = line.signal->value.first;
  const Value& to = line.signal->value.second;
  const auto begin = line.span.from ? line.span.from : start_;
  if (!begin || !line.span.to || slot <= *begin || *line.span.to <= *begin) return from;
  const double part = static_cast<double>(slot - *begin) / static_cast<double>(*line.span.to - *begin);
  return with_amount(from, amount_of(from) + (amount_of(to) - amount_of(from)) * std::min(part, 1.0));
}

Value Signals::noise(const Line& line, const plan::Metric& metric, const std::string& series, Nanoseconds slot) const {
  std::uint64_t seed = hash_text(scenario_.name) ^ mix(hash_text(metric.declaration));
  if (!series.empty()) seed = mix(seed ^ hash_text(series));
  for (const Value& argument : metric.arguments) seed = mix(seed ^ hash_text(plan::to_literal(argument)));
  const std::uint64_t bits = mix(seed ^ mix(static_cast<std::uint64_t>(slot)));
  const double unit = static_cast<double>(bits >> 11) / static_cast<double>(1ULL << 53);  // [0, 1)
  const Value& center = line.signal->value.first;
  return with_amount(center, amount_of(center) + (2 * unit - 1) * amount_of(line.signal->value.second));
}

std::optional<SignalAnswer> Signals::slot_answer(const Line& line, Nanoseconds slot) const {
  const SignalValue& value = line.signal->value;
  const auto begin = line.span.from ? line.span.from : start_;
  if (!begin || slot < *begin || value.interval <= 0) return std::nullopt;
  auto index = (slot - *begin) / value.interval;
  for (const Slot& one : value.slots) {
    if (index >= one.times) {
      index -= one.times;
      continue;
    }
    switch (one.kind) {
      case Slot::Kind::Value: return value_answer(one.value, slot);
      case Slot::Kind::NoData: return no_data();
      case Slot::Kind::Error: return failed_poll();
    }
  }
  return std::nullopt;
}

// A recorded value holds until the next row; there is none before the first.
SignalAnswer Signals::row_answer(const Line& line, const plan::Metric& metric, Nanoseconds slot) const {
  const auto due = [&](const Row& row) { return row.relative ? start_.value_or(0) + row.time : row.time; };
  const auto after = std::upper_bound(line.rows.begin(), line.rows.end(), slot,
                                      [&](Nanoseconds at, const Row& row) { return at < due(row); });
  if (after == line.rows.begin() || !start_) return no_data();
  const Row& row = *std::prev(after);
  if (row.kind == Slot::Kind::NoData) return no_data();
  if (row.kind == Slot::Kind::Error) return failed_poll();
  if (auto value = parse_sample(row.text, metric)) return value_answer(std::move(*value), slot);
  SignalAnswer bad = failed_poll();
  bad.reading.error =
      fmt::format("`{}` in `{}` is not {}", row.text, line.signal->value.path, plan::kind_name(metric.kind));
  return bad;
}

}  // namespace rollout::scenario
