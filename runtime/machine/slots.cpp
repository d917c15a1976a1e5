#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/machine/core.hpp"
#include "runtime/machine/sampling.hpp"
#include "runtime/machine/series.hpp"

// Slots: asking for samples when they are due, and deciding them in order. Nothing moves forward past an undecided one.

namespace rollout::machine {

using plan::MetricId;
using plan::MetricProvider;
using plan::ValueKind;

namespace {

// After a long stop the missed slots are asked for a few at a time.
constexpr Nanoseconds kSlotsAhead = 32;
// Of each metric: what comes later than so many other late answers is nobody's.
constexpr std::size_t kMostLate = 8;

bool is_measured_here(const plan::Metric& metric) {
  return metric.provider == MetricProvider::Probe || metric.provider == MetricProvider::Check ||
         metric.provider == MetricProvider::Source;
}

}  // namespace

Nanoseconds Core::next_slot() const {
  Nanoseconds first = kNever;
  for (const auto& [id, scope] : state.scopes) {
    for (const GuardRun& run : scope.guards) first = std::min(first, run.next);
  }
  for (const auto& [id, run] : state.holds) first = std::min(first, hold_slot(run));
  return first;
}

bool Core::undecided() const {
  return next_slot() <= state.now;
}

void Core::register_slots(Nanoseconds first) {
  if (first > state.now) return;
  Nanoseconds shortest = kNever;
  for (const auto& [id, scope] : state.scopes) {
    for (const GuardRun& run : scope.guards) shortest = std::min(shortest, run.interval);
  }
  const Nanoseconds ahead = shortest == kNever ? 0 : later(0, std::min(shortest, kNever / kSlotsAhead) * kSlotsAhead);
  const Nanoseconds horizon = std::min(state.now, later(first, ahead));
  for (auto& [id, scope] : state.scopes) {
    for (GuardRun& run : scope.guards) {
      for (run.asked = std::max(run.asked, run.next); run.asked <= horizon; run.asked = slot_after(run, run.asked)) {
        want(state.slots, 0, run.asked, plan.guards[run.guard].metrics);
        if (run.asked == kNever) break;  // gcov-exclude-branch: at the end of time, which no run reaches
      }
    }
  }
  for (const auto& [id, run] : state.holds) {
    const Nanoseconds slot = hold_slot(run);
    if (slot > horizon) continue;
    std::vector<MetricId> metrics;
    for (const plan::HoldCondition& condition : plan.holds[run.hold].until) {
      metrics.insert(metrics.end(), condition.metrics.begin(), condition.metrics.end());
    }
    want(state.slots, 0, slot, metrics);
  }
}

void Core::want(std::vector<SlotPoll>& polls, std::uint64_t task, Nanoseconds slot,
                const std::vector<MetricId>& metrics) {
  auto place = std::ranges::lower_bound(polls, slot, {}, &SlotPoll::slot);
  while (place != polls.end() && place->slot == slot && place->task != task) ++place;
  if (place == polls.end() || place->slot != slot) {
    SlotPoll poll;
    poll.slot = slot;
    poll.task = task;
    place = polls.insert(place, std::move(poll));
  }
  std::vector<MetricId> fresh;
  for (const MetricId metric : metrics) {
    const auto known = std::ranges::lower_bound(place->wanted, metric, {}, &Wanted::metric);
    if (known != place->wanted.end() && known->metric == metric) continue;
    Wanted wanted;
    wanted.metric = metric;
    const MetricState& newest = state.metrics[metric];
    // A scripted world may have changed at this very instant, by a stage that was entered in it.
    if (newest.decided && newest.slot == slot && !state.scripted_world) {
      wanted.answered = wanted.reused = true;
      wanted.value = newest.value;
    } else {
      fresh.push_back(metric);
    }
    place->wanted.insert(known, std::move(wanted));
  }
  if (!fresh.empty()) ask(*place, fresh);
}

// Sends one Poll for what the sources answer, and starts the checks whose answers the machine finds out itself.
void Core::ask(SlotPoll& poll, const std::vector<MetricId>& metrics) {
  Poll request;
  request.slot = poll.slot;
  for (Wanted& wanted : poll.wanted) {
    if (wanted.answered || std::ranges::find(metrics, wanted.metric) == metrics.end()) continue;
    wanted.due = later(state.now, answer_within(wanted.metric));
    request.deadline = std::max(request.deadline, wanted.due);
    if (state.scripted_world || !is_measured_here(plan.metrics[wanted.metric])) {
      request.metrics.push_back(wanted.metric);
    } else {
      queue_check(wanted, poll.slot);
    }
  }
  std::ranges::sort(request.metrics);
  if (!request.metrics.empty()) out.requests.emplace_back(std::move(request));
}

void Core::samples_arrived(const Samples& samples) {
  for (const Reading& reading : samples.readings) {
    if (heard_late(reading, samples.slot)) continue;
    for (std::vector<SlotPoll>* polls : {&state.past, &state.slots, &state.inquiries}) {
      for (SlotPoll& poll : *polls) {
        if (poll.slot != samples.slot || poll.decided) continue;
        for (Wanted& wanted : poll.wanted) {
          if (wanted.metric != reading.metric || wanted.task != 0) continue;
          if (!wanted.answered) wanted.reading = reading;
          wanted.answered = true;
        }
      }
    }
  }
}

// An answer to what was given up: it decides nothing any more, but the windows of later slots hold it.
bool Core::heard_late(const Reading& reading, Nanoseconds slot) {
  if (reading.metric >= state.metrics.size()) return false;
  MetricState& known = state.metrics[reading.metric];
  const auto late = std::ranges::find(known.late_slots, slot);
  if (late == known.late_slots.end()) return false;
  known.late_slots.erase(late);
  record(RecordKind::SampleLate, {{"metric", Value::string(plan.metrics[reading.metric].name)},
                                  {"slot", Value::instant(slot)},
                                  {"delay", Value::duration(between(slot, state.now))}});
  if (is_grouped(reading.metric)) {
    if (look_back[reading.metric] > 0) late_series(reading, slot);
    return true;
  }
  Wanted heard;
  heard.metric = reading.metric;
  heard.answered = true;
  heard.reading = reading;
  const Value value = usable(heard, slot);
  if (!value.is_missing() && look_back[reading.metric] > 0) {
    // Earlier slots may wait still: nothing that they look back on is dropped for it.
    add_sample(known.samples, {slot, value}, kNever);
  }
  return true;
}

// What has had no answer for as long as it may take is unknown from then on, each metric by its own time.
void Core::give_up_on_answers(Nanoseconds until) {
  std::vector<std::uint64_t> unanswered;
  for (std::vector<SlotPoll>* polls : {&state.past, &state.slots, &state.inquiries}) {
    for (SlotPoll& poll : *polls) {
      for (Wanted& wanted : poll.wanted) {
        if (wanted.answered || wanted.due > until) continue;
        wanted.answered = true;
        wanted.reading = Reading{wanted.metric, ReadingStatus::Error, {}, {}, "no answer in time"};
        if (wanted.task != 0) unanswered.push_back(wanted.task);
        // Nobody answers late to what the machine measures itself.
        if (wanted.task != 0 || std::exchange(wanted.queued, false)) continue;
        std::vector<Nanoseconds>& late = state.metrics[wanted.metric].late_slots;
        if (late.size() == kMostLate) late.erase(late.begin());
        late.push_back(poll.slot);
      }
    }
  }
  for (const std::uint64_t task : unanswered) kill(task);
}

// A check that the machine ran for a slot has ended; nothing: it could not be asked.
void Core::check_answered(Task& task, std::optional<bool> passed, const std::string& error) {
  for (std::vector<SlotPoll>* polls : {&state.past, &state.slots, &state.inquiries}) {
    for (SlotPoll& poll : *polls) {
      for (Wanted& wanted : poll.wanted) {
        if (wanted.task != task.id) continue;
        wanted.answered = true;
        if (plan.metrics[wanted.metric].provider == MetricProvider::Source) {
          wanted.reading = source_reading(task, poll.slot, passed.value_or(false), error);
          continue;
        }
        wanted.reading = Reading{wanted.metric, passed ? ReadingStatus::Value : ReadingStatus::Error, {}, {}, error};
        if (plan.metrics[wanted.metric].provider == MetricProvider::Check) {
          if (passed) wanted.reading.value = Value::boolean(*passed);
          continue;
        }
        MetricState& known = state.metrics[wanted.metric];
        if (passed) add_sample(known.passes, {poll.slot, Value::boolean(*passed)}, known.over);
        wanted.reading.value = probe_share(wanted.metric, poll.slot);
        if (!wanted.reading.value.is_missing()) wanted.reading.status = ReadingStatus::Value;
      }
    }
  }
}

Value Core::probe_share(MetricId metric, Nanoseconds slot) const {
  double all = 0, passes = 0;
  for (const Sample& pass : state.metrics[metric].passes) {
    if (between(pass.slot, slot) >= state.metrics[metric].over) continue;
    ++all;
    if (pass.value.as_bool()) ++passes;
  }
  return all > 0 ? Value::ratio(passes / all) : Value::missing("its check could not be asked");
}

bool Core::decide_next_slot(Nanoseconds slot) {
  if (slot > state.now || !state.past.empty()) return false;
  const auto poll = std::ranges::find(state.slots, slot, &SlotPoll::slot);
  if (poll != state.slots.end() && !is_complete(*poll)) return false;
  decide_slot(slot);
  return true;
}

void Core::decide_slot(Nanoseconds slot) {
  SlotPoll poll;
  std::vector<std::uint64_t> unanswered;
  for (SlotPoll& candidate : state.slots) {
    if (candidate.slot > slot) continue;
    for (const Wanted& wanted : candidate.wanted) {
      if (wanted.task != 0 && !wanted.answered) unanswered.push_back(wanted.task);
    }
    if (candidate.slot == slot) poll = std::move(candidate);
  }
  std::erase_if(state.slots, [&](const SlotPoll& candidate) { return candidate.slot <= slot; });
  poll.slot = slot;
  for (const std::uint64_t task : unanswered) kill(task);
  accept(poll);
  slot_values.assign(plan.metrics.size(), nullptr);
  for (const Wanted& wanted : poll.wanted) slot_values[wanted.metric] = &wanted.value;
  slot_sight = Sight{this, nullptr, slot, true};
  slot_environment = environment(slot_sight);
  evaluate_guards(slot);
  evaluate_holds(slot);
  slot_values.clear();
}

// Asked for the baseline of a child: the samples of the run are further on.
bool Core::is_behind(MetricId metric, Nanoseconds slot) const {
  return state.metrics[metric].decided && slot < state.metrics[metric].slot;
}

void Core::accept(SlotPoll& poll) {
  for (Wanted& wanted : poll.wanted) {
    if (wanted.reused) continue;
    wanted.value = usable(wanted, poll.slot);
    if (is_behind(wanted.metric, poll.slot)) continue;
    MetricState& known = state.metrics[wanted.metric];
    known.decided = true;
    known.slot = poll.slot;
    known.value = wanted.value;
    if (is_grouped(wanted.metric)) {
      if (look_back[wanted.metric] > 0) keep_series(wanted.metric, wanted.value, poll.slot);
      continue;
    }
    // Nothing known is taken back: an answer that came too late for this slot may be there already.
    if (!wanted.value.is_missing() && look_back[wanted.metric] > 0) {
      if (!known.samples.empty() && known.samples.back().slot == poll.slot) known.samples.pop_back();
      add_sample(known.samples, {poll.slot, wanted.value}, look_back[wanted.metric]);
    }
  }
}

// What the slot sees of a reading: a value that can be relied on, or missing with the reason.
Value Core::usable(const Wanted& wanted, Nanoseconds slot) {
  const plan::Metric& metric = plan.metrics[wanted.metric];
  const Reading& reading = wanted.reading;
  if (reading.status == ReadingStatus::Error) {
    state.metrics[wanted.metric].skewed = false;
    return Value::missing(reading.error.empty() ? "the source failed" : reading.error);
  }
  if (reading.status == ReadingStatus::NoPast) return Value::missing("the source cannot answer for the past");
  if (is_grouped(wanted.metric)) return usable_series(wanted, slot);
  const bool was_skewed = std::exchange(state.metrics[wanted.metric].skewed, false);
  if (reading.status == ReadingStatus::Value) {
    return usable_value(wanted.metric, reading.value, reading.sampled_at, slot, was_skewed);
  }
  return metric.absent < plan.constants.size() ? plan.constants[metric.absent]
                                               : Value::missing("the source has no data");
}

Value Core::usable_value(MetricId id, const Value& value, std::optional<Nanoseconds> sampled_at, Nanoseconds slot,
                         bool was_skewed) {
  const plan::Metric& metric = plan.metrics[id];
  if (value.is_missing()) return value.as_string().empty() ? Value::missing("the source has no data") : value;
  if (std::isnan(value.as_double())) return Value::missing("the source answered NaN");
  if (metric.kind != ValueKind::Any && value.kind() != metric.kind) {
    return Value::missing("the source answered " + std::string(plan::kind_name(value.kind())) +
                          " where the metric is " + std::string(plan::kind_name(metric.kind)));
  }
  if (!sampled_at) return value;
  const Nanoseconds age = between(*sampled_at, slot);
  if (age > stale_after(id)) return Value::missing("the newest sample is " + plan::duration_text(age) + " old");
  if (age >= -state.metrics[id].every) return value;
  const Nanoseconds ahead = between(slot, *sampled_at);
  const bool told = std::exchange(state.metrics[id].skewed, true) || was_skewed;
  if (!told) {
    record(RecordKind::ClockSkew,
           {{"metric", Value::string(metric.name)}, {"slot", Value::instant(slot)}, {"ahead", Value::duration(ahead)}});
  }
  return Value::missing("the newest sample is " + plan::duration_text(ahead) + " ahead of the clock");
}

bool Core::decide_inquiry() {
  for (std::size_t index = 0; index < state.inquiries.size(); ++index) {
    SlotPoll& poll = state.inquiries[index];
    if (poll.decided || !is_complete(poll)) continue;
    poll.decided = true;
    accept(poll);
    Task* task = find_task(poll.task);
    // A task takes its inquiry with it when it ends or is stopped.
    if (task && task->wait == Wait::Samples) task->wait = Wait::Ready;  // gcov-exclude-branch: it is there and waits
    return true;
  }
  return false;
}

// After a restart: what was asked for and not answered is asked for again.
void Core::ask_again() {
  for (std::vector<SlotPoll>* polls : {&state.past, &state.slots, &state.inquiries}) {
    for (SlotPoll& poll : *polls) {
      if (poll.decided) continue;
      Poll request;
      request.slot = poll.slot;
      for (Wanted& wanted : poll.wanted) {
        if (wanted.answered) continue;
        wanted.due = later(state.now, answer_within(wanted.metric));
        if (wanted.task != 0 || wanted.queued) continue;
        request.metrics.push_back(wanted.metric);
        request.deadline = std::max(request.deadline, wanted.due);
      }
      if (!request.metrics.empty()) out.requests.emplace_back(std::move(request));
    }
  }
}

}  // namespace rollout::machine
