#include "compiler/lints/walk.hpp"

#include <algorithm>
#include <set>

namespace rollout::lints {
namespace {

using check::BlockId;
using check::CheckedModule;
using check::ExprKind;
using check::kNone;
using check::Response;
using check::ResponseId;
using check::Step;
using check::StepId;
using check::SymbolKind;
using plan::EffectClass;

// Guard sets inside guard sets.
constexpr int kMostSets = 16;

void add_guards(const CheckedModule& module, std::span<const StepId> steps,
                const std::optional<diagnostics::Location>& watched, int depth, std::vector<ArmedGuard>& guards) {
  if (depth > kMostSets) return;
  for (const StepId id : steps) {
    const Step& step = module.steps[id];
    if (const auto* guard = std::get_if<check::GuardStep>(&step.body)) guards.push_back({guard->guard, watched});
    const auto* watch = std::get_if<check::WatchStep>(&step.body);
    if (watch == nullptr || watch->guards == kNone) continue;
    const check::GuardsDecl& set = module.guard_sets[module.symbols[watch->guards].index];
    add_guards(module, set.items, watched ? watched : std::optional(step.location), depth + 1, guards);
  }
}

class StepWalk {
 public:
  StepWalk(const CheckedModule& module, const StepVisitor& visit) : module_(module), visit_(visit) {}

  void rollout(const check::RolloutDecl& rollout) {
    if (rollout.body == kNone) return;
    Scope scope;
    scope.armed = rollout.stages.empty();
    scope.own_clock = rollout.warmup != kNone || !rollout.sampling.empty();
    stages_left_ = rollout.stages.size();
    block(rollout.body, std::move(scope));
  }

 private:
  void block(BlockId id, Scope scope) {
    if (id == kNone) return;
    scope.block = id;
    const std::vector<StepId>& steps = module_.blocks[id].steps;
    scope.guards = guards_of(module_, steps);
    scopes_.push_back(std::move(scope));
    for (const StepId step : steps) this->step(module_.steps[step]);
    scopes_.pop_back();
  }

  void step(const Step& step) {
    if (std::holds_alternative<check::StageStep>(step.body)) scopes_.front().armed = true;
    visit_(step, scopes_);
    std::visit([this](const auto& body) { below(body); }, step.body);
  }

  void below(const check::StageStep& step) {
    const check::StageDecl& stage = module_.stages[step.stage];
    const check::StageDecl& pattern = stage.of_template == kNone ? stage : module_.stages[stage.of_template];
    Scope scope;
    scope.stage = step.stage;
    scope.own_clock =
        stage.warmup != kNone || !stage.sampling.empty() || pattern.warmup != kNone || !pattern.sampling.empty();
    block(pattern.body, std::move(scope));
    if (--stages_left_ == 0) scopes_.front().armed = false;
  }
  void below(const check::IfStep& step) {
    branch(step.then);
    branch(step.otherwise);
  }
  void below(const check::EachStep& step) { branch(step.body); }
  void below(const check::ParallelStep& step) {
    for (const BlockId id : step.branches) branch(id);
  }
  void below(const check::WithinStep& step) {
    Scope scope = inner();
    scope.limited = true;
    block(step.body, std::move(scope));
  }
  template <typename Body>
  void below(const Body&) {}

  void branch(BlockId id) {
    Scope scope = inner();
    scope.certain = false;
    block(id, std::move(scope));
  }
  Scope inner() const {
    Scope scope;
    scope.limited = scopes_.back().limited;
    scope.certain = scopes_.back().certain;
    return scope;
  }

  const CheckedModule& module_;
  const StepVisitor& visit_;
  std::vector<Scope> scopes_;
  std::size_t stages_left_ = 0;
};

class ResponseWalk {
 public:
  ResponseWalk(const CheckedModule& module, const std::function<void(const Response&)>& visit)
      : module_(module), visit_(visit) {}

  void block(BlockId id) {
    if (id == kNone || !seen_.insert(id).second) return;
    steps(module_.blocks[id].steps);
  }

  void response(ResponseId id) {
    if (id == kNone) return;
    const Response& response = module_.responses[id];
    visit_(response);
    block(response.steps);
    this->response(response.otherwise);
  }

 private:
  void steps(std::span<const StepId> ids) {
    for (const StepId id : ids) {
      const Step& step = module_.steps[id];
      response(step.tail.otherwise);
      std::visit([this](const auto& body) { below(body); }, step.body);
      call(call_of(step));
    }
  }

  void call(check::ExprId id) {
    if (id == kNone || module_.exprs[id].kind != ExprKind::Call) return;
    const check::Symbol& symbol = module_.symbols[module_.exprs[id].symbol];
    if (symbol.kind == SymbolKind::Action) block(module_.actions[symbol.index].body);
  }

