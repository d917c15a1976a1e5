#include <algorithm>
#include <utility>

#include "runtime/machine/core.hpp"
#include "runtime/plan/planted.hpp"

// Pauses and aborts.

namespace rollout::machine {

void Core::pause_run(const std::string& reason, const Cause& cause, ResponseId response, const Task* task,
                     bool for_doubt) {
  if (task) {
    if (Task* own = find_task(task->id)) {
      own->wait = Wait::Resume;
      own->waits_for = 0;
    }
  }
  if (state.has_ended || state.main().rollback) {
    if (task) {
      if (Task* own = find_task(task->id)) advance(*own);
    }
    return;
  }
  record(RecordKind::Paused, {{"reason", Value::string(reason)}, {"who", Value::string(cause.who)}}, cause.spot);
  PauseRun pause;
  pause.reason = reason;
  pause.who = cause.who;
  pause.since = std::min(cause.at == 0 ? state.now : cause.at, state.now);
  pause.response = response;
  pause.rollout = task ? rollout_of(*task) : cause.rollout;
  pause.for_doubt = for_doubt;
  if (state.pause && paused_as_well(pause)) return;
  if (response < plan.responses.size()) {
    const plan::Response& row = plan.responses[response];
    pause.within_due = later(state.now, duration_or(row.within, task, kNever));
    if (row.until < plan.holds.size()) pause.until = add_hold(0, row.until, 0, 0, false);
  }
  if (state.pause) {
    state.pauses_behind.push_back(std::move(pause));
    return;
  }
  state.pause = std::move(pause);
  set_state(RunState::Paused, reason);
  hooks_of_all(HookKind::Pause, reason);
}

// Whether the run is paused in a way that this pause adds nothing to.
bool Core::paused_as_well(const PauseRun& pause) const {
  const auto ends_by_itself = [&](const PauseRun& other) {
    return other.response < plan.responses.size() && plan.responses[other.response].until != kNone;
  };
  const auto covers = [&](const PauseRun& other) {
    if (pause.for_doubt || other.for_doubt) return pause.for_doubt == other.for_doubt;
    return ends_by_itself(pause) ? other.response == pause.response : !ends_by_itself(other);
  };
  return covers(*state.pause) || std::ranges::any_of(state.pauses_behind, covers);
}

// One of the pauses is over by itself; the run goes on when all are.
void Core::pause_over(std::size_t index) {
  if (!state.pause || index > state.pauses_behind.size()) return;
  if (state.pauses_behind.empty()) {
    resume_run({});
    return;
  }
  const std::size_t behind = index == 0 ? 0 : index - 1;
  PauseRun next = state.pauses_behind[behind];
  state.pauses_behind.erase(state.pauses_behind.begin() + static_cast<std::ptrdiff_t>(behind));
  if (index > 0) {
    state.holds.erase(next.until);
    return;
  }
  next.since = state.pause->since;
  state.holds.erase(state.pause->until);
  state.pause = std::move(next);
  state.reason = state.pause->reason;
}

void Core::pause_until_holds(std::uint64_t hold) {
  if (!state.pause) return;
  if (state.pause->until == hold) {
    pause_over(0);
    return;
  }
  const auto found = std::ranges::find(state.pauses_behind, hold, &PauseRun::until);
  if (found != state.pauses_behind.end()) pause_over(static_cast<std::size_t>(found - state.pauses_behind.begin()) + 1);
}

// The pause for an effect in doubt outlasts all others: only who says what became of it ends it.
bool Core::stays_in_doubt() {
  const bool doubtful = std::ranges::any_of(state.effects, [](const auto& entry) { return entry.second.in_doubt; });
  if (!doubtful || !state.pause || planted(plan::Bug::ContinueEndsDoubt)) return false;
  const auto behind = std::ranges::find(state.pauses_behind, true, &PauseRun::for_doubt);
  if (!state.pause->for_doubt && behind == state.pauses_behind.end()) return false;
  PauseRun doubt = state.pause->for_doubt ? *state.pause : *behind;
  doubt.since = std::min(doubt.since, state.pause->since);
  end_pauses();
  state.reason = doubt.reason;
  state.pause = std::move(doubt);
  return true;
}

void Core::resume_run(const std::string& who) {
  if (!state.pause || stays_in_doubt()) return;
  const PauseRun pause = *state.pause;
  const Nanoseconds lasted = between(pause.since, state.now);
  for (auto& [id, run] : state.holds) {
    if (run.task != 0 && !planted(plan::Bug::PauseCountsForHold)) run.base = later(run.base, lasted);
  }
  end_pauses();
  record(RecordKind::Resumed, {{"who", Value::string(who)}});
  bool in_window = false;
  for (auto& [id, task] : state.tasks) {
    if (task.wait == Wait::Resume) advance(task);
    in_window = in_window || (task.wait == Wait::Window && rollout_of(task) == 0);
  }
  set_state(state.main().has_started && !in_window ? RunState::Running : RunState::Waiting, {});
  new_episodes();
  hooks_of_all(HookKind::Resume, pause.reason);
}

void Core::end_pauses() {
  if (state.pause) state.holds.erase(state.pause->until);
  for (const PauseRun& pause : state.pauses_behind) state.holds.erase(pause.until);
  state.pause.reset();
  state.pauses_behind.clear();
}

void Core::pause_limit_passed(std::size_t index) {
  if (!state.pause || index > state.pauses_behind.size()) return;
  PauseRun& pause = index == 0 ? *state.pause : state.pauses_behind[index - 1];
  const ResponseId response = pause.response;
  pause.within_due = kNever;
  if (response >= plan.responses.size() || plan.responses[response].otherwise == kNone) return;
  const Cause cause{"the pause did not end within its limit: " + pause.reason,
                    {},
                    plan.responses[response].spot,
                    state.now,
                    pause.rollout};
  const ResponseId otherwise = plan.responses[response].otherwise;
  start_response_steps(otherwise, cause, nullptr);
  if (otherwise < plan.responses.size() && plan.responses[otherwise].outcome == plan::OutcomeKind::Continue) {
    pause_over(index);
  } else {
    take_outcome(otherwise, cause, nullptr);
  }
}

// Stops everything that changes something, and undoes nothing.
void Core::abort_run(const std::string& reason) {
  if (state.has_ended) return;
  for (RolloutRun& run : state.rollouts) {
    for (ScheduleRun& schedule : run.schedules) {
      schedule.due = kNever;
      kill(schedule.task);
    }
    if (!run.rollback) continue;
    const RollbackRun rollback = std::move(*run.rollback);
    run.rollback.reset();
    kill(rollback.task);
    for (const UndoSpan& span : rollback.spans) kill(span.task);
  }
  // Nothing goes back any more: what waited for that ends, also where what it is part of is being stopped already.
  std::vector<std::uint64_t> waited;
  for (auto& [id, task] : state.tasks) {
    task.next_stops.clear();
    const bool stops = task.stop && task.stop->kind == StopKind::Rollback;
    if (stops || task.wait == Wait::GoingBack) waited.push_back(id);
    if (stops) task.stop.reset();
    if (task.wait == Wait::GoingBack) task.wait = Wait::Ready;
  }
  stop_forward_work();
  for (const std::uint64_t id : waited) {
    if (!planted(plan::Bug::AbortLeavesChild)) kill(id);
  }
  end_run(RunState::Aborted, reason);
}

// Disarms all guards and ends the forward work with everything that depends on it.
void Core::stop_forward_work() {
  for (RolloutRun& run : state.rollouts) run.scope = 0;
  while (!state.scopes.empty()) disarm(state.scopes.begin()->first);
  state.slots.clear();
  state.past.clear();
  end_pauses();
  std::vector<std::uint64_t> ended;
  for (const auto& [id, task] : state.tasks) {
    if (task.wait == Wait::Gone) continue;
    if (task.kind == TaskKind::Main || task.kind == TaskKind::Companion || task.kind == TaskKind::MetricCheck)
      ended.push_back(id);
  }
  for (const auto& [id, gate] : state.gates) {
    const Task* task = find_task(gate.task);
    if (task && task->root == TaskKind::Response) ended.push_back(task->id);
  }
  for (const std::uint64_t id : ended) kill(id);
  // Steps of a guard's answer that had paused the run: nobody resumes it any more.
  for (auto& [id, task] : state.tasks) {
    if (task.wait == Wait::Resume && !is_forward(task) && !planted(plan::Bug::AnswerOutlivesRollback)) advance(task);
  }
}

// Everything that runs hears of what happens to the whole run.
void Core::hooks_of_all(HookKind kind, const std::string& reason) {
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) {
    if (id == 0 || state.rollouts[id].progress == Progress::Running) hook_in_background(id, kind, reason);
  }
}

void Core::hook_in_background(RolloutId id, HookKind kind, const std::string& reason) {
  const auto any = [&](const plan::Hook& hook) { return hook.kind == kind; };
  if (std::ranges::none_of(row(id).hooks, any)) return;
  Task& task = new_task(TaskKind::Hook, nullptr);
  task.rollout = id;
  task.reason = reason;
  task.item = static_cast<std::uint32_t>(kind);
  insert_hooks(task, kind);
}

}  // namespace rollout::machine
