#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "runtime/machine/core.hpp"
#include "runtime/plan/planted.hpp"

// Going back: the work of a rollout stops, then its log is undone from its end. One rollback for each rollout that
// decides to go back; the children inside it are undone on the way, each between its own hooks.

namespace rollout::machine {

namespace {

// The index below an entry and what it replaces.
std::uint32_t below(const std::vector<UndoEntry>& log, std::uint32_t index) {
  return index - std::min(log[index].inside, index);
}

}  // namespace

// False where it goes back already, or where nothing of it runs.
bool Core::begin_rollback(const std::string& reason, plan::StageId to, ResponseId response, const Cause& cause) {
  if (state.main().rollback || state.has_ended) return false;
  const RolloutId id = cause.rollout;
  RollbackRun run;
  run.reason = reason;
  run.to = to < plan.stages.size() && plan.stages[to].rollout == id ? to : kNone;
  run.response = response;
  run.started = state.now;
  run.budget = duration_or(row(id).rollback_within, nullptr, 0);
  if (row(id).rollback_within != kNone) run.budget_due = later(state.now, run.budget);
  if (id != 0) return begin_child_rollback(run, id, cause);
  const Acting for_it(*this, 0);
  const std::string target = run.to < plan.stages.size() ? plan.stages[run.to].name : std::string{};
  record(RecordKind::RollbackStarted,
         {{"reason", Value::string(reason)}, {"to", Value::string(target)}, {"who", Value::string(cause.who)}},
         cause.spot);
  set_state(RunState::RollingBack, reason);
  state.main().rollback = std::move(run);
  stop_forward_work();
  return true;
}

// A person wants everything undone while the run goes back to a stage only.
void Core::widen_rollback(const std::string& reason, const Cause& cause) {
  RollbackRun& run = *state.main().rollback;
  run.to = kNone;
  run.response = kNone;
  run.reason = reason;
  record(RecordKind::RollbackStarted,
         {{"reason", Value::string(reason)}, {"to", Value::string("")}, {"who", Value::string(cause.who)}}, cause.spot);
  state.reason = reason;
  if (!run.spans.empty()) run.spans.front().begin = 0;
  if (run.phase != RollbackPhase::HookAfter) return;
  run.phase = RollbackPhase::Undoing;
  run.spans.push_back({.begin = 0, .cursor = static_cast<std::uint32_t>(run.log.size())});
}

// Whether the rollout itself, or one around it, goes back.
bool Core::is_going_back(RolloutId id) const {
  for (;; id = row(id).parent) {
    if (state.rollouts[id].rollback) return true;
    if (id == 0) return false;
  }
}

bool Core::is_incomplete() const {
  return std::ranges::any_of(state.rollouts, [](const RolloutRun& run) {
    return run.rollback && run.rollback->phase == RollbackPhase::Incomplete;
  });
}

// The rollback that waits for the task.
std::optional<RolloutId> Core::rollback_with(std::uint64_t task) const {
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) {
    const auto& rollback = state.rollouts[id].rollback;
    if (rollback && rollback->task == task) return id;
  }
  return std::nullopt;
}

// Whose work the rollback is undoing now: the innermost child's on the way, else its own.
RolloutId Core::undoing(RolloutId id) const {
  for (const UndoSpan& span : state.rollouts[id].rollback->spans | std::views::reverse) {
    if (span.rollout < state.rollouts.size()) return span.rollout;
  }
  return id;
}

bool Core::stopped_for_rollback(RolloutId id) {
  // None of them has ended: those were swept away before this step.
  const auto runs_on = [&](const auto& entry) {
    const Task& task = entry.second;
    if (id == 0) return task.root == TaskKind::Main || task.root == TaskKind::Companion;
    return task.root == TaskKind::Companion && is_within(rollout_of(task), id);
  };
  if (std::ranges::any_of(state.tasks, runs_on)) return false;
  if (id == 0) return true;
  const auto [task, frame] = holder_of(id);
  // The task was ended otherwise: what the child did is in its log, for those around it.
  if (!task) state.rollouts[id].rollback.reset();
  return task && task->wait == Wait::GoingBack && frame + 1 == task->frames.size();
}

