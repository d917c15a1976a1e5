#include <algorithm>

#include "runtime/machine/core.hpp"

// The statements of blocks, one at a time.

namespace rollout::machine {

using plan::Block;
using plan::BlockKind;
using plan::Instruction;
using plan::Op;

namespace {

// The routine whose value a statement needs before it can run, kNone where there is none.
RoutineId routine_of(const Instruction& instruction) {
  if (instruction.op == Op::Let || instruction.op == Op::JumpUnless) return instruction.c;
  if (instruction.op == Op::Require || instruction.op == Op::Result || instruction.op == Op::Traffic)
    return instruction.b;
  return kNone;
}

std::string unknown_text(const Value& value) {
  return value.as_string().empty() ? "it is unknown" : "it is unknown: " + value.as_string();
}

}  // namespace

void Core::execute(Task& task) {
  const std::uint32_t pc = task.frames.back().pc;
  const Instruction instruction = pc < plan.code.size() ? plan.code[pc] : Instruction{.op = Op::End};
  const RoutineId routine = routine_of(instruction);
  if (routine != kNone) {
    if (needs_samples(task, routine)) return;
    execute_value(task, instruction);
    return;
  }
  if (instruction.op == Op::Jump) {
    task.frames.back().pc = instruction.b;
  } else if (instruction.op == Op::Run) {
    execute_run(task, instruction.b);
  } else if (instruction.op == Op::Parallel) {
    enter(task, instruction.b);
  } else if (instruction.op == Op::Effect) {
    start_effect(task, instruction);
  } else if (instruction.op == Op::Hold) {
    start_hold(task, instruction.b);
  } else if (instruction.op == Op::Gate && task.kind == TaskKind::Response && task.item == kOutranked) {
    advance(task);
  } else if (instruction.op == Op::Gate) {
    open_gate(task, instruction.b);
  } else if (instruction.op == Op::Notify) {
    if (notification_needs_samples(task, instruction.b)) return;
    notify(task, instruction.b);
    std::erase_if(state.inquiries, [&](const SlotPoll& poll) { return poll.task == task.id; });
    advance(task);
  } else if (instruction.op == Op::Absent) {
    task.absent = true;
    end_routine(task);
  } else if (instruction.op == Op::UndoRest) {
    const std::uint64_t id = task.id;
    task.wait = Wait::Span;
    const auto going_back = rollback_with(id);
    if (!going_back) {
      advance(task);
      return;
    }
    RollbackRun& run = *state.rollouts[*going_back].rollback;
    const std::uint32_t entry = std::min(task.item, static_cast<std::uint32_t>(run.log.size()));
    const std::uint32_t inside = entry < run.log.size() ? std::min(run.log[entry].inside, entry) : 0;
    run.spans.push_back({.begin = entry - inside, .cursor = entry, .task = id});
    run.task = 0;
  } else if (instruction.op == Op::Outcome) {
    take_outcome(instruction.b, Cause{"", "", instruction.spot, state.now}, &task);
  } else {
    leave(task);
  }
}

// Whether the statement has to wait for a poll. Its samples are those of this instant; a scripted world may have
// changed since others asked in it.
bool Core::needs_samples(Task& task, RoutineId routine) {
  std::vector<plan::MetricId> missing;
  for (const plan::MetricId metric : metrics_of(routine)) {
    if (metric >= state.metrics.size()) continue;
    const MetricState& known = state.metrics[metric];
    const bool current = known.decided && known.slot == state.now && !state.scripted_world;
    if (!current) missing.push_back(metric);
  }
  return wait_for_samples(task, missing);
}

// People are told what is known; only what nobody watches any more, as after the end, is asked for first.
bool Core::notification_needs_samples(Task& task, plan::NotificationId id) {
  if (id >= plan.notifications.size()) return false;
  std::vector<plan::MetricId> unknown;
  for (const plan::MetricId metric : metrics_of(plan.notifications[id].text)) {
    if (metric >= state.metrics.size()) continue;
    const MetricState& known = state.metrics[metric];
    if (!known.decided || between(known.slot, state.now) > stale_after(metric)) unknown.push_back(metric);
  }
  return wait_for_samples(task, unknown);
}

// Once for a statement: what was not answered in time stays unknown.
bool Core::wait_for_samples(Task& task, const std::vector<plan::MetricId>& metrics) {
  const auto own = std::ranges::find_if(state.inquiries, [&](const SlotPoll& poll) { return poll.task == task.id; });
  if (metrics.empty() || own != state.inquiries.end()) return false;
  want(state.inquiries, task.id, state.now, metrics);
  task.wait = Wait::Samples;
  return true;
}

bool Core::execute_value(Task& task, const Instruction& instruction) {
  const Value value = compute(routine_of(instruction), &task);
  std::erase_if(state.inquiries, [&](const SlotPoll& poll) { return poll.task == task.id; });
  if (instruction.op == Op::Let) {
    execute_let(task, instruction, value);
  } else if (instruction.op == Op::Require) {
    execute_require(task, instruction, value);
  } else if (instruction.op == Op::Result) {
    execute_result(task, value);
  } else if (instruction.op == Op::Traffic) {
    execute_traffic(task, instruction, value);
  } else if (value.is_missing()) {
    fail(task, "the condition `" + plan.routines[instruction.c].text + "` cannot be decided: " + unknown_text(value),
         true);
  } else if (value.as_bool()) {
    advance(task);
  } else {
    task.frames.back().pc = instruction.b;
  }
  return true;
}

void Core::execute_let(Task& task, const Instruction& instruction, const Value& value) {
  if (instruction.b < state.variables.size()) {
    state.variables[instruction.b] = value;
    if (!is_silent(task)) {
      record(RecordKind::ValueBound, {{"name", Value::string(plan.variables[instruction.b].name)}, {"value", value}},
             instruction.spot);
    }
  }
  advance(task);
}

void Core::execute_require(Task& task, const Instruction& instruction, const Value& value) {
  if (value.as_bool()) {
    advance(task);
    return;
  }
  const std::string message = text_of(instruction.c, &task);
  const std::string condition = "`" + plan.routines[instruction.b].text + "`";
  std::string error = message.empty() ? condition + " does not hold" : message;
  if (value.is_missing())
    error = (message.empty() ? condition : message + ": " + condition) + " cannot be decided: " + unknown_text(value);
  fail(task, error, value.is_missing());
}

// `return` of an action, a source or an acknowledgement.
void Core::execute_result(Task& task, const Value& value) {
  const Block& routine = plan.blocks[task.frames[returning_frame(task)].block];
  if (routine.kind == BlockKind::Source) task.answer = value;
  if (routine.kind == BlockKind::Action && routine.result < state.variables.size()) {
    state.variables[routine.result] = value;
    if (!is_silent(task)) {
      record(RecordKind::ValueBound, {{"name", Value::string(routine.name)}, {"value", value}}, routine.spot);
    }
  }
  end_routine(task);
}

// The innermost block that a `return` ends.
std::size_t Core::returning_frame(const Task& task) const {
  std::size_t index = task.frames.size() - 1;
  const auto returns = [&] {
    const BlockKind kind = plan.blocks[task.frames[index].block].kind;
    return kind == BlockKind::Action || kind == BlockKind::Source;
  };
  while (index > 0 && !returns()) --index;
  return index;
}

// The rest of what a `return` ends is left out.
void Core::end_routine(Task& task) {
  const std::size_t depth = returning_frame(task) + 1;
  while (task.frames.size() > depth) {
    const Frame frame = task.frames.back();
    convert_log(task, frame, true);
    disarm(frame.scope);
    task.frames.pop_back();
  }
  task.frames.back().pc = plan.blocks[task.frames.back().block].end - 1;
  task.wait = Wait::Ready;
}

void Core::execute_traffic(Task& task, const Instruction& instruction, const Value& value) {
  if (value.kind() != plan::ValueKind::Ratio) {
    fail(task, "the share of traffic cannot be computed: " + unknown_text(value), true);
    return;
  }
  const RolloutId rollout = rollout_of(task);
  if (row(rollout).traffic_via < plan.blocks.size()) {
    enter(task, row(rollout).traffic_via, false, value);
    return;
  }
  UndoEntry entry;
  entry.kind = UndoKind::Traffic;
  entry.share = state.rollouts[rollout].traffic;
  entry.text = "traffic";
  task.log.push_back(std::move(entry));
  change_traffic(rollout, value, instruction.spot);
  advance(task);
}

void Core::change_traffic(RolloutId id, const Value& share, SpotId spot) {
  Value& traffic = state.rollouts[id].traffic;
  record(RecordKind::TrafficChanged, {{"from", traffic}, {"to", share}}, spot);
  traffic = share;
}

void Core::execute_run(Task& task, BlockId id) {
  if (id >= plan.blocks.size()) {
    advance(task);
    return;
  }
  const Block& block = plan.blocks[id];
  const bool is_child = block.kind == BlockKind::Rollout && block.rollout != 0;
  if (is_child && holder_of(block.rollout).first) {
    fail(task, "`" + row(block.rollout).path + "` runs already");
    return;
  }
  if (plan.blocks[task.frames.back().block].kind == BlockKind::Branches) {
    fork(task, id);
    return;
  }
  if (block.kind == BlockKind::Stage && is_forward(task)) {
    const Nanoseconds opening = opening_of(rollout_of(task), block.stage);
    if (opening > state.now) {
      wait_for_opening(task, opening);
      return;
    }
  }
  enter(task, id);
}

// A branch of `parallel` becomes a task of its own.
void Core::fork(Task& task, BlockId block) {
  const std::uint32_t at_most = plan.blocks[task.frames.back().block].at_most;
  const auto running = std::ranges::count_if(state.tasks, [&](const auto& entry) {
    return entry.second.kind == TaskKind::Branch && entry.second.parent == task.id && entry.second.wait != Wait::Gone;
  });
  if (at_most > 0 && running >= static_cast<std::ptrdiff_t>(at_most)) {
    task.wait = Wait::Children;
    return;
  }
  Task& branch = new_task(TaskKind::Branch, &task);
  const Value share = context_value(plan::ContextValue::Share, &task);
  enter(branch, block, false, share);
  advance(task);
}

}  // namespace rollout::machine
