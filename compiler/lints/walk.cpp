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

std::set<check::SymbolId> children_in(const check::CheckedModule& module) {
  std::set<check::SymbolId> children;
  for (const check::Step& step : module.steps) {
    if (const auto* child = std::get_if<check::ChildStep>(&step.body)) children.insert(child->rollout);
  }
  return children;
}

}  // namespace rollout::lints