// Moves a rollback on by one thing, where nothing of it is under way.
bool Core::rollback_step() {
  const auto stopping = [](const auto& entry) {
    return entry.second.root == TaskKind::Undo && entry.second.wait == Wait::Stopping;
  };
  const bool any = std::ranges::any_of(state.rollouts, [](const RolloutRun& run) { return run.rollback.has_value(); });
  if (!any || std::ranges::any_of(state.tasks, stopping)) return false;
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) {
    if (state.rollouts[id].rollback && rollback_step(id)) return true;
  }
  return false;
}

bool Core::rollback_step(RolloutId id) {
  RollbackRun& run = *state.rollouts[id].rollback;
  if (run.task != 0 || run.phase == RollbackPhase::Incomplete) return false;
  const Acting for_it(*this, undoing(id));
  if (run.phase == RollbackPhase::Stopping) {
    if (!stopped_for_rollback(id)) return false;
    begin_undoing(run, id);
  } else if (run.phase == RollbackPhase::HookBefore) {
    run.phase = RollbackPhase::Undoing;
  } else if (run.phase == RollbackPhase::Undoing) {
    undo_next(id);
  } else if (run.to != kNone) {
    fall_back(id);
  } else if (id == 0) {
    rolled_back();
  } else {
    child_rolled_back(id);
  }
  return true;
}

void Core::begin_undoing(RollbackRun& run, RolloutId id) {
  std::uint32_t begin = 0;
  bool found = false;
  for (std::uint32_t index = 0; index < run.log.size() && run.to != kNone; ++index) {
    const UndoEntry& entry = run.log[index];
    if (entry.kind != UndoKind::StageEnd || entry.stage != run.to) continue;
    begin = index + 1;
    found = true;
  }
  if (!found) run.to = kNone;
  if (planted(plan::Bug::UndoneFromTheFront)) std::ranges::reverse(run.log);
  run.spans.push_back({.begin = begin, .cursor = static_cast<std::uint32_t>(run.log.size())});
  if (run.spans.back().cursor > begin && planted(plan::Bug::LastNotUndone)) --run.spans.back().cursor;
  run.phase = RollbackPhase::HookBefore;
  run_hook(run, id, HookKind::RollingBack);
}

void Core::undo_next(RolloutId id) {
  RollbackRun& run = *state.rollouts[id].rollback;
  UndoSpan& span = run.spans.back();
  span.cursor = std::min(span.cursor, static_cast<std::uint32_t>(run.log.size()));
  if (span.cursor <= span.begin) {
    span_undone(id);
    return;
  }
  const std::uint32_t index = span.cursor - 1;
  const UndoEntry& entry = run.log[index];
  if (entry.done || entry.kind == UndoKind::Skip || entry.kind == UndoKind::StageEnd) {
    span.cursor = std::max(span.begin, below(run.log, index));
  } else if (entry.kind == UndoKind::Barrier && planted(plan::Bug::BarrierCrossed)) {
    --span.cursor;
  } else if (entry.kind == UndoKind::Barrier) {
    run.barrier = index;
    rollback_incomplete(id,
                        fmt::format("`{}` cannot be undone, and the rollback does not cross it by itself", entry.text));
  } else if (entry.kind == UndoKind::Traffic) {
    undo_traffic(id, span, index);
  } else if (entry.kind == UndoKind::Child) {
    undo_child(run, index);
  } else {
    for (const auto& [variable, value] : entry.captures) {
      state.variables[variable] = value;
    }
    record(RecordKind::UndoStarted, {{"what", Value::string(entry.text)}}, plan.blocks[entry.block].spot);
    Task& task = new_task(TaskKind::Undo, nullptr);
    task.item = index;
    task.reason = run.reason;
    run.task = task.id;
    enter(task, plan.blocks[entry.block].undo);
  }
}

