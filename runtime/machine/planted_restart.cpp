#include "runtime/machine/planted_restart.hpp"

#include <algorithm>

#include "runtime/plan/planted.hpp"

#ifdef ROLLOUT_PLANTED_BUGS

namespace rollout::machine {

namespace {

using plan::Bug;
using plan::planted;

void spoil_guard(GuardRun& run, Nanoseconds now) {
  if (planted(Bug::HeldResetByCrash)) start_over(run.clock);
  if (!planted(Bug::MissedSlotsSkipped)) return;
  while (run.next <= now && run.interval > 0) run.next += run.interval;
  run.asked = std::max(run.asked, run.next);
}

void spoil_rollout(RolloutRun& run) {
  const bool undoes = planted(Bug::UndoSkippedByCrash) && run.rollback && !run.rollback->spans.empty();
  if (undoes && run.rollback->task != 0 && run.rollback->spans.back().cursor > 0)
    run.rollback->log[run.rollback->spans.back().cursor - 1].done = true;
  for (ScheduleRun& schedule : run.schedules) {
    if (planted(Bug::ScheduleLost)) schedule.due = kNever;
  }
}

}  // namespace

void spoil_restart(State& state) {
  for (auto& [id, scope] : state.scopes) {
    for (GuardRun& run : scope.guards) spoil_guard(run, state.now);
  }
  for (RolloutRun& run : state.rollouts) spoil_rollout(run);
  for (auto& [id, hold] : state.holds) {
    if (planted(Bug::HoldBeginsAnew)) hold.base = state.now;
  }
  for (auto& [id, task] : state.tasks) {
    if (planted(Bug::TimerLost) && task.wait == Wait::Timer) task.due = kNever;
    for (Frame& frame : task.frames) {
      if (planted(Bug::RetriesBeginAnew)) frame.retried = 0;
    }
  }
  for (auto& [id, gate] : state.gates) {
    const bool limited = planted(Bug::DeadlineBeginsAnew) && gate.deadline != kNever;
    if (limited) gate.deadline = state.now + (gate.deadline - gate.opened);
    if (planted(Bug::ApprovalForgotten)) gate.approved_by.clear();
  }
  if (planted(Bug::PauseLost)) state.pause.reset();
}

}  // namespace rollout::machine

#else

namespace rollout::machine {

void spoil_restart(State&) {}

}  // namespace rollout::machine

#endif
