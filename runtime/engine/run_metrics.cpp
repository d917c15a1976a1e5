#include <algorithm>

#include "runtime/engine/run.hpp"

// Polls: which source is asked for what, and how the answers come back to the machine.

namespace rollout::engine {

namespace {

// Answers of one slot that come close together are one event, and one sync.
constexpr Nanoseconds kGatherAnswers = 20'000'000;

}  // namespace

// What came in for one slot and was not yet told to the machine.
struct Run::SlotAnswers {
  Nanoseconds slot = 0;
  std::size_t pending = 0;
  std::vector<machine::Reading> readings;
  TimerId gathering = 0;
};

// The configuration is computed once; how often it is asked, and how old an answer may be, changes with `sample`.
const metrics::Source& Run::source(plan::MetricId metric) {
  auto known = sources_.find(metric);
  if (known == sources_.end()) {
    const plan::Metric& row = (*plan_)->metrics[metric];
    metrics::Source source;
    source.provider = row.provider;
    source.by = row.by;
    for (const plan::Argument& argument : row.configuration) {
      source.configuration.emplace_back(argument.name, machine_.compute(argument.value));
    }
    known = sources_.emplace(metric, std::move(source)).first;
  }
  known->second.every = machine_.cadence(metric);
  known->second.stale_after = machine_.stale_after(metric);
  return known->second;
}

void Run::poll(const std::vector<machine::Poll>& polls) {
  struct Wanted {
    std::vector<Nanoseconds> slots;
    Nanoseconds deadline = 0;
  };
  std::map<plan::MetricId, Wanted> wanted;
  std::map<Nanoseconds, std::shared_ptr<SlotAnswers>> by_slot;
  for (const machine::Poll& asked : polls) {
    auto& answers = by_slot[asked.slot];
    if (!answers) answers = std::make_shared<SlotAnswers>();
    answers->slot = asked.slot;
    for (const plan::MetricId metric : asked.metrics) {
      Wanted& metric_wanted = wanted[metric];
      metric_wanted.deadline = std::max(metric_wanted.deadline, asked.deadline);
      if (std::find(metric_wanted.slots.begin(), metric_wanted.slots.end(), asked.slot) != metric_wanted.slots.end())
        continue;
      metric_wanted.slots.push_back(asked.slot);
      ++answers->pending;
    }
  }
  for (const auto& [metric, metric_wanted] : wanted) {
    around_.metrics.read(
        source(metric), secrets_, metric_wanted.slots, metric_wanted.deadline,
        [weak = weak_from_this(), by_slot, id = metric](Nanoseconds slot, const metrics::Sample& sample) {
          const auto self = weak.lock();
          const auto answers = by_slot.find(slot);
          if (!self || answers == by_slot.end()) return;
          answers->second->readings.push_back(metrics::to_reading(id, (*self->plan_)->metrics[id], sample));
          --answers->second->pending;
          self->deliver(answers->second);
        });
  }
}

void Run::deliver(const std::shared_ptr<SlotAnswers>& answers) {
  if (answers->gathering != 0 && answers->pending > 0) return;
  around_.scheduler.cancel(answers->gathering);
  const Nanoseconds due = around_.scheduler.now() + (answers->pending > 0 ? kGatherAnswers : 0);
  answers->gathering = around_.scheduler.at(due, [weak = weak_from_this(), answers] {
    answers->gathering = 0;
    machine::Samples samples;
    samples.slot = answers->slot;
    samples.readings = std::exchange(answers->readings, {});
    std::sort(samples.readings.begin(), samples.readings.end(),
              [](const machine::Reading& left, const machine::Reading& right) { return left.metric < right.metric; });
    if (const auto self = weak.lock()) self->feed(std::move(samples));
  });
}

}  // namespace rollout::engine
