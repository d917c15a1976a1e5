#include <fmt/format.h>

#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/machine/sampling.hpp"
#include "runtime/plan/series.hpp"

// Holds: waiting while the guards watch. Their slots are those of their conditions' metrics, and their two bounds.

namespace rollout::machine {

using plan::Hold;
using plan::HoldCondition;

namespace {

// The next slot after `offset`: on the grid, or a bound before it.
Nanoseconds next_offset(const HoldRun& run, Nanoseconds offset) {
  const Nanoseconds interval = std::max<Nanoseconds>(run.interval, 1);
  Nanoseconds next = later(offset - offset % interval, interval);
  if (!run.phases.empty()) next = between(run.base, slot_after(run.phases, run.base, later(run.base, offset)));
  if (run.least > offset) next = std::min(next, run.least);
  if (run.bounded && run.most > offset) next = std::min(next, run.most);
  return next;
}

}  // namespace

void Core::start_hold(Task& task, plan::HoldId id) {
  if (id >= plan.holds.size()) {
    advance(task);
    return;
  }
  const Hold& hold = plan.holds[id];
  const Nanoseconds least = std::max<Nanoseconds>(0, duration_or(hold.least, &task, 0));
  const Nanoseconds most = std::max(least, duration_or(hold.most, &task, least));
  task.wait = Wait::Hold;
  task.waits_for = add_hold(task.id, id, least, most, true);
  record(RecordKind::HoldStarted,
         {{"hold", Value::string(hold.text)}, {"least", Value::duration(least)}, {"most", Value::duration(most)}},
         hold.spot);
}

std::uint64_t Core::add_hold(std::uint64_t task, plan::HoldId id, Nanoseconds least, Nanoseconds most, bool bounded) {
  HoldRun run;
  run.id = state.next_id++;
  run.task = task;
  run.hold = id;
  run.base = state.now;
  run.least = least;
  run.most = most;
  run.bounded = bounded;
  run.interval = kNever;
  for (const HoldCondition& condition : plan.holds[id].until) {
    ConditionRun watched;
    watched.needed = std::max<Nanoseconds>(0, duration_or(condition.for_duration, find_task(task), 0));
    run.conditions.push_back(std::move(watched));
    run.interval = std::min(run.interval, cadence(condition.metrics));
  }
  run.phases = sampling_of(find_task(task), kNone);
  if (!run.phases.empty() && run.phases.back().until != kNever) run.phases.push_back({kNever, run.interval});
  const std::uint64_t hold = run.id;
  state.holds.emplace_hint(state.holds.end(), hold, std::move(run));
  return hold;
}

// Time stands still for it: the run is paused. The `until` of a pause itself goes on.
bool Core::hold_stands(const HoldRun& run) const {
  return state.pause.has_value() && run.task != 0;
}

// The interval in force at its next slot.
Nanoseconds Core::hold_interval(const HoldRun& run) const {
  return run.phases.empty() ? run.interval : interval_at(run.phases, later(run.base, run.next));
}

// Its next undecided slot, kNever where it decides nothing by samples.
Nanoseconds Core::hold_slot(const HoldRun& run) const {
  if (run.satisfied || run.conditions.empty()) return kNever;
  const Nanoseconds slot = later(run.base, run.next);
  return hold_stands(run) && slot >= state.pause->since ? kNever : slot;
}

// When it ends by itself: a hold without conditions.
Nanoseconds Core::hold_due(const HoldRun& run) const {
  if (run.satisfied || !run.conditions.empty()) return kNever;
  const Nanoseconds due = later(run.base, run.least);
  return hold_stands(run) && due >= state.pause->since ? kNever : due;
}

void Core::evaluate_holds(Nanoseconds slot) {
  std::vector<std::uint64_t> due;
  for (const auto& [id, run] : state.holds) {
    if (hold_slot(run) == slot) due.push_back(id);
  }
  for (const std::uint64_t id : due) {
    const auto found = state.holds.find(id);
    if (found != state.holds.end() && hold_slot(found->second) == slot) decide_hold(found->second, slot);
  }
}

void Core::decide_hold(HoldRun& run, Nanoseconds slot) {
  const Task* waiting = find_task(run.task);
  const Acting for_it(*this, waiting ? rollout_of(*waiting) : 0);
  slot_sight.rollout = acting;
  const Nanoseconds offset = run.next;
  const Hold& hold = plan.holds[run.hold];
  bool all = true;
  for (std::size_t index = 0; index < run.conditions.size(); ++index) {
    ConditionRun& condition = run.conditions[index];
    const Value value = compute_in_slot(hold.until[index].condition);
    condition.truth = value.is_missing() ? Truth::Unknown : value.as_bool() ? Truth::True : Truth::False;
    condition.decided = true;
    add_slot(condition.clock, offset, condition.truth);
    all = all && condition.truth == Truth::True && condition.clock.held >= condition.needed;
  }
  const std::uint64_t id = run.id;
  run.next = next_offset(run, offset);
  if (all && offset >= run.least) {
    // While a guard is blind the last chance counts as met and waits; any earlier one has to hold again.
    if (frozen(acting) && (!run.bounded || offset < run.most)) return;
    run.satisfied = true;
    run.satisfied_at = slot;
    if (run.task == 0) pause_until_holds(id);
  } else if (run.bounded && offset >= run.most) {
    hold_failed(id, slot);
  }
}

void Core::hold_failed(std::uint64_t id, Nanoseconds slot) {
  const auto found = state.holds.find(id);
  if (found == state.holds.end()) return;
  const HoldRun run = found->second;
  const Hold& hold = plan.holds[run.hold];
  std::string unmet;
  for (std::size_t index = 0; index < run.conditions.size(); ++index) {
    const ConditionRun& condition = run.conditions[index];
    if (condition.truth == Truth::True && condition.clock.held >= condition.needed) continue;
    const char* how = condition.truth == Truth::Unknown ? "is unknown"
                      : condition.truth == Truth::True  ? "has not held long enough"
                                                        : "does not hold";
    unmet += fmt::format("{}`{}` {}", unmet.empty() ? "" : ", ", hold.until[index].text, how);
    const std::string series = plan::series_phrase(series_named(compute_in_slot(hold.until[index].series)));
    if (!series.empty()) unmet += " (" + series + ")";
  }
  state.holds.erase(found);
  record(RecordKind::HoldEnded,
         {{"hold", Value::string(hold.text)},
          {"held", Value::duration(run.most)},
          {"how", Value::string("failed")},
          {"slot", Value::instant(slot)}},
         hold.spot);
  Task* task = find_task(run.task);
  if (!task) return;
  task->waits_for = 0;
  const std::string error = fmt::format("the hold failed after {}: {}", plan::duration_text(run.most), unmet);
  if (hold.otherwise != kNone) {
    respond(*task, hold.otherwise, Cause{error, {}, hold.spot, slot});
  } else {
    fail(*task, error);
  }
}

void Core::end_hold(Task& task, const std::string& how) {
  const auto found = state.holds.find(task.waits_for);
  if (found != state.holds.end()) {
    const HoldRun& run = found->second;
    const Nanoseconds ended = run.satisfied ? run.satisfied_at : state.now;
    record(RecordKind::HoldEnded,
           {{"hold", Value::string(plan.holds[run.hold].text)},
            {"held", Value::duration(between(run.base, ended))},
            {"how", Value::string(how)},
            {"slot", Value::instant(ended)}},
           plan.holds[run.hold].spot);
    state.holds.erase(found);
  }
  advance(task);
}

}  // namespace rollout::machine
