#include "compiler/check/probed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "compiler/check/checker.hpp"
#include "compiler/check/nature.hpp"

namespace rollout::check {
namespace {

bool is_in(const Location& inner, const Location& outer) {
  return inner.file == outer.file && outer.span.contains(inner.span);
}

bool changes_below(const CheckedModule& module, Nature& nature, BlockId id);

// Whether the step or one inside it changes the world.
bool changes_at(const CheckedModule& module, Nature& nature, StepId id) {
  const Step& step = module.steps[id];
  if (nature.changes(step)) return true;
  std::vector<BlockId> below;
  if (const auto* branch = std::get_if<IfStep>(&step.body)) below = {branch->then, branch->otherwise};
  if (const auto* each = std::get_if<EachStep>(&step.body)) below = {each->body};
  if (const auto* within = std::get_if<WithinStep>(&step.body)) below = {within->body};
  if (const auto* parallel = std::get_if<ParallelStep>(&step.body)) below = parallel->branches;
  return std::ranges::any_of(below, [&](BlockId block) { return changes_below(module, nature, block); });
}

bool changes_below(const CheckedModule& module, Nature& nature, BlockId id) {
  if (id == kNone) return false;
  return std::ranges::any_of(module.blocks[id].steps, [&](StepId step) { return changes_at(module, nature, step); });
}

constexpr const char* kWhy =
    "where the runtime died over the change, the `probe` is asked; if it passes, the change is not made again and what "
    "it gave is gone";
constexpr const char* kHelp =
    "read it back with a `readonly` call between the last change and the `return`, or return it from an action around "
    "this one";

// A `return` beside or between the changes.
void report_early_returns(Checker& c, const std::vector<StepId>& steps, ProbedSteps probed) {
  std::vector<Location> early;
  for (const Step& step : c.module.steps) {
    if (!std::holds_alternative<ReturnStep>(step.body)) continue;
    for (std::size_t i = probed.first; i < probed.end; ++i) {
      if (is_in(step.location, c.module.steps[steps[i]].location)) early.push_back(step.location);
    }
  }
  for (const Location& at : early) {
    c.report(Code::ReturnSkipped, at,
             "this `return` is passed over where the `probe` says that the change has happened")
        .label("before the action's last change")
        .note(kWhy)
        .help("let the `return` stand behind the last change");
  }
}

// What the last steps read of those that a passing probe leaves out.
void report_skipped_values(Checker& c, const std::vector<StepId>& steps, ProbedSteps probed) {
  for (std::size_t i = probed.first; i < probed.end; ++i) {
    const auto* let = std::get_if<LetStep>(&c.module.steps[steps[i]].body);
    if (let == nullptr || let->symbol == kNone) continue;
    std::vector<Location> uses;
    for (const Expr& expr : c.module.exprs) {
      if (expr.kind != ExprKind::Name || expr.symbol != let->symbol) continue;
      const bool behind = std::any_of(steps.begin() + static_cast<std::ptrdiff_t>(probed.end), steps.end(),
                                      [&](StepId step) { return is_in(expr.location, c.module.steps[step].location); });
      if (behind) uses.push_back(expr.location);
    }
    if (uses.empty()) continue;
    const auto first = std::ranges::min_element(uses, {}, [](const Location& at) { return at.span.begin; });
    const std::string& name = c.symbol(let->symbol).name;
    c.report(Code::ReturnSkipped, *first,
             fmt::format("`{}` has no value where the `probe` says that the change has happened", name))
        .label("needed for what the action returns")
        .also(c.symbol(let->symbol).declared, "part of the change, which a passing probe leaves out")
        .note(kWhy)
        .help(kHelp);
  }
}

}  // namespace

ProbedSteps probed_steps(const CheckedModule& module, const ActionDecl& action) {
  const bool returns = module.types[module.symbols[action.symbol].type].kind != TypeKind::Nothing;
  if (action.probe == kNone || action.body == kNone || !returns) return {};
  Nature nature(module);
  const std::vector<StepId>& steps = module.blocks[action.body].steps;
  ProbedSteps probed;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!changes_at(module, nature, steps[i])) continue;
    if (probed.end == 0) probed.first = i;
    probed.end = i + 1;
  }
  return probed;
}

void report_skipped_returns(Checker& c) {
  for (const ActionDecl& action : c.module.actions) {
    const ProbedSteps probed = probed_steps(c.module, action);
    if (probed.end == 0) continue;
    const std::vector<StepId> steps = c.module.blocks[action.body].steps;
    report_early_returns(c, steps, probed);
    report_skipped_values(c, steps, probed);
  }
}

}  // namespace rollout::check
