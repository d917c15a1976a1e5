// Holds whose condition a guard contradicts: what lets the rollout go on is what sends it back.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "compiler/check/report.hpp"
#include "compiler/lints/conditions.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lints/walk.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::Guard;
using check::kNone;
using check::Report;
using diagnostics::Code;
using diagnostics::Location;
using plan::OutcomeKind;

bool sends_back(const CheckedModule& module, const Guard& guard) {
  if (guard.response == kNone) return false;
  const OutcomeKind outcome = module.responses[guard.response].outcome;
  return outcome == OutcomeKind::Rollback || outcome == OutcomeKind::RollbackTo || outcome == OutcomeKind::Abort;
}

std::string answer_of(const CheckedModule& module, const Guard& guard) {
  switch (module.responses[guard.response].outcome) {
    case OutcomeKind::Abort: return "aborts";
    case OutcomeKind::RollbackTo: return "falls back";
    default: return "rolls back";
  }
}

class Holds {
 public:
  Holds(const LintInput& input, diagnostics::Sink& sink) : input_(input), module_(input.module), sink_(sink) {}

  void look_at(const check::HoldStep& hold, std::span<const Scope> scopes) {
    for (const check::HoldCondition& condition : hold.until) {
      if (!input_.is_own(condition.location)) continue;
      const Condition wanted = read_condition(module_, condition.condition);
      for (const Scope& scope : scopes) {
        if (!scope.armed) continue;
        for (const ArmedGuard& armed : scope.guards) {
          if (sends_back(module_, module_.guards[armed.guard])) compare(condition, wanted, armed);
        }
      }
    }
  }

 private:
  void compare(const check::HoldCondition& hold, const Condition& wanted, const ArmedGuard& armed) {
    const Condition& breach = condition_of(armed.guard);
    if (implies(wanted, breach)) return report_contradiction(hold, armed);
    const std::vector<Condition> whole{wanted};
    for (const Condition& part : wanted.kind == Condition::Kind::And ? wanted.parts : whole)
      compare(part, breach, armed);
  }

  // Where `part` is false the guard's condition is true, and both are true for what lies between.
  void compare(const Condition& part, const Condition& breach, const ArmedGuard& armed) {
    if (part.kind != Condition::Kind::Comparison) return;
    const std::vector<Condition> whole{breach};
    for (const Condition& one : breach.kind == Condition::Kind::Or ? breach.parts : whole) {
      if (one.kind != Condition::Kind::Comparison || one.quantity != part.quantity) continue;
      const bool looser = contains(one.values, complement(part.values));
      if (looser && !intersection(part.values, one.values).empty()) report_looser(part, one, armed);
    }
  }

  const Condition& condition_of(check::GuardId guard) {
    const auto [found, added] = conditions_.try_emplace(guard);
    if (added) found->second = read_condition(module_, module_.guards[guard].condition);
    return found->second;
  }

  void report_contradiction(const check::HoldCondition& hold, const ArmedGuard& armed) {
    const Guard& guard = module_.guards[armed.guard];
    const std::string answer = answer_of(module_, guard);
    Report report(sink_, Code::HoldAgainstGuard, hold.location,
                  fmt::format("this hold waits for what a guard {} on", answer));
    report.label(fmt::format("ends when `{}`", hold.text));
    add_guard(report, armed, fmt::format("{} when `{}`", answer, guard.text));
    report.note(
        "whenever the hold's condition is true, the guard's is true as well: the run goes on only while it is "
        "being sent back");
    report.help("is one of the two comparisons the wrong way round?");
  }

  void report_looser(const Condition& part, const Condition& breach, const ArmedGuard& armed) {
    const Location where = module_.exprs[part.expr].location;
    if (!input_.is_own(where)) return;
    const Guard& guard = module_.guards[armed.guard];
    const std::string answer = answer_of(module_, guard);
    const std::string wanted = source_text(module_, where);
    const std::string limit = source_text(module_, module_.exprs[breach.expr].location);
    Report report(sink_, Code::HoldAgainstGuard, where,
                  fmt::format("this hold is content with `{}`, and a guard {} on `{}`", wanted, answer, limit));
    report.label("looser than the guard");
    add_guard(report, armed, fmt::format("{} when `{}`", answer, guard.text));
    report.note("between the two thresholds the hold promotes what the guard sends back");
    report.help("let the hold ask for at least as much as the guard does");
  }

  static void add_watch(Report& report, const ArmedGuard& armed) {
    if (armed.watched) report.also(*armed.watched, "it watches because of this line");
  }
  void add_guard(Report& report, const ArmedGuard& armed, std::string text) {
    report.also(module_.guards[armed.guard].location, std::move(text));
    add_watch(report, armed);
  }

  const LintInput& input_;
  const CheckedModule& module_;
  diagnostics::Sink& sink_;
  std::map<check::GuardId, Condition> conditions_;
};

}  // namespace

void hold_against_guard(const LintInput& input, diagnostics::Sink& sink) {
  Holds holds(input, sink);
  for (const check::RolloutDecl& rollout : input.module.rollouts) {
    if (!input.is_own(rollout.location)) continue;
    visit_steps(input.module, rollout, [&](const check::Step& step, std::span<const Scope> scopes) {
      if (const auto* hold = std::get_if<check::HoldStep>(&step.body)) holds.look_at(*hold, scopes);
    });
  }
}

}  // namespace rollout::lints
