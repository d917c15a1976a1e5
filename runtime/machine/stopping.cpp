#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/plan/planted.hpp"

// What is under way ends: effects are cancelled and waited for, branches first.

namespace rollout::machine {

bool Core::has_children(const Task& task) const {
  return std::ranges::any_of(state.tasks, [&](const auto& entry) {
    const Task& other = entry.second;
    return other.kind == TaskKind::Branch && other.parent == task.id && other.wait != Wait::Gone;
  });
}

bool Core::has_effects(const Task& task) const {
  return std::ranges::any_of(state.effects, [&](const auto& entry) { return entry.second.task == task.id; });
}

// Takes away what the task waits for besides effects and branches.
void Core::drop_waits(Task& task) {
  std::erase_if(state.holds, [&](const auto& entry) { return entry.second.task == task.id; });
  std::erase_if(state.inquiries, [&](const SlotPoll& poll) { return poll.task == task.id; });
  std::vector<std::uint64_t> gates;
  for (const auto& [id, gate] : state.gates) {
    if (gate.task == task.id) gates.push_back(id);
  }
  for (const std::uint64_t gate : gates) close_gate(gate, "withdrawn");
}

void Core::stop_task(Task& task, Stop stop) {
  if (task.stop && task.stop->kind == StopKind::Kill) return;
  const bool goes_back = task.wait == Wait::GoingBack || (task.stop && task.stop->kind == StopKind::Rollback);
  if (goes_back) {
    task.next_stops.push_back(std::move(stop));
    return;
  }
  task.stop = std::move(stop);
  task.wait = Wait::Stopping;
  drop_waits(task);
  std::vector<std::uint64_t> settled;
  for (auto& [id, run] : state.effects) {
    if (run.task != task.id || run.cancelled) continue;
    run.cancelled = true;
    if (run.in_doubt) {
      // Nothing runs: it was in doubt since a restart.
      settled.push_back(id);
      leave_doubt(run, "left: its step was stopped");
    } else {
      out.requests.emplace_back(CancelEffect{id});
    }
  }
  for (const std::uint64_t id : settled) state.effects.erase(id);
  std::vector<std::uint64_t> children;
  for (const auto& [id, other] : state.tasks) {
    const bool belongs =
        other.parent == task.id && (other.kind == TaskKind::Branch || other.kind == TaskKind::DoubtProbe);
    if (belongs && other.wait != Wait::Gone) children.push_back(id);
  }
  for (const std::uint64_t id : children) kill(id);
  try_finish_stop(task);
}

void Core::kill(std::uint64_t id) {
  if (Task* task = find_task(id)) stop_task(*task, Stop{.kind = StopKind::Kill, .error = {}});
}

void Core::try_finish_stop(Task& task) {
  if (!task.stop || has_children(task)) return;
  if (has_effects(task) && !planted(plan::Bug::UndoneWhileRunning)) return;
  const Stop stop = *task.stop;
  task.stop.reset();
  if (stop.kind == StopKind::Fail) {
    task.wait = Wait::Ready;
    handle_failure(task, stop.frame, stop.error, stop.may_retry, stop.unknown);
    return;
  }
  if (stop.kind == StopKind::Rollback) {
    child_stopped(task, stop.frame);
    return;
  }
  abandon(task, 0);
  task.wait = Wait::Gone;
  if (task.kind == TaskKind::Branch) {
    Task* parent = find_task(task.parent);
    if (!parent) return;
    std::ranges::move(task.log, std::back_inserter(parent->log));
    // Its parent may go on: a question in a branch of an answer is withdrawn alone.
    if (parent->wait == Wait::Children) parent->wait = Wait::Ready;
    if (parent->stop) try_finish_stop(*parent);
  } else if (task.kind == TaskKind::Schedule) {
    schedule_ended(task);
  } else if (task.kind == TaskKind::Main && state.main().rollback) {
    state.main().rollback->log = std::move(task.log);
  }
}

}  // namespace rollout::machine
