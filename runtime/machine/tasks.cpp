#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "runtime/machine/core.hpp"
#include "runtime/plan/planted.hpp"

// Blocks are entered and left, tasks begin and end.

namespace rollout::machine {

using plan::Block;
using plan::BlockKind;

namespace {

bool is_step(BlockKind kind) {
  return kind == BlockKind::Action || kind == BlockKind::Step || kind == BlockKind::Verify || kind == BlockKind::Within;
}

bool is_check(BlockKind kind) {
  return kind == BlockKind::Check || kind == BlockKind::Verify;
}

}  // namespace

Task& Core::new_task(TaskKind kind, const Task* parent) {
  Task task;
  task.id = state.next_id++;
  task.kind = kind;
  task.root = kind;
  task.rollout = parent ? rollout_of(*parent) : acting;
  if (parent) {
    task.parent = parent->id;
    if (kind == TaskKind::Branch) task.root = parent->root;
    task.reason = parent->reason;
    task.text = parent->text;
    task.severity = parent->severity;
  }
  const std::uint64_t id = task.id;
  return state.tasks.emplace_hint(state.tasks.end(), id, std::move(task))->second;
}

Task& Core::spawn(TaskKind kind, BlockId block, const Task* parent) {
  Task& task = new_task(kind, parent);
  enter(task, block);
  return task;
}

Task* Core::find_task(std::uint64_t id) {
  const auto found = state.tasks.find(id);
  return found == state.tasks.end() || found->second.wait == Wait::Gone ? nullptr : &found->second;
}

const Task* Core::find_task(std::uint64_t id) const {
  const auto found = state.tasks.find(id);
  return found == state.tasks.end() || found->second.wait == Wait::Gone ? nullptr : &found->second;
}

Task* Core::main_task() {
  for (auto& [id, task] : state.tasks) {
    if (task.kind == TaskKind::Main && task.wait != Wait::Gone) return &task;
  }
  return nullptr;
}

bool Core::is_forward(const Task& task) const {
  return task.root == TaskKind::Main;
}

// Work that only reads for a poll leaves no records: they come on transitions only.
bool Core::is_silent(const Task& task) const {
  return task.root == TaskKind::MetricCheck || task.root == TaskKind::ItemCheck || task.root == TaskKind::DoubtProbe ||
         task.root == TaskKind::AckCheck;
}

bool Core::may_advance(const Task& task) const {
  if (!is_forward(task)) return true;
  return !state.pause && !state.main().rollback && !state.has_ended && state.past.empty() && !undecided() &&
         !frozen(rollout_of(task));
}

// What a scripted world answers for as a whole.
bool Core::asks_world(BlockId id) const {
  if (!state.scripted_world) return false;
  const Block& block = plan.blocks[id];
  return block.kind == BlockKind::Action || block.kind == BlockKind::Channel ||
         (block.kind == BlockKind::Check && block.external);
}

void Core::enter(Task& task, BlockId id, bool inserted, const Value& share) {
  task.wait = Wait::Ready;
  if (id >= plan.blocks.size()) return;
  const Block& block = plan.blocks[id];
  Frame frame;
  frame.block = id;
  frame.pc = block.begin;
  frame.entered = state.now;
  frame.inserted = inserted;
  frame.share = share;
  frame.undo_mark = static_cast<std::uint32_t>(task.log.size());
  frame.attempt_due = later(state.now, duration_or(block.timeout, &task, kNever));
  frame.whole_due = later(state.now, duration_or(block.within, &task, kNever));
  task.frames.push_back(std::move(frame));
  if (is_step(block.kind) && !is_silent(task)) {
    record(RecordKind::StepStarted, {{"step", Value::string(block.name)}}, block.spot);
  }
  const bool is_rollout = block.kind == BlockKind::Rollout;
  const RolloutId rollout = rollout_of(task);
  const Acting for_it(*this, rollout);
  if (is_rollout && rollout != 0) begin_child(rollout);
  if (is_rollout && !row(rollout).stages.empty()) return;
  if (is_rollout) start_rollout(rollout);
  const bool first_stage = block.kind == BlockKind::Stage && enter_stage(task, block);
  const std::uint64_t scope = arm(task, id);
  if (is_rollout) state.rollouts[rollout].scope = scope;
  if (!is_rollout) task.frames.back().scope = scope;
  if (is_rollout) insert_hooks(task, HookKind::Start);
  if (block.kind == BlockKind::Stage) insert_hooks(task, HookKind::StageEntered);
  if (first_stage) insert_hooks(task, HookKind::Start);
  if (asks_world(id)) start_call(task, block);
}

// Whether it is the first stage that its rollout enters.
bool Core::enter_stage(Task& task, const Block& block) {
  const RolloutId id = rollout_of(task);
  RolloutRun& run = state.rollouts[id];
  const bool first = run.stages_entered++ == 0;
  // Guards of a stage that the run fell back to watched until now.
  if (task.frames.size() > 1) disarm(std::exchange(task.frames[task.frames.size() - 2].scope, 0));
  run.stage = block.stage;
  run.stage_entered = state.now;
  record(RecordKind::StageEntered, {}, block.spot);
  if (first) start_rollout(id);
  set_state(RunState::Running, {});
  if (!row(id).expires_at_end) start_expiry(id, block.stage);
  if (run.scope == 0) run.scope = arm(task, row(id).block);
  return first;
}

void Core::start_expiry(RolloutId id, plan::StageId stage) {
  const plan::Rollout& rollout = row(id);
  if (rollout.rollback_expires == kNone || rollout.expires_after_stage != stage) return;
  state.rollouts[id].rollback_expires_at = later(state.now, duration_or(rollout.rollback_expires, nullptr, kNever));
}

// Puts the hooks of this kind on top of the task's blocks, so that they run before its next statement.
bool Core::insert_hooks(Task& task, HookKind kind) {
  bool any = false;
  for (const plan::Hook& hook : row(rollout_of(task)).hooks | std::views::reverse) {
    if (hook.kind != kind) continue;
    enter(task, hook.block, true);
    any = true;
  }
  return any;
}

// The block's next try: from its beginning, with a new limit and guards that start at zero.
void Core::begin_attempt(Task& task) {
  task.wait = Wait::Ready;
  task.due = kNever;
  if (task.frames.empty()) return;
  const BlockId id = task.frames.back().block;
  const Block& block = plan.blocks[id];
  task.frames.back().pc = block.begin;
  task.frames.back().failed.clear();
  task.frames.back().attempt_due = later(state.now, duration_or(block.timeout, &task, kNever));
  task.frames.back().scope = arm(task, id);
  if (asks_world(id)) start_call(task, block);
}

void Core::advance(Task& task) {
  task.wait = Wait::Ready;
  task.waits_for = 0;
  task.due = kNever;
  if (task.stay) {
    task.stay = false;
    return;
  }
  if (task.frames.empty()) return;
  Frame& frame = task.frames.back();
  if (frame.pc < plan.code.size() && plan.code[frame.pc].op != plan::Op::End) ++frame.pc;
}

void Core::leave(Task& task) {
  Frame& frame = task.frames.back();
  const BlockId id = frame.block;
  const Block& block = plan.blocks[id];
  if (block.kind == BlockKind::Branches && has_children(task)) {
    task.wait = Wait::Children;
    return;
  }
  if (!frame.failed.empty()) {
    const std::size_t all = count_runs(block);
    const std::size_t passed = all - std::min(all, frame.failed.size());
    fail(task, fmt::format("{} of {} checks passed; {}", passed, all, fmt::join(frame.failed, "; ")));
    return;
  }
  const RolloutId rollout = rollout_of(task);
  const bool is_rollout = block.kind == BlockKind::Rollout;
  if (is_rollout && !frame.hooked) {
    frame.hooked = true;
    disarm(std::exchange(state.rollouts[rollout].scope, 0));
    if (insert_hooks(task, HookKind::Success)) return;
  }
  if (is_rollout && rollout != 0) end_child(rollout, Progress::Succeeded, {});
  convert_log(task, task.frames.back(), true);
  if (id == row(rollout).traffic_via) change_traffic(rollout, task.frames.back().share, block.spot);
  if (!is_silent(task)) {
    if (is_check(block.kind)) record(RecordKind::CheckPassed, {{"check", Value::string(block.name)}}, block.spot);
    if (is_step(block.kind)) record(RecordKind::StepDone, {{"step", Value::string(block.name)}}, block.spot);
  }
  disarm(task.frames.back().scope);
  const bool inserted = task.frames.back().inserted;
  task.frames.pop_back();
  task.wait = Wait::Ready;
  if (task.frames.empty()) {
    finish_task(task);
    return;
  }
  const std::uint32_t resume_at = task.frames.back().pc + 1;
  if (!inserted) advance(task);
  if (block.kind == BlockKind::Stage) leave_stage(task, block, resume_at);
}

void Core::leave_stage(Task& task, const Block& block, std::uint32_t resume_at) {
  record(RecordKind::StageDone, {}, block.spot);
  UndoEntry marker;
  marker.kind = UndoKind::StageEnd;
  marker.stage = block.stage;
  marker.resume_at = resume_at;
  task.log.push_back(std::move(marker));
  const RolloutId id = rollout_of(task);
  if (row(id).expires_at_end) start_expiry(id, block.stage);
  if (!row(id).stages.empty() && row(id).stages.back() == block.stage) {
    disarm(std::exchange(state.rollouts[id].scope, 0));
  }
  insert_hooks(task, HookKind::StageDone);
}

void Core::abandon(Task& task, std::size_t depth) {
  while (task.frames.size() > depth) {
    const Frame frame = task.frames.back();
    convert_log(task, frame, false);
    disarm(frame.scope);
    const RolloutId rollout = rollout_of(task);
    if (rollout != 0 && plan.blocks[frame.block].kind == BlockKind::Rollout) {
      disarm(std::exchange(state.rollouts[rollout].scope, 0));
      if (state.rollouts[rollout].progress == Progress::Running) end_child(rollout, Progress::Stopped, {});
    }
    task.stay = frame.inserted;
    task.frames.pop_back();
  }
}

// What a block did becomes one entry where the block says how to undo it, or that it cannot be undone.
void Core::convert_log(Task& task, const Frame& frame, bool completed) {
  if (frame.block >= plan.blocks.size()) return;
  const Block& block = plan.blocks[frame.block];
  const std::uint32_t mark = std::min(frame.undo_mark, static_cast<std::uint32_t>(task.log.size()));
  UndoEntry entry;
  entry.block = frame.block;
  entry.text = block.name;
  entry.inside = static_cast<std::uint32_t>(task.log.size()) - mark;
  const RolloutId rollout = rollout_of(task);
  if (rollout != 0 && block.kind == BlockKind::Rollout) {
    const RolloutRun& run = state.rollouts[rollout];
    const bool nothing = run.progress == Progress::RolledBack || (entry.inside == 0 && !run.has_started);
    if (nothing) return;
    entry.kind = UndoKind::Child;
    entry.rollout = rollout;
    task.log.push_back(std::move(entry));
    return;
  }
  if (!completed && (entry.inside == 0 || planted(plan::Bug::FailedNotUndone))) return;
  if (frame.block == row(rollout).traffic_via) {
    entry.kind = UndoKind::Traffic;
    entry.share = state.rollouts[rollout].traffic;
  } else if (block.undo != kNone) {
    entry.kind = UndoKind::Undo;
    for (const plan::VariableId variable : block.captures) {
      if (variable < state.variables.size()) entry.captures.emplace_back(variable, state.variables[variable]);
    }
  } else if (block.effect_class == EffectClass::Irreversible && entry.inside > 0) {
    entry.kind = UndoKind::Barrier;
  } else {
    return;
  }
  task.log.push_back(std::move(entry));
}

void Core::finish_task(Task& task) {
  task.wait = Wait::Gone;
  switch (task.kind) {
    case TaskKind::Main:
      state.main().progress = Progress::Succeeded;
      anchor_schedules(0, plan::Anchor::Success);
      if (open_schedules()) {
        set_state(RunState::FollowingUp, {});
      } else {
        end_run(RunState::Succeeded, {});
      }
      break;
    case TaskKind::Branch:
      if (Task* parent = find_task(task.parent)) {
        std::ranges::move(task.log, std::back_inserter(parent->log));
        if (parent->wait == Wait::Children) parent->wait = Wait::Ready;
        if (parent->stop) try_finish_stop(*parent);
      }
      break;
    case TaskKind::Hook: hook_ended(task, {}); break;
    case TaskKind::Undo: undo_ended(task, true, {}); break;
    case TaskKind::Notification: notification_ended(task, {}); break;
    case TaskKind::MetricCheck: check_answered(task, true, {}); break;
    case TaskKind::ItemCheck: item_checked(task, true, {}); break;
    case TaskKind::DoubtProbe: probe_answered(task, true, {}); break;
    case TaskKind::Schedule: schedule_ended(task); break;
    case TaskKind::AckCheck: acknowledgement_answered(task); break;
    case TaskKind::Companion:
    case TaskKind::Response: break;
  }
}

// A wait that is over although nothing happened outside: a hold whose time has come.
bool Core::complete_waiting(Task& task) {
  if (task.wait != Wait::Hold) return false;
  const auto hold = state.holds.find(task.waits_for);
  if (hold == state.holds.end()) {
    advance(task);
    return true;
  }
  if (!hold->second.satisfied || !may_advance(task)) return false;
  end_hold(task, "done");
  return true;
}

bool Core::run_ready_task() {
  for (auto& [id, task] : state.tasks) {
    if (task.wait != Wait::Hold && task.wait != Wait::Ready) continue;
    const Acting for_it(*this, rollout_of(task));
    if (task.wait == Wait::Hold && complete_waiting(task)) return true;
    if (task.wait != Wait::Ready || !may_advance(task)) continue;
    if (task.frames.empty()) {
      finish_task(task);
    } else {
      execute(task);
    }
    return true;
  }
  return false;
}

}  // namespace rollout::machine
