#include "compiler/check/nature.hpp"

#include <optional>

namespace rollout::check {

using plan::EffectClass;

ExprId call_of(const Step& step) {
  if (const auto* effect = std::get_if<EffectStep>(&step.body)) return effect->call;
  const auto* let = std::get_if<LetStep>(&step.body);
  return let == nullptr ? kNone : let->value;
}

bool Nature::changes(const Step& step) {
  return of_step(step).changes;
}
bool Nature::is_irreversible(const Step& step) {
  return of_step(step).irreversible;
}
bool Nature::verifies(const Step& step) {
  return of_step(step).verifies;
}

Nature::Known Nature::of_action(std::uint32_t index) {
  if (actions_[index].known) return actions_[index];
  // An action that uses itself was reported long before; this ends the search all the same.
  actions_[index].known = true;
  const ActionDecl& action = module_.actions[index];
  Known known = of_block(action.body);
  if (action.has_class) {
    known.changes = action.effect_class != EffectClass::ReadOnly;
    known.irreversible = action.effect_class == EffectClass::Irreversible;
  }
  known.known = true;
  return actions_[index] = known;
}

Nature::Known Nature::of_block(BlockId id) {
  Known known;
  if (id == kNone) return known;
  const auto add = [&](const Known& other) {
    known.changes = known.changes || other.changes;
    known.irreversible = known.irreversible || other.irreversible;
    known.verifies = known.verifies || other.verifies;
  };
  for (const StepId id_of_step : module_.blocks[id].steps) {
    const Step& step = module_.steps[id_of_step];
    add(of_step(step));
    if (const auto* branch = std::get_if<IfStep>(&step.body)) {
      add(of_block(branch->then));
      add(of_block(branch->otherwise));
    }
    if (const auto* each = std::get_if<EachStep>(&step.body)) add(of_block(each->body));
    if (const auto* within = std::get_if<WithinStep>(&step.body)) add(of_block(within->body));
    if (const auto* parallel = std::get_if<ParallelStep>(&step.body)) {
      for (const BlockId branch_id : parallel->branches) add(of_block(branch_id));
    }
  }
  return known;
}

Nature::Known Nature::of_step(const Step& step) {
  Known known;
  if (std::holds_alternative<TrafficStep>(step.body)) known.changes = true;
  const auto* hold = std::get_if<HoldStep>(&step.body);
  known.verifies = (hold != nullptr && !hold->until.empty()) || std::holds_alternative<VerifyStep>(step.body) ||
                   std::holds_alternative<ApproveStep>(step.body) || std::holds_alternative<ChecklistStep>(step.body) ||
                   std::holds_alternative<AskStep>(step.body);
  const ExprId call = call_of(step);
  if (call == kNone || module_.exprs[call].kind != ExprKind::Call) return known;
  const Symbol& symbol = module_.symbols[module_.exprs[call].symbol];
  if (symbol.kind == SymbolKind::Action) known = of_action(symbol.index);
  std::optional<EffectClass> said;
  if (symbol.kind == SymbolKind::Native) said = module_.natives[symbol.index].effect_class;
  const auto* effect = std::get_if<EffectStep>(&step.body);
  const auto* let = std::get_if<LetStep>(&step.body);
  if (effect != nullptr && effect->has_modifier) said = effect->modifier;
  if (let != nullptr && let->has_modifier) said = let->modifier;
  if (said) {
    known.changes = *said != EffectClass::ReadOnly;
    known.irreversible = *said == EffectClass::Irreversible;
  }
  return known;
}

}  // namespace rollout::check
