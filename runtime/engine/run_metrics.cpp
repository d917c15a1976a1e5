#include <algorithm>

#include "runtime/engine/run.hpp"

// Polls: which source is asked for what, and how the answers come back to the machine.

namespace rollout::engine {

namespace {

// Answers of one slot that come close together are one event, and one sync.
constexpr Nanoseconds kGatherAnswers = 20'000'000;
constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kDefaultEvery = 15 * kSecond;

Nanoseconds duration_or(const plan::Value& value, Nanoseconds otherwise) {
  return value.kind() == plan::ValueKind::Duration && value.as_integer() > 0 ? value.as_integer() : otherwise;
}

}  // namespace

// What came in for one slot and was not yet told to the machine.
struct Run::SlotAnswers {
  Nanoseconds slot = 0;
  std::size_t pending = 0;
  std::vector<machine::Reading> readings;
  TimerId gathering = 0;
};

const metrics::Source& Run::source(plan::MetricId metric) {
  const auto known = sources_.find(metric);
  if (known != sources_.end()) return known->second;
  const plan::Metric& row = (*plan_)->metrics[metric];
  metrics::Source source;
  source.provider = row.provider;
  for (const plan::Argument& argument : row.configuration) {
    source.configuration.emplace_back(argument.name, machine_.compute(argument.value));
  }
  if (row.every != plan::kNone) source.every = duration_or(machine_.compute(row.every), kDefaultEvery);
  source.stale_after = std::max(3 * source.every, 60 * kSecond);
  if (row.stale_after != plan::kNone)
    source.stale_after = duration_or(machine_.compute(row.stale_after), source.stale_after);
  return sources_.emplace(metric, std::move(source)).first->second;
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
