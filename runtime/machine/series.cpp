#include "runtime/machine/series.hpp"

#include <algorithm>
#include <cmath>
#include <ranges>

namespace rollout::machine {

using plan::Aggregate;
using plan::ValueKind;

namespace {

constexpr std::size_t kMostSamples = 20'000;

bool is_integer_kind(ValueKind kind) {
  return kind == ValueKind::Duration || kind == ValueKind::Size;
}

double magnitude(const Value& value) {
  if (value.kind() == ValueKind::Bool) return value.as_bool() ? 1 : 0;
  return is_integer_kind(value.kind()) ? static_cast<double>(value.as_integer()) : value.as_double();
}

Value of_kind(ValueKind kind, double amount) {
  if (is_integer_kind(kind)) {
    if (!(std::abs(amount) < 9.2e18)) return Value::missing("the result is out of range");
    const auto whole = static_cast<std::int64_t>(std::llround(amount));
    return kind == ValueKind::Duration ? Value::duration(whole) : Value::size(whole);
  }
  if (kind == ValueKind::Ratio) return Value::ratio(amount);
  if (kind == ValueKind::NumberRate || kind == ValueKind::RatioRate || kind == ValueKind::SizeRate) {
    return Value::rate(kind, amount);
  }
  return Value::number(amount);
}

Value rate_of(ValueKind kind, double change, Nanoseconds time) {
  const double seconds = static_cast<double>(time) / 1e9;
  if (kind == ValueKind::Ratio) return Value::rate(ValueKind::RatioRate, change / seconds);
  if (kind == ValueKind::Size) return Value::rate(ValueKind::SizeRate, change / seconds);
  if (kind == ValueKind::Duration) return Value::number(change / static_cast<double>(time));
  return Value::rate(ValueKind::NumberRate, change / seconds);
}

}  // namespace

void add_sample(std::vector<Sample>& samples, Sample sample, Nanoseconds reach) {
  // Counted from its own slot: a late sample of a later one may be there already.
  const Nanoseconds oldest = later(sample.slot, reach == kNever ? -kNever : -reach);
  const auto place = std::ranges::upper_bound(samples, sample.slot, {}, &Sample::slot);
  samples.insert(place, std::move(sample));
  const auto keep = std::ranges::find_if(samples, [&](const Sample& known) { return known.slot >= oldest; });
  const auto too_many = samples.end() - static_cast<std::ptrdiff_t>(std::min(samples.size(), kMostSamples));
  samples.erase(samples.begin(), std::max(keep, too_many));
}

namespace {

// Newest first.
std::vector<const Sample*> samples_within(const std::vector<Sample>& samples, Nanoseconds window, Nanoseconds slot,
                                          Nanoseconds spacing) {
  std::vector<const Sample*> within;
  for (const Sample& sample : samples | std::views::reverse) {
    if (sample.slot > slot) continue;
    if (between(sample.slot, slot) >= window) break;
    if (within.empty() || between(sample.slot, within.back()->slot) >= spacing) within.push_back(&sample);
  }
  return within;
}

// `within` is not empty.
Value quantile(std::vector<const Sample*> within, double fraction) {
  if (!(fraction >= 0 && fraction <= 1)) return Value::missing("a quantile is a share between 0% and 100%");
  std::ranges::sort(within, {}, [](const Sample* sample) { return magnitude(sample->value); });
  const double rank = std::ceil(fraction * static_cast<double>(within.size()));
  const auto place = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return within[std::min(place, within.size() - 1)]->value;
}

// How much it changed from the oldest to the newest, in their time.
Value rate(const std::vector<const Sample*>& within) {
  const Sample& newest = *within.front();
  const Sample& oldest = *within.back();
  const Nanoseconds time = between(oldest.slot, newest.slot);
  if (time <= 0) return Value::missing("a rate needs two samples within the window");
  return rate_of(newest.value.kind(), magnitude(newest.value) - magnitude(oldest.value), time);
}

}  // namespace

Value aggregate_samples(const std::vector<Sample>& samples, const WindowQuestion& question, Nanoseconds slot,
                        Nanoseconds spacing) {
  const std::vector<const Sample*> within = samples_within(samples, question.length, slot, spacing);
  if (question.kind == Aggregate::Count) return Value::number(static_cast<double>(within.size()));
  if (within.empty()) return Value::missing("no sample within the window");
  if (question.kind == Aggregate::Quantile) return quantile(within, question.fraction);
  if (question.kind == Aggregate::Rate) return rate(within);
  const ValueKind unit = within.front()->value.kind();
  double sum = 0, least = magnitude(within.front()->value), most = least;
  // Oldest first, so that sums are the same whoever adds them up.
  for (const Sample* sample : within | std::views::reverse) {
    const double amount = magnitude(sample->value);
    sum += amount;
    least = std::min(least, amount);
    most = std::max(most, amount);
  }
  if (question.kind == Aggregate::Average) return of_kind(unit, sum / static_cast<double>(within.size()));
  if (question.kind == Aggregate::Sum) return of_kind(unit, sum);
  return of_kind(unit, question.kind == Aggregate::Minimum ? least : most);
}

}  // namespace rollout::machine
