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
  } else if (instruction.op == Op::UndoRest) {
    const std::uint64_t id = task.id;
    task.wait = Wait::Span;
    if (!state.rollback || state.rollback->task != id) {
      advance(task);
      return;
    }
    const std::uint32_t entry = task.item;
    const auto& log = state.rollback->log;
    const std::uint32_t inside = entry < log.size() ? std::min(log[entry].inside, entry) : 0;
    state.rollback->spans.push_back(
        {entry - inside, std::min<std::uint32_t>(entry, static_cast<std::uint32_t>(log.size())), id});
    state.rollback->task = 0;
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

// `return`: the rest of the action is left out.
void Core::execute_result(Task& task, const Value& value) {
  std::size_t depth = task.frames.size();
  while (depth > 1 && plan.blocks[task.frames[depth - 1].block].kind != BlockKind::Action) --depth;
  const Block& action = plan.blocks[task.frames[depth - 1].block];
  if (action.kind == BlockKind::Action && action.result < state.variables.size()) {
    state.variables[action.result] = value;
    if (!is_silent(task)) {
      record(RecordKind::ValueBound, {{"name", Value::string(action.name)}, {"value", value}}, action.spot);
    }
  }
  while (task.frames.size() > depth) {
    const Frame frame = task.frames.back();
    convert_log(task, frame, true);
    disarm(frame.scope);
    task.frames.pop_back();
  }
  task.frames.back().pc = action.end - 1;
  task.wait = Wait::Ready;
}

void Core::execute_traffic(Task& task, const Instruction& instruction, const Value& value) {
  if (value.kind() != plan::ValueKind::Ratio) {
    fail(task, "the share of traffic cannot be computed: " + unknown_text(value), true);
    return;
  }
  if (plan.rollout.traffic_via < plan.blocks.size()) {
    enter(task, plan.rollout.traffic_via, false, value);
    return;
  }
  UndoEntry entry;
  entry.kind = UndoKind::Traffic;
  entry.share = state.traffic;
  entry.text = "traffic";
  task.log.push_back(std::move(entry));
  record(RecordKind::TrafficChanged, {{"from", state.traffic}, {"to", value}}, instruction.spot);
  state.traffic = value;
  advance(task);
}

void Core::execute_run(Task& task, BlockId id) {
  if (id >= plan.blocks.size()) {
    advance(task);
    return;
  }
  const Block& block = plan.blocks[id];
  if (plan.blocks[task.frames.back().block].kind == BlockKind::Branches) {
    fork(task, id);
    return;
  }
  if (block.kind == BlockKind::Stage && task.kind == TaskKind::Main) {
    const Nanoseconds opening = opening_of(block.stage);
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
