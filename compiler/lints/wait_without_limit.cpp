// Waits for people that may last for ever, and pauses of which nobody hears, said in the text or by themselves.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lints/walk.hpp"

namespace rollout::lints {
namespace {

using check::BlockId;
using check::CheckedModule;
using check::kNone;
using check::Report;
using check::RolloutDecl;
using check::Step;
using diagnostics::Code;

bool has_no_limit(const Step& step) {
  if (const auto* approve = std::get_if<check::ApproveStep>(&step.body)) return approve->within == kNone;
  const auto* list = std::get_if<check::ChecklistStep>(&step.body);
  if (list == nullptr || list->within != kNone) return false;
  // A list of checks alone ticks itself.
  return list->items.empty() ||
         std::ranges::any_of(list->items, [](const check::ChecklistItem& item) { return item.check == kNone; });
}

void report_waits(const LintInput& input, const RolloutDecl& rollout, diagnostics::Sink& sink) {
  visit_steps(input.module, rollout, [&](const Step& step, std::span<const Scope> scopes) {
    if (!has_no_limit(step) || scopes.back().limited || !input.is_own(step.location)) return;
    const auto* approval = std::get_if<check::ApproveStep>(&step.body);
    const check::ExprId text = approval ? approval->text : std::get<check::ChecklistStep>(step.body).text;
    Report(sink, Code::WaitWithoutLimit, text == kNone ? step.location : input.module.exprs[text].location,
           fmt::format("this {} waits for ever if nobody answers", approval != nullptr ? "approval" : "checklist"))
        .note(
            "half a rollout that nobody ends is worse than one that goes back: traffic stays where it is, and the "
            "next run waits as well")
        .help("say how long, and what then: `within 1h else abort`");
  });
}

// Questions of steps and of responses alike; while one is open, nothing is promoted.
void report_questions(const LintInput& input, diagnostics::Sink& sink) {
  std::set<const Step*> limited;
  for (const RolloutDecl& rollout : input.module.rollouts) {
    if (!input.is_own(rollout.location)) continue;
    visit_steps(input.module, rollout, [&](const Step& step, std::span<const Scope> scopes) {
      if (scopes.back().limited) limited.insert(&step);
    });
  }
  for (const Step& step : input.module.steps) {
    const auto* ask = std::get_if<check::AskStep>(&step.body);
    if (ask == nullptr || ask->within != kNone || limited.contains(&step) || !input.is_own(step.location)) continue;
    Report(sink, Code::WaitWithoutLimit, ask->text == kNone ? step.location : input.module.exprs[ask->text].location,
           "this question waits for ever if nobody answers")
        .note("while it is open, the rollout goes neither on nor back")
        .help("say how long, and what then: `within 10m { ... } else rollback`");
  }
}

bool notifies(const CheckedModule& module, BlockId block) {
  if (block == kNone) return false;
  return std::ranges::any_of(module.blocks[block].steps, [&](check::StepId id) {
    const Step& step = module.steps[id];
    if (const auto* branch = std::get_if<check::IfStep>(&step.body))
      return notifies(module, branch->then) || notifies(module, branch->otherwise);
    return std::holds_alternative<check::NotifyStep>(step.body) || call_of(step) != kNone;
  });
}

// Whether it, or what it runs, pauses where a guard sees nothing, since it says nothing else about that. `seen`: what
// was asked already.
bool pauses_when_blind(const CheckedModule& module, const RolloutDecl& rollout, std::set<check::SymbolId>& seen) {
  if (!seen.insert(rollout.symbol).second) return false;
  bool watched = false, child = false;
  visit_steps(module, rollout, [&](const Step& step, std::span<const Scope> scopes) {
    watched = watched || std::ranges::any_of(scopes, [](const Scope& scope) { return !scope.guards.empty(); });
    const auto* run = std::get_if<check::ChildStep>(&step.body);
    if (run == nullptr || child) return;
    child = pauses_when_blind(module, module.rollouts[module.symbols[run->rollout].index], seen);
  });
  return child || (watched && rollout.on_missing == kNone);
}

bool has_somebody_to_tell(const LintInput& input) {
  return std::ranges::any_of(input.module.steps, [&](const Step& step) {
    return std::holds_alternative<check::NotifyStep>(step.body) && input.is_own(step.location);
  });
}

bool hears_of_pauses(const CheckedModule& module, const RolloutDecl& rollout) {
  return std::ranges::any_of(rollout.hooks, [&](const check::HookDecl& hook) {
    return hook.kind == plan::HookKind::Pause && notifies(module, hook.body);
  });
}

void report_pauses(const LintInput& input, const RolloutDecl& rollout, diagnostics::Sink& sink) {
  const CheckedModule& module = input.module;
  if (hears_of_pauses(module, rollout)) return;
  visit_responses(module, rollout, [&](const check::Response& response) {
    if (response.outcome != plan::OutcomeKind::Pause || response.until || notifies(module, response.steps)) return;
    if (!input.is_own(response.location)) return;
    Report(sink, Code::SilentPause, response.location, "the run pauses here, and nobody is told")
        .note("a pause lasts until a person ends it")
        .help("tell somebody: `on pause { notify ops \"paused: ${reason}\" }` in the rollout");
  });
}

// Of what runs others only the outermost: a pause is that of the whole run, and its hooks are those of all that runs.
void report_blind_pauses(const LintInput& input, const RolloutDecl& rollout, diagnostics::Sink& sink) {
  const CheckedModule& module = input.module;
  std::set<check::SymbolId> seen;
  if (hears_of_pauses(module, rollout) || !pauses_when_blind(module, rollout, seen)) return;
  const check::Symbol& symbol = module.symbols[rollout.symbol];
  Report(sink, Code::SilentPause, symbol.declared,
         fmt::format("`{}` may pause by itself, and nobody is told", symbol.name))
      .note(
          "it pauses where a guard sees nothing for a while, and where nobody knows what became of a command; a pause "
          "lasts until a person ends it")
      .help("tell somebody: `on pause { notify ops \"paused: ${reason}\" }`");
}

}  // namespace

void wait_without_limit(const LintInput& input, diagnostics::Sink& sink) {
  report_questions(input, sink);
  const std::set<check::SymbolId> children = children_in(input.module);
  const bool has_channel = has_somebody_to_tell(input);
  for (const RolloutDecl& rollout : input.module.rollouts) {
    if (!input.is_own(rollout.location)) continue;
    report_waits(input, rollout, sink);
    report_pauses(input, rollout, sink);
    if (has_channel && !children.contains(rollout.symbol)) report_blind_pauses(input, rollout, sink);
  }
}

}  // namespace rollout::lints