// A child on the way back: its hooks run around the undoing of what it did.
void Core::undo_child(RollbackRun& run, std::uint32_t index) {
  const UndoEntry& entry = run.log[index];
  const RolloutId child = entry.rollout;
  const Acting for_it(*this, child);
  record(RecordKind::UndoStarted, {{"what", Value::string(row(child).path)}}, row(child).spot);
  state.rollouts[child].progress = Progress::GoingBack;
  state.rollouts[child].reason = run.reason;
  UndoSpan span{.begin = below(run.log, index), .cursor = index, .rollout = child, .entry = index};
  span.budget = duration_or(row(child).rollback_within, nullptr, 0);
  if (row(child).rollback_within != kNone) span.budget_due = later(state.now, span.budget);
  run.spans.push_back(span);
  run_hook(run, child, HookKind::RollingBack);
}

// Several changes of traffic are undone by one call, to the share before the first of them on this side of a barrier.
// What is undone or crossed already lies above: the log is undone from its end.
void Core::undo_traffic(RolloutId id, UndoSpan& span, std::uint32_t index) {
  RollbackRun& run = *state.rollouts[id].rollback;
  const RolloutId whose = undoing(id);
  std::uint32_t first = index;
  for (std::uint32_t cursor = index + 1; cursor > span.begin; cursor = below(run.log, cursor - 1)) {
    const UndoEntry& entry = run.log[cursor - 1];
    if (entry.kind == UndoKind::Barrier) break;
    if (entry.kind == UndoKind::Traffic) first = cursor - 1;
  }
  if (planted(plan::Bug::TrafficHalfBack)) first = index;
  const Value before = run.log[first].share;
  const Value share = before.is_missing() ? Value::ratio(0) : before;
  run.log[index].text = "traffic " + plan::to_literal(share);
  record(RecordKind::UndoStarted, {{"what", Value::string(run.log[index].text)}});
  Task& task = new_task(TaskKind::Undo, nullptr);
  task.item = index;
  task.reason = run.reason;
  run.task = task.id;
  if (row(whose).traffic_via < plan.blocks.size()) {
    enter(task, row(whose).traffic_via, false, share);
    return;
  }
  change_traffic(whose, share, kNone);
  finish_task(task);
}

void Core::undo_ended(Task& task, bool succeeded, const std::string& error) {
  const auto id = rollback_with(task.id);
  if (!id || state.rollouts[*id].rollback->spans.empty()) return;
  RollbackRun& run = *state.rollouts[*id].rollback;
  run.task = 0;
  const std::uint32_t index = task.item;
  if (index >= run.log.size()) return;
  UndoEntry& entry = run.log[index];
  UndoSpan& span = run.spans.back();
  if (!succeeded) {
    record(RecordKind::UndoFailed, {{"what", Value::string(entry.text)}, {"error", Value::string(error)}});
    const bool goes_on = entry.kind == UndoKind::Undo && plan.blocks[entry.block].undo_continues;
    if (!goes_on) {
      rollback_incomplete(*id, fmt::format("undoing `{}` failed: {}", entry.text, error));
      return;
    }
    run.failed.push_back(entry.text);
  } else {
    record(RecordKind::UndoDone, {{"what", Value::string(entry.text)}});
  }
  entry.done = true;
  if (entry.kind == UndoKind::Traffic) {
    for (std::uint32_t cursor = index + 1; cursor > span.begin; cursor = below(run.log, cursor - 1)) {
      UndoEntry& other = run.log[cursor - 1];
      if (other.kind == UndoKind::Barrier) break;
      if (other.kind == UndoKind::Traffic) other.done = true;
    }
  }
  span.cursor = std::max(span.begin, below(run.log, index));
}

