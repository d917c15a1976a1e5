// Steps: each kind to what carries it out.

#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

bool is_call(const Lowering& l, ExprId id) {
  return id != kNone && l.expr(id).kind == ExprKind::Call;
}

void lower_let(Lowering& l, const check::Step& step, const check::LetStep& let) {
  const check::Symbol& symbol = l.symbol(let.symbol);
  if (is_call(l, let.value)) {
    const VariableId variable = l.build.variable(symbol.name, value_kind(l.module, symbol.type));
    l.names[let.symbol] = load_code(l, variable, l.spot);
    lower_call(l, {.call = let.value,
                   .result = variable,
                   .modifier = let.modifier,
                   .has_modifier = let.has_modifier,
                   .tail = &step.tail});
    return;
  }
  const Code value = lower_expression(l, let.value);
  const VariableId variable = l.build.variable(symbol.name, value.kind);
  l.build.emit(Op::Let, variable, routine_of(l, value, quoted(l, l.expr(let.value).location)));
  l.names[let.symbol] = value.is_constant() ? value : load_code(l, variable, l.spot);
}

void lower_return(Lowering& l, const check::ReturnStep& step) {
  switch (step.kind) {
    case check::ReturnStep::Kind::Value: l.build.emit(Op::Result, lower_routine(l, step.value)); break;
    case check::ReturnStep::Kind::Absent: l.build.emit(Op::Absent); break;
    // The poll fails as a check does that requires what cannot be.
    case check::ReturnStep::Kind::Failed:
      l.build.emit(Op::Require, l.build.constant_routine(Value::boolean(false)), lower_routine(l, step.value));
      break;
  }
}

void lower_require(Lowering& l, const check::RequireStep& require) {
  const Expr& condition = l.expr(require.condition);
  if (condition.kind == ExprKind::CheckUse && require.message == kNone) {
    // A check that is all that is required says itself why it fails.
    const plan::BlockId check = lower_check(l, condition);
    l.build.emit(Op::Run, check);
    return;
  }
  const Code code = lower_expression(l, require.condition);
  const RoutineId routine = routine_of(l, code, require.text);
  l.build.emit(Op::Require, routine, lower_optional(l, require.message));
}

}  // namespace

void lower_step(Lowering& l, const check::Step& step) {
  const Counted counted(l);
  if (l.too_large) return;
  const At at(l, step.location);
  std::visit(
      Overloaded{
          [&](const check::LetStep& body) { lower_let(l, step, body); },
          [&](const check::EffectStep& body) {
            lower_call(
                l,
                {.call = body.call, .modifier = body.modifier, .has_modifier = body.has_modifier, .tail = &step.tail});
          },
          [&](const check::TrafficStep& body) { lower_traffic(l, step, body); },
          [&](const check::HoldStep& body) { lower_hold(l, step, body); },
          [&](const check::VerifyStep& body) { lower_verify(l, step, body); },
          [&](const check::ApproveStep& body) { lower_approve(l, step, body); },
          [&](const check::ChecklistStep& body) { lower_checklist(l, step, body); },
          [&](const check::AskStep& body) { lower_ask(l, step, body); },
          [&](const check::NotifyStep& body) { lower_notify(l, step, body); },
          [&](const check::IfStep& body) { lower_if(l, step, body); },
          [&](const check::EachStep& body) { lower_each(l, step, body); },
          [&](const check::ParallelStep& body) { lower_parallel(l, step, body); },
          [&](const check::WithinStep& body) { lower_within(l, step, body); },
          [&](const check::RecurStep& body) { lower_recur(l, step, body); },
          [&](const check::ChildStep& body) { lower_child(l, step, body); },
          [&](const check::RequireStep& body) { lower_require(l, body); },
          [&](const check::ReturnStep& body) { lower_return(l, body); },
          [&](const check::UndoRestStep&) { l.build.emit(Op::UndoRest); },
          [&](const check::OutcomeStep& body) { l.build.emit(Op::Outcome, lower_response(l, body.response)); },
          [&](const check::GuardStep& body) { lower_guard(l, body.guard); },
          [&](const check::WatchStep& body) { lower_watch(l, body); },
          [&](const check::StageStep& body) { lower_stage(l, body.stage); },
      },
      step.body);
}

}  // namespace rollout::lower