  void guard(check::GuardId id) {
    response(module_.guards[id].response);
    response(module_.guards[id].blind);
  }

  void below(const check::GuardStep& step) { guard(step.guard); }
  void below(const check::WatchStep& step) {
    if (step.guards != kNone && sets_.insert(step.guards).second)
      steps(module_.guard_sets[module_.symbols[step.guards].index].items);
  }
  void below(const check::AskStep& step) {
    for (const check::Answer& answer : step.answers) response(answer.response);
  }
  void below(const check::NotifyStep& step) { response(step.otherwise); }
  void below(const check::OutcomeStep& step) { response(step.response); }
  void below(const check::StageStep& step) { block(body_of(module_, module_.stages[step.stage])); }
  void below(const check::IfStep& step) {
    block(step.then);
    block(step.otherwise);
  }
  void below(const check::EachStep& step) { block(step.body); }
  void below(const check::ParallelStep& step) {
    for (const BlockId id : step.branches) block(id);
  }
  void below(const check::WithinStep& step) { block(step.body); }
  void below(const check::RecurStep& step) { block(step.body); }
  template <typename Body>
  void below(const Body&) {}

  const CheckedModule& module_;
  const std::function<void(const Response&)>& visit_;
  std::set<BlockId> seen_;
  std::set<check::SymbolId> sets_;
};

}  // namespace

BlockId body_of(const CheckedModule& module, const check::StageDecl& stage) {
  return stage.of_template == kNone ? stage.body : module.stages[stage.of_template].body;
}

std::vector<ArmedGuard> guards_of(const CheckedModule& module, std::span<const StepId> steps) {
  std::vector<ArmedGuard> guards;
  add_guards(module, steps, std::nullopt, 0, guards);
  return guards;
}

void visit_steps(const CheckedModule& module, const check::RolloutDecl& rollout, const StepVisitor& visit) {
  StepWalk(module, visit).rollout(rollout);
}

void visit_responses(const CheckedModule& module, const check::RolloutDecl& rollout,
                     const std::function<void(const Response&)>& visit) {
  ResponseWalk walk(module, visit);
  walk.block(rollout.body);
  for (const check::HookDecl& hook : rollout.hooks) walk.block(hook.body);
  for (const check::ScheduleDecl& schedule : rollout.schedules) walk.block(schedule.body);
  for (const ResponseId id : {rollout.expired, rollout.on_failure, rollout.on_missing}) walk.response(id);
}

check::ExprId call_of(const Step& step) {
  if (const auto* effect = std::get_if<check::EffectStep>(&step.body)) return effect->call;
  const auto* let = std::get_if<check::LetStep>(&step.body);
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
  const check::ActionDecl& action = module_.actions[index];
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
    if (const auto* branch = std::get_if<check::IfStep>(&step.body)) {
      add(of_block(branch->then));
      add(of_block(branch->otherwise));
    }
    if (const auto* each = std::get_if<check::EachStep>(&step.body)) add(of_block(each->body));
    if (const auto* within = std::get_if<check::WithinStep>(&step.body)) add(of_block(within->body));
    if (const auto* parallel = std::get_if<check::ParallelStep>(&step.body)) {
      for (const BlockId branch_id : parallel->branches) add(of_block(branch_id));
    }
  }
  return known;
}

Nature::Known Nature::of_step(const Step& step) {
  Known known;
  if (std::holds_alternative<check::TrafficStep>(step.body)) known.changes = true;
  const auto* hold = std::get_if<check::HoldStep>(&step.body);
  known.verifies = (hold != nullptr && !hold->until.empty()) || std::holds_alternative<check::VerifyStep>(step.body) ||
                   std::holds_alternative<check::ApproveStep>(step.body) ||
                   std::holds_alternative<check::ChecklistStep>(step.body) ||
                   std::holds_alternative<check::AskStep>(step.body);
  const check::ExprId call = call_of(step);
  if (call == kNone || module_.exprs[call].kind != ExprKind::Call) return known;
  const check::Symbol& symbol = module_.symbols[module_.exprs[call].symbol];
  if (symbol.kind == SymbolKind::Action) known = of_action(symbol.index);
  std::optional<EffectClass> said;
  if (symbol.kind == SymbolKind::Native) said = module_.natives[symbol.index].effect_class;
  const auto* effect = std::get_if<check::EffectStep>(&step.body);
  const auto* let = std::get_if<check::LetStep>(&step.body);
  if (effect != nullptr && effect->has_modifier) said = effect->modifier;
  if (let != nullptr && let->has_modifier) said = let->modifier;
  if (said) {
    known.changes = *said != EffectClass::ReadOnly;
    known.irreversible = *said == EffectClass::Irreversible;
  }
  return known;
}

}  // namespace rollout::lints