void Core::span_undone(RolloutId id) {
  RollbackRun& run = *state.rollouts[id].rollback;
  if (const RolloutId child = run.spans.back().rollout; child != kNone && !run.spans.back().hooked) {
    run.spans.back().hooked = true;
    run.spans.back().budget_due = kNever;
    run_hook(run, child, HookKind::Rollback);
    return;
  }
  const UndoSpan span = run.spans.back();
  run.spans.pop_back();
  if (span.rollout != kNone) {
    run.log[span.entry].done = true;
    record(RecordKind::UndoDone, {{"what", Value::string(row(span.rollout).path)}});
    end_child(span.rollout, Progress::RolledBack, run.reason);
    return;
  }
  if (!run.spans.empty()) {
    Task* task = find_task(span.task);
    run.task = task ? span.task : 0;
    if (task) advance(*task);
    return;
  }
  run.log.resize(std::min<std::size_t>(run.log.size(), span.begin));
  run.phase = RollbackPhase::HookAfter;
  run_hook(run, id, run.to == kNone ? HookKind::Rollback : HookKind::Fallback);
}

// Runs the hooks of this kind as one task that the rollback waits for.
void Core::run_hook(RollbackRun& run, RolloutId id, HookKind kind) {
  const auto any = [&](const plan::Hook& hook) { return hook.kind == kind; };
  if (std::ranges::none_of(row(id).hooks, any)) return;
  Task& task = new_task(TaskKind::Hook, nullptr);
  task.rollout = id;
  task.reason = run.reason;
  task.item = static_cast<std::uint32_t>(kind);
  run.task = task.id;
  insert_hooks(task, kind);
}

void Core::hook_ended(Task& task, const std::string& error) {
  const auto id = rollback_with(task.id);
  if (id) state.rollouts[*id].rollback->task = 0;
  if (error.empty()) return;
  record(RecordKind::StepFailed,
         {{"step", Value::string("hook")}, {"error", Value::string(error)}, {"retries_left", Value::number(0)}});
  if (!id) return;
  const RollbackRun& run = *state.rollouts[*id].rollback;
  const bool after = run.phase == RollbackPhase::HookAfter || std::ranges::any_of(run.spans, &UndoSpan::hooked);
  if (after) rollback_incomplete(*id, error);
}

// What a child could not undo stops the whole run: nothing but a person goes on from there.
void Core::rollback_incomplete(RolloutId id, const std::string& error) {
  RollbackRun& run = *state.rollouts[id].rollback;
  const RolloutId whose = undoing(id);
  const Acting for_it(*this, whose);
  kill(std::exchange(run.task, 0));
  // An undo that waited for `undo rest` is run again as a whole.
  const auto rest = std::ranges::find_if(run.spans, [](const UndoSpan& span) { return span.task != 0; });
  for (auto span = rest; span != run.spans.end(); ++span) kill(span->task);
  run.spans.erase(rest, run.spans.end());
  run.resume_phase = run.phase;
  run.phase = RollbackPhase::Incomplete;
  run.budget_due = kNever;
  for (UndoSpan& span : run.spans) span.budget_due = kNever;
  run.error = error;
  if (id != 0)
    begin_rollback(fmt::format("`{}`: {}", row(id).path, error), kNone, kNone, Cause{error, {}, kNone, state.now});
  set_state(RunState::RollbackIncomplete, error);
  hook_in_background(whose, HookKind::RollbackIncomplete, error);
  if (whose != 0) hook_in_background(0, HookKind::RollbackIncomplete, error);
}

// A person takes what is incomplete up again, and so knowingly crosses what cannot be undone.
void Core::rollback_again(const std::string& who) {
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) {
    const auto& rollback = state.rollouts[id].rollback;
    if (rollback && rollback->phase == RollbackPhase::Incomplete) take_up_again(id, who);
  }
}

void Core::take_up_again(RolloutId id, const std::string& who) {
  RollbackRun& run = *state.rollouts[id].rollback;
  const RolloutId whose = undoing(id);
  const Acting for_it(*this, whose);
  run.phase = run.resume_phase;
  if (run.barrier != kNone) run.log[std::exchange(run.barrier, kNone)].done = true;
  record(RecordKind::RollbackStarted,
         {{"reason", Value::string(run.reason)}, {"to", Value::string("")}, {"who", Value::string(who)}});
  set_state(RunState::RollingBack, run.reason);
  if (run.phase == RollbackPhase::HookAfter) {
    run_hook(run, id, run.to == kNone ? HookKind::Rollback : HookKind::Fallback);
  } else if (std::ranges::any_of(run.spans, &UndoSpan::hooked)) {
    run_hook(run, whose, HookKind::Rollback);
  }
}

