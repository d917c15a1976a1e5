#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/checker.hpp"

// Changes that nothing would undo and that say nothing about their nature: a rollback would pass over them in silence.

namespace rollout::check {
namespace {

class Changes {
 public:
  explicit Changes(Checker& c) : c_(c), actions_(c.module.actions.size(), Known::Unknown) {}

  // Warns about every such change in the block and below.
  void report_in(BlockId id) {
    if (id == kNone || c_.module.blocks[id].undo != kNone) return;
    for (const StepId step : c_.module.blocks[id].steps) {
      if (!is_protected_step(step)) report(step);
      for (const BlockId below : blocks_below(step)) report_in(below);
    }
  }

 private:
  enum class Known : std::uint8_t { Unknown, Running, Protected, Unprotected };

  ExprId call_of(StepId id) const {
    const Step& step = c_.module.steps[id];
    const auto* effect = std::get_if<EffectStep>(&step.body);
    const auto* let = std::get_if<LetStep>(&step.body);
    const ExprId call = effect != nullptr ? effect->call : let != nullptr ? let->value : kNone;
    return call != kNone && c_.expr(call).kind == ExprKind::Call && c_.expr(call).type != kErrorType ? call : kNone;
  }

  bool is_protected_step(StepId id) {
    const ExprId call = call_of(id);
    const Step& step = c_.module.steps[id];
    if (call == kNone || step.tail.undo != kNone) return true;
    const auto* effect = std::get_if<EffectStep>(&step.body);
    const auto* let = std::get_if<LetStep>(&step.body);
    if ((effect != nullptr && effect->has_modifier) || (let != nullptr && let->has_modifier)) return true;
    const Symbol& symbol = c_.symbol(c_.expr(call).symbol);
    if (symbol.kind == SymbolKind::Native)
      return c_.module.natives[symbol.index].effect_class != plan::EffectClass::Opaque;
    return symbol.kind != SymbolKind::Action || is_protected_action(symbol.index);
  }

  bool is_protected_action(std::uint32_t index) {
    const ActionDecl& action = c_.module.actions[index];
    if (action.has_class || action.body == kNone) return true;
    if (actions_[index] == Known::Unknown) {
      actions_[index] = Known::Running;
      actions_[index] = is_protected_block(action.body) ? Known::Protected : Known::Unprotected;
    }
    return actions_[index] != Known::Unprotected;
  }

  bool is_protected_block(BlockId id) {
    const Block& block = c_.module.blocks[id];
    if (block.undo != kNone) return true;
    return std::ranges::all_of(block.steps, [&](StepId step) {
      const auto below = blocks_below(step);
      return is_protected_step(step) &&
             std::ranges::all_of(below, [&](BlockId inner) { return is_protected_block(inner); });
    });
  }

  std::vector<BlockId> blocks_below(StepId id) const {
    const StepBody& body = c_.module.steps[id].body;
    std::vector<BlockId> blocks;
    if (const auto* branch = std::get_if<IfStep>(&body)) blocks = {branch->then, branch->otherwise};
    if (const auto* each = std::get_if<EachStep>(&body)) blocks = {each->body};
    if (const auto* parallel = std::get_if<ParallelStep>(&body)) blocks = parallel->branches;
    if (const auto* within = std::get_if<WithinStep>(&body)) blocks = {within->body};
    if (const auto* recur = std::get_if<RecurStep>(&body)) blocks = {recur->body};
    if (const auto* stage = std::get_if<StageStep>(&body)) blocks = {c_.module.stages[stage->stage].body};
    std::erase(blocks, kNone);
    return blocks;
  }

  void report(StepId id) {
    const Expr& call = c_.expr(call_of(id));
    const Symbol& symbol = c_.symbol(call.symbol);
    c_.report(Code::ChangeWithoutUndo, call.location,
              fmt::format("`{}` changes something and nothing undoes it", symbol.path))
        .also(symbol.declared, "the action has no `undo`")
        .note("a rollback would leave it as it is, and after a crash nobody knows whether it may be repeated")
        .help("add `undo { ... }`, or say what it is: `readonly`, `idempotent` or `irreversible`");
  }

  Checker& c_;
  std::vector<Known> actions_;
};

}  // namespace

void report_unprotected_changes(Checker& c) {
  Changes changes(c);
  for (const RolloutDecl& rollout : c.module.rollouts) changes.report_in(rollout.body);
  for (const StageDecl& stage : c.module.stages) {
    if (stage.symbol != kNone && c.symbol(stage.symbol).kind == SymbolKind::StageTemplate)
      changes.report_in(stage.body);
  }
}

}  // namespace rollout::check
