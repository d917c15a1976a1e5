#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "runtime/machine/core.hpp"
#include "runtime/machine/series.hpp"
#include "runtime/plan/series.hpp"

// The series of grouped metrics. One that was there and is not any more is unknown until it is older than `stale
// after`, so that a crashed instance cannot look healthy; then it is gone, so that a replaced one does not block.

namespace rollout::machine {

using plan::MetricId;

namespace {

auto place_of(std::vector<SeriesState>& all, std::string_view name) {
  return std::ranges::lower_bound(all, name, {}, [](const SeriesState& one) { return std::string_view(one.name); });
}

SeriesState& state_of(std::vector<SeriesState>& all, const std::string& name) {
  auto place = place_of(all, name);
  if (place == all.end() || place->name != name) {
    SeriesState fresh;
    fresh.name = name;
    place = all.insert(place, std::move(fresh));
  }
  return *place;
}

}  // namespace

bool Core::is_grouped(MetricId metric) const {
  return !plan.metrics[metric].by.empty();
}

// What the slot sees of the answer: a map of all series that there are or were just now, or missing with the reason.
Value Core::usable_series(const Wanted& wanted, Nanoseconds slot) {
  if (wanted.reading.series.size() > plan::kMostSeries) {
    return Value::missing(
        fmt::format("the source answered {} series, the most is {}: group by something that has fewer",
                    wanted.reading.series.size(), plan::kMostSeries));
  }
  MetricState& known = state.metrics[wanted.metric];
  const bool was_skewed = std::exchange(known.skewed, false);
  // What is asked behind what is known is no news about the series.
  const bool behind = is_behind(wanted.metric, slot);
  plan::Map sample;
  for (const SeriesReading& series : wanted.reading.series) {
    sample.emplace_back(series.name, usable_value(wanted.metric, series.value, series.sampled_at, slot, was_skewed));
    if (behind) continue;
    SeriesState& one = state_of(known.series, series.name);
    one.seen = std::max(one.seen, slot);
    if (std::exchange(one.vanished, false)) record_series(wanted.metric, one, slot, "is back");
  }
  if (!behind) lose_series(wanted.metric, slot, sample);
  const auto by_name = [](const auto& one) { return std::string_view(one.first); };
  std::ranges::stable_sort(sample, {}, by_name);
  const auto twice = std::ranges::unique(sample, {}, by_name);
  sample.erase(twice.begin(), twice.end());
  const plan::ConstantId absent = plan.metrics[wanted.metric].absent;
  if (sample.empty() && absent < plan.constants.size()) {
    sample.emplace_back(std::string(plan::kNoSeries), plan.constants[absent]);
  }
  return Value::map(std::move(sample));
}

// Adds the series that are known and not in the answer, and forgets those that are gone.
void Core::lose_series(MetricId metric, Nanoseconds slot, plan::Map& sample) {
  std::set<std::string, std::less<>> answered;
  for (const auto& [name, value] : sample) answered.insert(name);
  const Nanoseconds longest = std::max(stale_after(metric), cadence(metric));
  const plan::ConstantId absent = plan.metrics[metric].absent;
  std::erase_if(state.metrics[metric].series, [&](SeriesState& one) {
    if (one.name == plan::kNoSeries) return !answered.empty();
    if (answered.contains(one.name)) return false;
    const Nanoseconds age = between(one.seen, slot);
    if (age > longest) {
      record_series(metric, one, slot, "is gone");
      return true;
    }
    if (!std::exchange(one.vanished, true)) record_series(metric, one, slot, "has vanished");
    sample.emplace_back(one.name, absent < plan.constants.size()
                                      ? plan.constants[absent]
                                      : Value::missing(fmt::format("the series has vanished, it was last there {} ago",
                                                                   plan::duration_text(age))));
    return false;
  });
}

// Keeps the slot's samples of each series for windows.
void Core::keep_series(MetricId metric, const Value& sample, Nanoseconds slot) {
  for (const auto& [name, value] : sample.as_map()) {
    if (value.is_missing()) continue;
    SeriesState& one = state_of(state.metrics[metric].series, name);
    if (!one.samples.empty() && one.samples.back().slot == slot) one.samples.pop_back();
    add_sample(one.samples, {slot, value}, look_back[metric]);
  }
}

// Samples that came too late for their slot count for later ones.
void Core::late_series(const Reading& reading, Nanoseconds slot) {
  for (const SeriesReading& series : reading.series) {
    auto& all = state.metrics[reading.metric].series;
    const auto place = place_of(all, series.name);
    const bool fits = series.value.kind() == plan.metrics[reading.metric].kind;
    if (place == all.end() || place->name != series.name || !fits) continue;
    add_sample(place->samples, {slot, series.value}, look_back[reading.metric]);
  }
}

void Core::record_series(MetricId metric, const SeriesState& series, Nanoseconds slot, std::string_view how) {
  // What changed before the start, where only windows look back, is no news.
  if (slot < state.main().started) return;
  record(RecordKind::SeriesChanged,
         {{"metric", Value::string(plan.metrics[metric].name)},
          {"series", Value::string(series.name)},
          {"slot", Value::instant(slot)},
          {"how", Value::string(std::string(how))}},
         plan.metrics[metric].spot);
}

std::vector<std::string> series_named(const Value& lists) {
  std::vector<std::string> names;
  for (const Value& list : lists.as_list()) {
    for (const Value& name : list.as_list()) names.push_back(name.as_string());
  }
  std::ranges::sort(names);
  const auto twice = std::ranges::unique(names);
  names.erase(twice.begin(), twice.end());
  return names;
}

// The series that speak for a guard in the slot that is decided, onto the record that was just written.
void Core::note_series(RoutineId routine) {
  if (routine == kNone) return;
  plan::List list;
  for (std::string& name : series_named(compute_in_slot(routine))) list.push_back(Value::string(std::move(name)));
  if (!list.empty()) out.records.back().fields.emplace_back("series", Value::list(std::move(list)));
}

}  // namespace rollout::machine