void Core::left_as_they_are(const RollbackRun& run) {
  if (run.failed.empty()) return;
  std::string names;
  for (const std::string& name : run.failed) names += (names.empty() ? "`" : ", `") + name + "`";
  record(RecordKind::UndoFailed, {{"what", Value::string(names)}, {"error", Value::string("left as they are")}});
}

void Core::rolled_back() {
  const RollbackRun run = std::move(*state.main().rollback);
  state.main().rollback.reset();
  left_as_they_are(run);
  state.main().progress = Progress::RolledBack;
  anchor_schedules(0, plan::Anchor::Rollback);
  end_run(RunState::RolledBack, run.reason);
}

// The rollout stands at the end of a stage again, with that stage's guards armed.
void Core::fall_back(RolloutId id) {
  const RollbackRun run = std::move(*state.rollouts[id].rollback);
  state.rollouts[id].rollback.reset();
  if (id == 0) {
    Task& task = new_task(TaskKind::Main, nullptr);
    task.frames.emplace_back().block = plan.rollout.block;
    stand_at_stage(task, run);
    return;
  }
  const auto [task, frame] = holder_of(id);
  if (!task) return;
  abandon(*task, frame + 1);
  state.rollouts[id].progress = Progress::Running;
  if (task->next_stops.empty()) {
    stand_at_stage(*task, run);
    return;
  }
  std::ranges::copy(run.log, std::back_inserter(task->log));
  go_on_after_child(*task, run.reason);
}

// The task, whose last frame is the rollout, goes on behind the stage when somebody says so, or tries again by itself.
void Core::stand_at_stage(Task& task, const RollbackRun& run) {
  const RolloutId id = rollout_of(task);
  Frame& frame = task.frames.back();
  frame.pc = plan.blocks[frame.block].begin;
  frame.entered = state.now;
  for (const UndoEntry& entry : run.log) {
    if (entry.kind == UndoKind::StageEnd && entry.stage == run.to) frame.pc = entry.resume_at;
  }
  std::ranges::copy(run.log, std::back_inserter(task.log));
  task.wait = Wait::Ready;
  task.due = kNever;
  task.stay = true;
  state.rollouts[id].stage = run.to;
  state.rollouts[id].scope = arm(task, row(id).block);
  task.frames.back().scope = arm(task, plan.stages[run.to].block);
  const Cause cause{run.reason, {}, kNone, state.now, id};
  const plan::Response& response = plan.responses[run.response];
  if (!response.retry) {
    pause_run(run.reason, cause, kNone, &task);
    return;
  }
  const Value most = compute(response.at_most, &task);
  const double limit = most.is_missing() ? 1 : most.as_double();
  if (state.fallbacks[run.response] < limit) {
    ++state.fallbacks[run.response];
    task.wait = Wait::Window;
    task.stay = false;
    task.due = later(state.now, std::max<Nanoseconds>(1'000'000, duration_or(response.after, &task, 0)));
    set_state(RunState::Running, run.reason);
  } else if (response.otherwise != kNone) {
    set_state(RunState::Running, run.reason);
    respond(task, response.otherwise, cause);
  } else {
    pause_run(run.reason, cause, kNone, &task);
  }
}

// Whether the time to go back has passed, for it or for a child that it would take back with it.
bool Core::rollback_expired(RolloutId id) const {
  for (RolloutId inner = id; inner < state.rollouts.size(); ++inner) {
    const RolloutRun& run = state.rollouts[inner];
    const bool done = run.progress == Progress::NotBegun || run.progress == Progress::RolledBack;
    if (is_within(inner, id) && (inner == id || !done) && state.now >= run.rollback_expires_at) return true;
  }
  return false;
}

}  // namespace rollout::machine
