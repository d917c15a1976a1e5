#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/machine/series.hpp"

// Samples from before the start: windows look back on them, and baselines are their means. Until they are there nothing
// is decided. A source without a past leaves them out.

namespace rollout::machine {

using plan::MetricId;

namespace {

// Longer stretches are asked for in larger steps: a mean is no better for more.
constexpr Nanoseconds kMostSlots = 120;

}  // namespace

bool is_complete(const SlotPoll& poll) {
  return std::ranges::all_of(poll.wanted, &Wanted::answered);
}

void Core::ask_past() {
  const Nanoseconds baseline_over = duration_or(plan.rollout.baseline_over, nullptr, 0);
  for (MetricId metric = 0; metric < plan.metrics.size(); ++metric) {
    const bool baseline = takes_baseline[metric] && plan.metrics[metric].baseline == kNone;
    ask_past(metric, std::max(look_back[metric], baseline ? baseline_over : 0));
  }
}

void Core::ask_past(MetricId metric, Nanoseconds reach) {
  const Nanoseconds step = std::max(cadence(metric), reach / kMostSlots);
  // The end of the stretch belongs to the first slot of the guards.
  for (Nanoseconds back = step; back < reach; back = later(back, step)) {
    want(state.past, 0, between(back, state.now), {metric});
  }
}

bool Core::decide_past() {
  if (state.past.empty()) return false;
  const auto open = [&](const SlotPoll& poll) { return !is_complete(poll) && poll.deadline > state.now; };
  if (std::ranges::any_of(state.past, open)) return false;
  std::vector<std::uint64_t> unanswered;
  for (SlotPoll& poll : state.past) {
    for (const Wanted& wanted : poll.wanted) {
      if (wanted.task != 0 && !wanted.answered) unanswered.push_back(wanted.task);
    }
    accept(poll);
  }
  const Nanoseconds over = duration_or(plan.rollout.baseline_over, nullptr, 0);
  for (MetricId metric = 0; metric < plan.metrics.size(); ++metric) {
    if (takes_baseline[metric] && plan.metrics[metric].baseline == kNone) take_baseline(metric, over);
  }
  state.past.clear();
  for (const std::uint64_t task : unanswered) kill(task);
  return true;
}

// The metric's mean over that time before the start, taken once.
void Core::take_baseline(MetricId metric, Nanoseconds over) {
  std::vector<Sample> samples;
  for (const SlotPoll& poll : state.past) {
    for (const Wanted& wanted : poll.wanted) {
      if (wanted.metric == metric && !wanted.value.is_missing()) samples.push_back({poll.slot, wanted.value});
    }
  }
  Value& baseline = state.metrics[metric].baseline;
  baseline = samples.empty() ? Value::missing("the source told nothing about the time before the start")
                             : aggregate_samples(samples, plan::Aggregate::Average, over, state.started);
  record(RecordKind::ValueBound,
         {{"name", Value::string("baseline(" + plan.metrics[metric].name + ")")}, {"value", baseline}},
         plan.metrics[metric].spot);
}

}  // namespace rollout::machine
