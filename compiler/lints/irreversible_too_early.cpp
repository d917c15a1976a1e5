// Steps that no rollback crosses, with something still to be verified behind them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lints/walk.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::kNone;
using check::Report;
using diagnostics::Code;
using diagnostics::Location;
using plan::OutcomeKind;

bool goes_back(const CheckedModule& module, check::ResponseId id) {
  return id != kNone && (module.responses[id].outcome == OutcomeKind::Rollback ||
                         module.responses[id].outcome == OutcomeKind::RollbackTo);
}

bool has_guard_that_goes_back(const CheckedModule& module, std::span<const Scope> scopes) {
  return std::ranges::any_of(scopes, [&](const Scope& scope) {
    return scope.armed && std::ranges::any_of(scope.guards, [&](const ArmedGuard& armed) {
             return goes_back(module, module.guards[armed.guard].response);
           });
  });
}

// Whether the step may find a reason to go back.
bool may_send_back(const CheckedModule& module, const check::RolloutDecl& rollout, const check::Step& step,
                   std::span<const Scope> scopes, Nature& nature) {
  if (std::holds_alternative<check::HoldStep>(step.body) && has_guard_that_goes_back(module, scopes)) return true;
  if (!nature.verifies(step)) return false;
  if (step.tail.otherwise != kNone) return goes_back(module, step.tail.otherwise);
  return rollout.on_failure == kNone || goes_back(module, rollout.on_failure);
}

void look_at(const LintInput& input, const check::RolloutDecl& rollout, Nature& nature, diagnostics::Sink& sink) {
  std::vector<Location> steps;
  std::optional<Location> last;
  std::size_t before_last = 0;  // how many of them stand before it
  visit_steps(input.module, rollout, [&](const check::Step& step, std::span<const Scope> scopes) {
    if (may_send_back(input.module, rollout, step, scopes, nature)) {
      last = step.location;
      before_last = steps.size();
    }
    if (nature.is_irreversible(step)) steps.push_back(step.location);
  });
  for (std::size_t i = 0; i < before_last; ++i) {
    if (!input.is_own(steps[i])) continue;
    Report(sink, Code::IrreversibleTooEarly, steps[i],
           "this step cannot be undone, and the rollout may still have to go back behind it")
        .label("no rollback crosses this")
        .also(*last, "may still send it back")
        .note(
            "a rollback stops at a step that is irreversible: it ends as `rollback incomplete`, and a person is needed")
        .help("move the step behind the last verification, or give it an `undo`");
  }
}

}  // namespace

void irreversible_too_early(const LintInput& input, diagnostics::Sink& sink) {
  Nature nature(input.module);
  for (const check::RolloutDecl& rollout : input.module.rollouts) {
    if (input.is_own(rollout.location)) look_at(input, rollout, nature, sink);
  }
}

}  // namespace rollout::lints
