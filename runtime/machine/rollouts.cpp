#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "runtime/machine/core.hpp"
#include "runtime/plan/calendar.hpp"

// The main rollout and its children: which of them a task works for, how a child begins and ends, and how it goes back
// on its own while the rest of the run goes on.

namespace rollout::machine {

using plan::BlockKind;

namespace {

std::string_view ended_as(Progress how) {
  switch (how) {
    case Progress::Succeeded: return "succeeded";
    case Progress::RolledBack: return "rolled back";
    case Progress::Stopped: return "stopped";
    case Progress::NotBegun:
    case Progress::Running:
    case Progress::GoingBack:
    case Progress::Failed: break;
  }
  return "failed";
}

}  // namespace

// The innermost rollout whose block the task runs, else the one that it was started for.
RolloutId Core::rollout_of(const Task& task) const {
  for (const Frame& frame : task.frames | std::views::reverse) {
    const plan::Block& block = plan.blocks[frame.block];
    if (block.kind == BlockKind::Rollout) return block.rollout;
  }
  return task.rollout;
}

bool Core::is_within(RolloutId id, RolloutId outer) const {
  while (id != outer && id != 0) id = row(id).parent;
  return id == outer;
}

// The task that runs the rollout's block, and at which of its frames; null: none does.
std::pair<Task*, std::size_t> Core::holder_of(RolloutId id) {
  for (auto& [task_id, task] : state.tasks) {
    if (task.wait == Wait::Gone) continue;
    for (std::size_t index = 0; index < task.frames.size(); ++index) {
      if (task.frames[index].block == row(id).block) return {&task, index};
    }
  }
  return {nullptr, 0};
}

// Its first stage is entered; one without stages begins with its first step.
void Core::start_rollout(RolloutId id) {
  RolloutRun& run = state.rollouts[id];
  run.progress = Progress::Running;
  run.has_started = true;
  run.started = state.now;
  set_state(RunState::Running, {});
  anchor_schedules(id, plan::Anchor::Start);
  ask_past(id);
}

void Core::begin_child(RolloutId id) {
  state.rollouts[id] = {};
  state.rollouts[id].progress = Progress::Running;
  record(RecordKind::ChildBegan, {}, row(id).spot);
  plan_schedules(id);
}

void Core::end_child(RolloutId id, Progress how, const std::string& reason) {
  const Acting for_it(*this, id);
  RolloutRun& run = state.rollouts[id];
  run.progress = how;
  run.reason = reason;
  run.ended = state.now;
  record(RecordKind::ChildEnded,
         {{"state", Value::string(std::string(ended_as(how)))}, {"reason", Value::string(reason)}}, row(id).spot);
  if (how == Progress::Succeeded) anchor_schedules(id, plan::Anchor::Success);
  if (how == Progress::Failed) anchor_schedules(id, plan::Anchor::Failure);
  if (how == Progress::RolledBack) anchor_schedules(id, plan::Anchor::Rollback);
}

// A child decides to go back on its own: its work stops, the rest of the run goes on. False where it cannot: it has
// ended, or something around it is failing already.
bool Core::begin_child_rollback(const RollbackRun& rollback, RolloutId id, const Cause& cause) {
  const Acting for_it(*this, id);
  const auto [task, frame] = holder_of(id);
  if (!task || is_going_back(id)) return false;
  const bool fails_outside = task->stop && (task->stop->kind == StopKind::Kill || task->stop->frame < frame);
  if (fails_outside && task->stop->kind != StopKind::Rollback) return false;
  RolloutRun& run = state.rollouts[id];
  run.progress = Progress::GoingBack;
  run.reason = rollback.reason;
  run.rollback = rollback;
  const std::string target = rollback.to < plan.stages.size() ? plan.stages[rollback.to].name : std::string{};
  record(RecordKind::RollbackStarted,
         {{"reason", Value::string(rollback.reason)}, {"to", Value::string(target)}, {"who", Value::string(cause.who)}},
         cause.spot);
  std::vector<std::uint64_t> scopes;
  for (const auto& [scope_id, scope] : state.scopes) {
    if (is_within(scope.rollout, id)) scopes.push_back(scope_id);
  }
  for (const std::uint64_t scope : scopes) disarm(scope);
  for (RolloutId inner = id; inner < state.rollouts.size(); ++inner) {
    if (is_within(inner, id)) state.rollouts[inner].scope = 0;
  }
  stop_task(*task, Stop{.kind = StopKind::Rollback, .frame = static_cast<std::uint32_t>(frame), .error = {}});
  return true;
}

// Nothing of the child's work is under way any more: what it did is its rollback's to undo.
void Core::child_stopped(Task& task, std::size_t frame) {
  if (frame >= task.frames.size()) {
    task.wait = Wait::Ready;
    return;
  }
  abandon(task, frame + 1);
  task.stay = false;
  task.wait = Wait::GoingBack;
  RolloutRun& run = state.rollouts[rollout_of(task)];
  if (!run.rollback) {
    task.wait = Wait::Ready;
    return;
  }
  const auto mark = std::min<std::size_t>(task.frames.back().undo_mark, task.log.size());
  const auto first = task.log.begin() + static_cast<std::ptrdiff_t>(mark);
  run.rollback->log.assign(std::make_move_iterator(first), std::make_move_iterator(task.log.end()));
  task.log.resize(mark);
}

void Core::child_rolled_back(RolloutId id) {
  const RollbackRun rollback = std::move(*state.rollouts[id].rollback);
  state.rollouts[id].rollback.reset();
  left_as_they_are(rollback);
  end_child(id, Progress::RolledBack, rollback.reason);
  const auto [task, frame] = holder_of(id);
  if (!task) return;
  abandon(*task, frame);
  go_on_after_child(*task, fmt::format("`{}` was rolled back: {}", row(id).path, rollback.reason));
}

// It failed, and says that nothing is to be undone now.
void Core::child_failed(Task& task, std::size_t frame, const std::string& error) {
  const RolloutId id = rollout_of(task);
  end_child(id, Progress::Failed, error);
  abandon(task, frame);
  go_on_after_child(task, fmt::format("`{}` failed: {}", row(id).path, error));
}

// The step that ran the child fails, unless something else was asked of the task in the meantime.
void Core::go_on_after_child(Task& task, const std::string& error) {
  const Acting for_it(*this, rollout_of(task));
  task.wait = Wait::Ready;
  task.stay = false;
  task.due = kNever;
  while (!task.next_stops.empty()) {
    Stop next = std::move(task.next_stops.front());
    task.next_stops.erase(task.next_stops.begin());
    if (next.kind != StopKind::Kill && next.frame >= task.frames.size()) continue;
    stop_task(task, std::move(next));
    return;
  }
  fail(task, error);
}

// When the stage of that rollout may be entered at the earliest; kNone stands for a rollout without stages. The windows
// and freezes of the rollouts around it bind it too, and nothing is entered before the start is planned.
Nanoseconds Core::opening_of(RolloutId id, plan::StageId stage) const {
  constexpr int kMostRounds = 100;
  Nanoseconds opening = state.now;
  if (state.start_at && !state.main().has_started) opening = std::max(opening, *state.start_at);
  for (int round = 0; round < kMostRounds; ++round) {
    const Nanoseconds before = opening;
    for (RolloutId at = id;; at = row(at).parent) {
      opening = next_opening(opening, openings_of(at, stage));
      if (at == 0 || opening == kNever) break;
    }
    if (opening == before || opening == kNever) return opening;
  }
  return kNever;
}

// A rollout that takes no baselines of its own compares with those of the one around it.
Value Core::baseline_of(plan::MetricId metric, RolloutId id) const {
  for (;; id = row(id).parent) {
    const auto& baselines = state.rollouts[id].baselines;
    if (const auto found = baselines.find(metric); found != baselines.end()) return found->second;
    if (id == 0) return {};
  }
}

}  // namespace rollout::machine
