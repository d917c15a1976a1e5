// Steps of steps: `if`, `each`, `parallel`, `within` and `every`.

#include <cmath>
#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

// More rounds than that are no rollout.
constexpr std::size_t kMaxRounds = 10'000;

void run_block(Lowering& l, plan::BlockKind kind, std::string name, check::BlockId body, const Location& location) {
  if (body == kNone) return;
  const plan::BlockId id = lower_block(l, kind, std::move(name), body, location);
  l.build.emit(Op::Run, id);
}

// What the variable of a loop takes, one after the other; nothing where only the run knows.
std::optional<plan::List> rounds_of(Lowering& l, const check::EachStep& each) {
  const Code in = lower_expression(l, each.in);
  if (!in.is_constant()) return std::nullopt;
  if (each.in_to == kNone) {
    if (in.constant->kind() != ValueKind::List || in.constant->as_list().size() > kMaxRounds) return std::nullopt;
    return in.constant->as_list();
  }
  const std::optional<double> to = constant_number(l, each.in_to);
  if (!to || in.constant->kind() != ValueKind::Number) return std::nullopt;
  plan::List numbers;
  for (double at = in.constant->as_double(); at <= *to && numbers.size() < kMaxRounds; at += 1) {
    numbers.push_back(Value::number(at));
  }
  return numbers;
}

void emit_rounds(Lowering& l, const check::EachStep& each, const plan::List& rounds, const Location& location) {
  const plan::BlockKind kind = each.parallel ? plan::BlockKind::Branch : plan::BlockKind::Each;
  for (const Value& round : rounds) {
    l.names[each.variable] = constant_code(round);
    run_block(l, kind, l.symbol(each.variable).name + " = " + plan::to_literal(round), each.body, location);
  }
}

// The source up to the body, as the name of what has one.
std::string head_text(const Lowering& l, const check::Step& step, check::BlockId body) {
  Location head = step.location;
  if (body != kNone) head.span.end = std::min(head.span.end, l.module.blocks[body].location.span.begin);
  std::string text = source_text(l.module, head);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

void emit_failure(Lowering& l, const std::string& why) {
  const RoutineId unknown = l.build.constant_routine(Value::missing(why));
  const plan::PlanBuilder::Label next = l.build.new_label();
  l.build.jump_unless(next, unknown);
  l.build.bind(next);
}

void lower_if(Lowering& l, const check::Step& step, const check::IfStep& condition) {
  const Code code = lower_expression(l, condition.condition);
  const std::string text = source_text(l.module, l.expr(condition.condition).location);
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

void lower_each(Lowering& l, const check::Step& step, const check::EachStep& each) {
  const std::optional<plan::List> rounds = rounds_of(l, each);
  if (!rounds) {
    emit_failure(l, "the elements of `" + source_text(l.module, l.expr(each.in).location) +
                        "` are not known when the plan is built");
    return;
  }
  if (!each.parallel) {
    emit_rounds(l, each, *rounds, step.location);
    return;
  }
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Branches, head_text(l, step, each.body), step.location);
    id = block.id();
    l.block().at_most = constant_count(l, each.at_most);
    emit_rounds(l, each, *rounds, step.location);
  }
  l.build.emit(Op::Parallel, id);
}

void lower_parallel(Lowering& l, const check::Step& step, const check::ParallelStep& parallel) {
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Branches, "parallel", step.location);
    id = block.id();
    for (const check::BlockId branch : parallel.branches) {
      const Location& location = l.module.blocks[branch].location;
      run_block(l, plan::BlockKind::Branch, source_text(l.module, location), branch, location);
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
  const std::string period = source_text(l.module, l.expr(recur.every).location);
  const plan::BlockId id = lower_block(l, plan::BlockKind::Every, period, recur.body, step.location);
  l.build.block(id).every = every;
  l.block().companions.push_back(id);
}

}  // namespace rollout::lower
