// `each` and `parallel each`: loops are written out. Where the run alone knows the elements, rounds up to a limit are
// written out and those that have no element are skipped.

#include <cmath>
#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

// So many where each of them must be there in case the run has an element for it.
constexpr std::size_t kMostUnknownRounds = 100;

void too_many_rounds(Lowering& l, const check::EachStep& each, double rounds) {
  constexpr double kMostShown = 1e15;
  Location in = l.expr(each.in).location;
  if (each.in_to != kNone) in.span.end = l.expr(each.in_to).location.span.end;
  refuse_size(l,
              {.kind = plan::Excess::Kind::Rounds,
               .what = "rounds of one `each`",
               .counted = rounds < kMostShown ? static_cast<std::uint64_t>(rounds) : 0,
               .most = kMostRounds},
              in);
}

// What the variable of a loop takes, one after the other; nothing where only the run knows.
std::optional<plan::List> rounds_of(Lowering& l, const check::EachStep& each) {
  const Code in = lower_expression(l, each.in);
  if (!in.is_constant()) return std::nullopt;
  if (each.in_to == kNone) {
    if (in.constant->kind() != ValueKind::List) return std::nullopt;
    if (in.constant->as_list().size() <= kMostRounds) return in.constant->as_list();
    too_many_rounds(l, each, static_cast<double>(in.constant->as_list().size()));
    return plan::List();
  }
  const std::optional<double> to = constant_number(l, each.in_to);
  if (!to || in.constant->kind() != ValueKind::Number) return std::nullopt;
  plan::List numbers;
  for (double at = in.constant->as_double(); at <= *to && numbers.size() < kMostRounds; at += 1) {
    numbers.push_back(Value::number(at));
  }
  const double rounds = std::floor(*to - in.constant->as_double()) + 1;
  if (rounds > kMostRounds) too_many_rounds(l, each, rounds);
  return numbers;
}

void emit_rounds(Lowering& l, const check::EachStep& each, const plan::List& rounds, const Location& location) {
  const plan::BlockKind kind = each.parallel ? plan::BlockKind::Branch : plan::BlockKind::Each;
  for (const Value& round : rounds) {
    l.names[each.variable] = constant_code(round);
    run_block(l, kind, l.symbol(each.variable).name + " = " + plan::to_literal(round), each.body, location);
  }
}

// A loop whose elements the run knows: a list, or whole numbers from `first` to `last`.
struct Unknown {
  Code list, first, last;
  bool is_range = false;
  std::string text;  // of what it goes through
};

// What is computed once, before the first round.
Code kept(Lowering& l, const Code& code, const std::string& name) {
  if (code.is_constant()) return code;
  const VariableId variable = l.build.variable(name, code.kind);
  l.build.emit(Op::Let, variable, routine_of(l, code, name));
  return load_code(l, variable, l.spot);
}

Code operation(Lowering& l, Op op, const Code& left, const Code& right, ValueKind kind) {
  const Code operands[] = {left, right};
  return combine(l.build, {.op = op, .spot = l.spot}, operands, kind);
}

Code element(Lowering& l, const Unknown& loop, std::size_t round) {
  const Code index = constant_code(Value::number(static_cast<double>(round)));
  return loop.is_range ? operation(l, Op::Add, loop.first, index, ValueKind::Number)
                       : operation(l, Op::Index, loop.list, index, ValueKind::Any);
}

// Whether there is a round of that number, counted from 0.
Code has_round(Lowering& l, const Unknown& loop, std::size_t round) {
  if (loop.is_range) return operation(l, Op::LessEqual, element(l, loop, round), loop.last, ValueKind::Bool);
  const plan::Instruction length{
      .op = Op::Call, .a = 1, .b = static_cast<std::uint32_t>(plan::Builtin::Length), .spot = l.spot};
  const Code count = combine(l.build, length, std::span(&loop.list, 1), ValueKind::Number);
  return operation(l, Op::Greater, count, constant_code(Value::number(static_cast<double>(round))), ValueKind::Bool);
}

// More elements than there are rounds fail the step before its first round.
void emit_limit(Lowering& l, const Unknown& loop) {
  const plan::PlanBuilder::Label fits = l.build.new_label();
  l.build.jump_unless(fits, routine_of(l, has_round(l, loop, kMostUnknownRounds), "more than 100 of " + loop.text));
  emit_failure(l, "`" + loop.text +
                      "` has more than 100 elements: an `each` through what only a run knows has at most 100 rounds");
  l.build.bind(fits);
}

void emit_round(Lowering& l, const check::EachStep& each, const Unknown& loop, std::size_t round,
                plan::PlanBuilder::Label otherwise, const Location& location) {
  const std::string& name = l.symbol(each.variable).name;
  const std::string text =
      loop.is_range ? std::to_string(round) + " rounds of " + loop.text : loop.text + "[" + std::to_string(round) + "]";
  l.build.jump_unless(otherwise, routine_of(l, has_round(l, loop, round), text));
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Each, name + " = " + text, location);
    id = block.id();
    const Code value = element(l, loop, round);
    const VariableId variable = l.build.variable(name, value_kind(l.module, l.symbol(each.variable).type));
    l.build.emit(Op::Let, variable, routine_of(l, value, name));
    l.names[each.variable] = load_code(l, variable, l.spot);
    lower_body(l, each.body);
  }
  l.build.emit(Op::Run, id);
}

void emit_unknown_rounds(Lowering& l, const check::Step& step, const check::EachStep& each) {
  Unknown loop;
  loop.is_range = each.in_to != kNone;
  loop.text = quoted(l, l.expr(each.in).location);
  if (loop.is_range) {
    loop.text += ".." + quoted(l, l.expr(each.in_to).location);
    loop.first = kept(l, lower_expression(l, each.in), loop.text);
    loop.last = kept(l, lower_expression(l, each.in_to), loop.text);
  } else {
    loop.list = kept(l, lower_expression(l, each.in), loop.text);
  }
  emit_limit(l, loop);
  if (!each.parallel) {
    const plan::PlanBuilder::Label done = l.build.new_label();
    for (std::size_t round = 0; round < kMostUnknownRounds; ++round) {
      emit_round(l, each, loop, round, done, step.location);
    }
    l.build.bind(done);
    return;
  }
  plan::BlockId branches = kNone;
  {
    const InBlock block(l, plan::BlockKind::Branches, head_text(l, step, each.body), step.location);
    branches = block.id();
    l.block().at_most = constant_count(l, each.at_most);
    for (std::size_t round = 0; round < kMostUnknownRounds; ++round) {
      plan::BlockId branch = kNone;
      {
        const InBlock inner(l, plan::BlockKind::Branch, loop.text + "[" + std::to_string(round) + "]", step.location);
        branch = inner.id();
        const plan::PlanBuilder::Label none = l.build.new_label();
        emit_round(l, each, loop, round, none, step.location);
        l.build.bind(none);
      }
      l.build.emit(Op::Run, branch);
    }
  }
  l.build.emit(Op::Parallel, branches);
}

}  // namespace

void lower_each(Lowering& l, const check::Step& step, const check::EachStep& each) {
  const std::optional<plan::List> rounds = rounds_of(l, each);
  if (!rounds) {
    emit_unknown_rounds(l, step, each);
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

}  // namespace rollout::lower
