// Steps of steps: `if`, `parallel`, `within` and `every`; loops are in loops.cpp.

#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

void run_block(Lowering& l, plan::BlockKind kind, std::string name, check::BlockId body, const Location& location) {
  if (body == kNone) return;
  const plan::BlockId id = lower_block(l, kind, std::move(name), body, location);
  l.build.emit(Op::Run, id);
}

std::string head_text(const Lowering& l, const check::Step& step, check::BlockId body) {
  Location head = step.location;
  if (body != kNone) head.span.end = std::min(head.span.end, l.module.blocks[body].location.span.begin);
  std::string text = quoted(l, head);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

void emit_failure(Lowering& l, const std::string& why) {
  const RoutineId unknown = l.build.constant_routine(Value::missing(why));
  const plan::PlanBuilder::Label next = l.build.new_label();
  l.build.jump_unless(next, unknown);
  l.build.bind(next);
}

void lower_if(Lowering& l, const check::Step& step, const check::IfStep& condition) {
  const Code code = lower_expression(l, condition.condition);
  const std::string text = quoted(l, l.expr(condition.condition).location);
  if (code.is_constant() && code.constant->kind() == ValueKind::Bool) {
    const check::BlockId taken = code.constant->as_bool() ? condition.then : condition.otherwise;
    run_block(l, plan::BlockKind::If, text, taken, step.location);
    return;
  }
  const plan::PlanBuilder::Label otherwise = l.build.new_label();
  l.build.jump_unless(otherwise, routine_of(l, code, text));
  run_block(l, plan::BlockKind::If, text, condition.then, step.location);
  if (condition.otherwise == kNone) {
    l.build.bind(otherwise);
    return;
  }
  const plan::PlanBuilder::Label end = l.build.new_label();
  l.build.jump(end);
  l.build.bind(otherwise);
  run_block(l, plan::BlockKind::If, "not " + text, condition.otherwise, step.location);
  l.build.bind(end);
}

void lower_parallel(Lowering& l, const check::Step& step, const check::ParallelStep& parallel) {
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Branches, "parallel", step.location);
    id = block.id();
    for (const check::BlockId branch : parallel.branches) {
      const Location& location = l.module.blocks[branch].location;
      run_block(l, plan::BlockKind::Branch, quoted(l, location), branch, location);
    }
  }
  l.build.emit(Op::Parallel, id);
}

void lower_within(Lowering& l, const check::Step& step, const check::WithinStep& within) {
  const RoutineId limit = lower_routine(l, within.limit);
  const plan::BlockId id =
      lower_block(l, plan::BlockKind::Within, head_text(l, step, within.body), within.body, step.location);
  const plan::ResponseId otherwise = lower_response(l, step.tail.otherwise);
  l.build.block(id).within = limit;
  l.build.block(id).otherwise = otherwise;
  l.build.emit(Op::Run, id);
}

void lower_recur(Lowering& l, const check::Step& step, const check::RecurStep& recur) {
  const RoutineId every = lower_routine(l, recur.every);
  const std::string period = quoted(l, l.expr(recur.every).location);
  const plan::BlockId id = lower_block(l, plan::BlockKind::Every, period, recur.body, step.location);
  l.build.block(id).every = every;
  l.block().companions.push_back(id);
}

}  // namespace rollout::lower
