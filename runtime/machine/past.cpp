#include <algorithm>
#include <map>

#include "runtime/machine/core.hpp"
#include "runtime/machine/series.hpp"

// Samples from before the start: windows look back on them, and baselines are their means. Until they are there nothing
// is decided. A source without a past leaves them out.

namespace rollout::machine {

using plan::MetricId;

namespace {

// Longer stretches are asked for in larger steps: the mean of a baseline is no better for more, but a window is to find
// each sample that its sum or count is made of.
constexpr Nanoseconds kSlotsOfBaseline = 120;
constexpr Nanoseconds kMostSlots = 5'760;

}  // namespace

bool is_complete(const SlotPoll& poll) {
  return std::ranges::all_of(poll.wanted, &Wanted::answered);
}

void Core::ask_past(RolloutId id) {
  const Acting for_it(*this, id);
  RolloutRun& run = state.rollouts[id];
  const Nanoseconds baseline_over = duration_or(row(id).baseline_over, nullptr, 0);
  run.takes_baselines = baseline_over > 0;
  for (MetricId metric = 0; metric < plan.metrics.size(); ++metric) {
    const bool baseline = takes_baseline[metric] && plan.metrics[metric].baseline == kNone;
    // What a rollout around it has measured already has its past.
    if (!state.metrics[metric].decided) ask_past(metric, look_back[metric], kMostSlots);
    if (baseline) ask_past(metric, baseline_over, kSlotsOfBaseline);
  }
}

void Core::ask_past(MetricId metric, Nanoseconds reach, Nanoseconds most_slots) {
  if (reach <= 0) return;
  const Nanoseconds step = std::max(state.metrics[metric].every, reach / most_slots);
  // Oldest first. The end of the stretch belongs to the first slot of the guards.
  for (Nanoseconds count = (reach - 1) / step; count > 0; --count) {
    want(state.past, 0, between(count * step, state.now), {metric});
  }
}

bool Core::decide_past() {
  if (state.past.empty()) return false;
  if (!std::ranges::all_of(state.past, is_complete)) return false;
  for (SlotPoll& poll : state.past) accept(poll);
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) {
    if (!std::exchange(state.rollouts[id].takes_baselines, false)) continue;
    for (MetricId metric = 0; metric < plan.metrics.size(); ++metric) {
      if (takes_baseline[metric] && plan.metrics[metric].baseline == kNone) take_baseline(id, metric);
    }
  }
  state.past.clear();
  return true;
}

// The metric's mean over that time before the start, taken once; of a grouped metric, each series' own.
void Core::take_baseline(RolloutId id, MetricId metric) {
  const Acting for_it(*this, id);
  const Nanoseconds over = duration_or(row(id).baseline_over, nullptr, 0);
  std::map<std::string, std::vector<Sample>> by_series;
  const std::string only;
  for (const SlotPoll& poll : state.past) {
    for (const Wanted& wanted : poll.wanted) {
      if (wanted.metric != metric || wanted.value.is_missing()) continue;
      if (!is_grouped(metric)) by_series[only].push_back({poll.slot, wanted.value});
      for (const auto& [name, value] : wanted.value.as_map()) {
        if (!value.is_missing()) by_series[name].push_back({poll.slot, value});
      }
    }
  }
  Value& baseline = state.rollouts[id].baselines[metric];
  baseline = Value::missing("the source told nothing about the time before the start");
  const WindowQuestion mean{plan::Aggregate::Average, over, 0};
  plan::Map means;
  for (const auto& [name, samples] : by_series) {
    means.emplace_back(name, aggregate_samples(samples, mean, state.rollouts[id].started, 0));
  }
  if (!means.empty()) baseline = is_grouped(metric) ? Value::map(std::move(means)) : means.front().second;
  record(RecordKind::ValueBound,
         {{"name", Value::string("baseline(" + plan.metrics[metric].name + ")")}, {"value", baseline}},
         plan.metrics[metric].spot);
}

}  // namespace rollout::machine
