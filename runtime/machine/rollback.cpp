#include <fmt/format.h>

#include <algorithm>

#include "runtime/machine/core.hpp"

// Going back: forward work stops, then the log is undone from its end.

namespace rollout::machine {

namespace {

// The index below an entry and what it replaces.
std::uint32_t below(const std::vector<UndoEntry>& log, std::uint32_t index) {
  return index - std::min(log[index].inside, index);
}

}  // namespace

void Core::begin_rollback(const std::string& reason, plan::StageId to, ResponseId response, const Cause& cause) {
  if (state.rollback || state.has_ended) return;
  RollbackRun run;
  run.reason = reason;
  run.to = to;
  run.response = response;
  run.started = state.now;
  run.budget = duration_or(plan.rollout.rollback_within, nullptr, 0);
  if (plan.rollout.rollback_within != kNone) run.budget_due = later(state.now, run.budget);
  const std::string target = to < plan.stages.size() ? plan.stages[to].name : std::string{};
  record(RecordKind::RollbackStarted,
         {{"reason", Value::string(reason)}, {"to", Value::string(target)}, {"who", Value::string(cause.who)}},
         cause.spot);
  set_state(RunState::RollingBack, reason);
  state.rollback = std::move(run);
  stop_forward_work();
}

// A person wants everything undone while the run goes back to a stage only.
void Core::widen_rollback(const std::string& reason, const Cause& cause) {
  RollbackRun& run = *state.rollback;
  run.to = kNone;
  run.response = kNone;
  run.reason = reason;
  record(RecordKind::RollbackStarted,
         {{"reason", Value::string(reason)}, {"to", Value::string("")}, {"who", Value::string(cause.who)}}, cause.spot);
  state.reason = reason;
  if (!run.spans.empty()) run.spans.front().begin = 0;
  if (run.phase != RollbackPhase::HookAfter) return;
  run.phase = RollbackPhase::Undoing;
  run.spans.push_back({0, static_cast<std::uint32_t>(run.log.size()), 0});
}

bool Core::forward_stopped() const {
  return std::ranges::none_of(state.tasks, [](const auto& entry) {
    const Task& task = entry.second;
    const bool forward = task.root == TaskKind::Main || task.root == TaskKind::Companion;
    return forward && task.wait != Wait::Gone;
  });
}

// Moves a rollback on by one thing, where nothing of it is under way.
bool Core::rollback_step() {
  if (!state.rollback || state.rollback->task != 0) return false;
  const auto stopping = [](const auto& entry) {
    return entry.second.root == TaskKind::Undo && entry.second.wait == Wait::Stopping;
  };
  if (std::ranges::any_of(state.tasks, stopping)) return false;
  RollbackRun& run = *state.rollback;
  switch (run.phase) {
    case RollbackPhase::Stopping: {
      if (!forward_stopped()) return false;
      std::uint32_t begin = 0;
      bool found = false;
      for (std::uint32_t index = 0; index < run.log.size() && run.to != kNone; ++index) {
        const UndoEntry& entry = run.log[index];
        if (entry.kind != UndoKind::StageEnd || entry.stage != run.to) continue;
        begin = index + 1;
        found = true;
      }
      if (!found) run.to = kNone;
      run.spans.push_back({begin, static_cast<std::uint32_t>(run.log.size()), 0});
      run.phase = RollbackPhase::HookBefore;
      run_hook(HookKind::RollingBack);
      return true;
    }
    case RollbackPhase::HookBefore: run.phase = RollbackPhase::Undoing; return true;
    case RollbackPhase::Undoing: undo_next(); return true;
    case RollbackPhase::HookAfter:
      if (run.to == kNone) {
        rolled_back();
      } else {
        fall_back();
      }
      return true;
    case RollbackPhase::Incomplete: break;
  }
  return false;
}

void Core::undo_next() {
  RollbackRun& run = *state.rollback;
  if (run.spans.empty()) return;
  UndoSpan& span = run.spans.back();
  span.cursor = std::min(span.cursor, static_cast<std::uint32_t>(run.log.size()));
  if (span.cursor <= span.begin) {
    span_undone();
    return;
  }
  const std::uint32_t index = span.cursor - 1;
  const UndoEntry& entry = run.log[index];
  if (entry.done || entry.kind == UndoKind::Skip || entry.kind == UndoKind::StageEnd) {
    span.cursor = std::max(span.begin, below(run.log, index));
  } else if (entry.kind == UndoKind::Barrier) {
    rollback_incomplete(fmt::format("`{}` cannot be undone, and the rollback does not cross it by itself", entry.text));
  } else if (entry.kind == UndoKind::Traffic) {
    undo_traffic(span, index);
  } else {
    for (const auto& [variable, value] : entry.captures) {
      if (variable < state.variables.size()) state.variables[variable] = value;
    }
    record(RecordKind::UndoStarted, {{"what", Value::string(entry.text)}}, plan.blocks[entry.block].spot);
    Task& task = new_task(TaskKind::Undo, nullptr);
    task.item = index;
    task.reason = run.reason;
    run.task = task.id;
    enter(task, plan.blocks[entry.block].undo);
  }
}

// Several changes of traffic are undone by one call, to the share before the first of them on this side of a barrier.
void Core::undo_traffic(UndoSpan& span, std::uint32_t index) {
  RollbackRun& run = *state.rollback;
  std::uint32_t first = index;
  for (std::uint32_t cursor = index + 1; cursor > span.begin; cursor = below(run.log, cursor - 1)) {
    const UndoEntry& entry = run.log[cursor - 1];
    if (entry.kind == UndoKind::Barrier && !entry.done) break;
    if (entry.kind == UndoKind::Traffic && !entry.done) first = cursor - 1;
  }
  const Value before = run.log[first].share;
  const Value share = before.is_missing() ? Value::ratio(0) : before;
  run.log[index].text = "traffic " + plan::to_literal(share);
  record(RecordKind::UndoStarted, {{"what", Value::string(run.log[index].text)}});
  Task& task = new_task(TaskKind::Undo, nullptr);
  task.item = index;
  task.reason = run.reason;
  run.task = task.id;
  if (plan.rollout.traffic_via < plan.blocks.size()) {
    enter(task, plan.rollout.traffic_via, false, share);
    return;
  }
  record(RecordKind::TrafficChanged, {{"from", state.traffic}, {"to", share}});
  state.traffic = share;
  finish_task(task);
}

void Core::undo_ended(Task& task, bool succeeded, const std::string& error) {
  if (!state.rollback || state.rollback->task != task.id || state.rollback->spans.empty()) return;
  RollbackRun& run = *state.rollback;
  run.task = 0;
  const std::uint32_t index = task.item;
  if (index >= run.log.size()) return;
  UndoEntry& entry = run.log[index];
  UndoSpan& span = run.spans.back();
  if (!succeeded) {
    record(RecordKind::UndoFailed, {{"what", Value::string(entry.text)}, {"error", Value::string(error)}});
    const bool goes_on = entry.kind == UndoKind::Undo && plan.blocks[entry.block].undo_continues;
    if (!goes_on) {
      rollback_incomplete(fmt::format("undoing `{}` failed: {}", entry.text, error));
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
      if (other.kind == UndoKind::Barrier && !other.done) break;
      if (other.kind == UndoKind::Traffic) other.done = true;
    }
  }
  span.cursor = std::max(span.begin, below(run.log, index));
}

void Core::span_undone() {
  RollbackRun& run = *state.rollback;
  const UndoSpan span = run.spans.back();
  run.spans.pop_back();
  if (!run.spans.empty()) {
    Task* task = find_task(span.task);
    run.task = task ? span.task : 0;
    if (task) advance(*task);
    return;
  }
  run.log.resize(std::min<std::size_t>(run.log.size(), span.begin));
  run.phase = RollbackPhase::HookAfter;
  run_hook(run.to == kNone ? HookKind::Rollback : HookKind::Fallback);
}

// Runs the hooks of this kind as one task that the rollback waits for.
void Core::run_hook(HookKind kind) {
  const auto any = [&](const plan::Hook& hook) { return hook.kind == kind; };
  if (std::ranges::none_of(plan.rollout.hooks, any)) return;
  Task& task = new_task(TaskKind::Hook, nullptr);
  task.reason = state.rollback->reason;
  task.item = static_cast<std::uint32_t>(kind);
  state.rollback->task = task.id;
  insert_hooks(task, kind);
}

void Core::hook_ended(Task& task, const std::string& error) {
  const bool waited_for = state.rollback && state.rollback->task == task.id;
  if (waited_for) state.rollback->task = 0;
  if (error.empty()) return;
  record(RecordKind::StepFailed,
         {{"step", Value::string("hook")}, {"error", Value::string(error)}, {"retries_left", Value::number(0)}});
  if (waited_for && state.rollback->phase == RollbackPhase::HookAfter) rollback_incomplete(error);
}

void Core::rollback_incomplete(const std::string& error) {
  RollbackRun& run = *state.rollback;
  kill(std::exchange(run.task, 0));
  while (run.spans.size() > 1) {
    kill(run.spans.back().task);
    run.spans.pop_back();
  }
  run.resume_phase = run.phase;
  run.phase = RollbackPhase::Incomplete;
  run.budget_due = kNever;
  run.error = error;
  set_state(RunState::RollbackIncomplete, error);
  hook_in_background(HookKind::RollbackIncomplete, error);
}

// A person takes an incomplete rollback up again, and so knowingly crosses what cannot be undone.
void Core::rollback_again(const std::string& who) {
  RollbackRun& run = *state.rollback;
  run.phase = run.resume_phase;
  if (run.phase == RollbackPhase::Undoing && !run.spans.empty()) {
    const UndoSpan& span = run.spans.back();
    const bool barrier =
        span.cursor > span.begin && span.cursor <= run.log.size() && run.log[span.cursor - 1].kind == UndoKind::Barrier;
    if (barrier) run.log[span.cursor - 1].done = true;
  }
  record(RecordKind::RollbackStarted,
         {{"reason", Value::string(run.reason)}, {"to", Value::string("")}, {"who", Value::string(who)}});
  set_state(RunState::RollingBack, run.reason);
  if (run.phase == RollbackPhase::HookAfter) run_hook(run.to == kNone ? HookKind::Rollback : HookKind::Fallback);
}

void Core::rolled_back() {
  const RollbackRun run = std::move(*state.rollback);
  state.rollback.reset();
  if (!run.failed.empty()) {
    std::string names;
    for (const std::string& name : run.failed) names += (names.empty() ? "`" : ", `") + name + "`";
    record(RecordKind::UndoFailed, {{"what", Value::string(names)}, {"error", Value::string("left as they are")}});
  }
  anchor_schedules(plan::Anchor::Rollback);
  end_run(RunState::RolledBack, run.reason);
}

// The run stands at the end of a stage again, with that stage's guards armed.
void Core::fall_back() {
  RollbackRun run = std::move(*state.rollback);
  state.rollback.reset();
  std::uint32_t resume_at = plan.blocks[plan.rollout.block].begin;
  for (const UndoEntry& entry : run.log) {
    if (entry.kind == UndoKind::StageEnd && entry.stage == run.to) resume_at = entry.resume_at;
  }
  Task& task = new_task(TaskKind::Main, nullptr);
  Frame frame;
  frame.block = plan.rollout.block;
  frame.pc = resume_at;
  frame.entered = state.now;
  task.frames.push_back(std::move(frame));
  task.log = std::move(run.log);
  task.stay = true;
  state.stage = run.to;
  if (state.rollout_scope == 0) state.rollout_scope = arm(task, plan.rollout.block, true);
  task.frames.back().scope = arm(task, plan.stages[run.to].block, true);
  const Cause cause{run.reason, {}, kNone, state.now};
  const plan::Response* response = run.response < plan.responses.size() ? &plan.responses[run.response] : nullptr;
  if (!response || !response->retry) {
    pause_run(run.reason, cause, kNone, &task);
    return;
  }
  const Value most = compute(response->at_most, &task);
  const double limit = most.is_missing() ? 1 : most.as_double();
  if (state.fallbacks[run.response] < limit) {
    ++state.fallbacks[run.response];
    task.wait = Wait::Window;
    task.stay = false;
    task.due = later(state.now, std::max<Nanoseconds>(1'000'000, duration_or(response->after, &task, 0)));
    set_state(RunState::Running, run.reason);
  } else if (response->otherwise != kNone) {
    set_state(RunState::Running, run.reason);
    respond(task, response->otherwise, cause);
  } else {
    pause_run(run.reason, cause, kNone, &task);
  }
}

bool Core::rollback_expired() const {
  return state.now >= state.rollback_expires_at;
}

}  // namespace rollout::machine
