// Scenarios that expect what cannot be, as far as that is certain without playing them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lints/walk.hpp"
#include "grammar/views_scenarios.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::kNone;
using check::Report;
using check::RolloutDecl;
using check::ScenarioDecl;
using check::ScenarioLine;
using check::SymbolId;
using check::SymbolKind;
using diagnostics::Code;
using grammar::SyntaxKind;
using plan::OutcomeKind;

// What is known of a rollout before it is played.
struct Facts {
  std::vector<std::string> stages;  // in the order in which they are entered
  bool children = false;            // their stages and responses are not known here
  bool in_order = true;             // no way leads back to an earlier stage
  bool can_abort = false, can_roll_back = false;
  std::optional<double> largest_share;  // where every share is known and every step is taken
  std::set<SymbolId> reached;           // every declaration that it uses
};

std::set<SymbolId> reached_from(const CheckedModule& module, SymbolId start) {
  std::set<SymbolId> reached{start};
  std::vector<SymbolId> open{start};
  while (!open.empty()) {
    const SymbolId next = open.back();
    open.pop_back();
    for (const check::Use& use : module.uses[next]) {
      if (reached.insert(use.target).second) open.push_back(use.target);
    }
  }
  return reached;
}

Facts facts_of(const CheckedModule& module, const RolloutDecl& rollout) {
  Facts facts;
  facts.reached = reached_from(module, rollout.symbol);
  facts.can_roll_back = rollout.on_failure == kNone;
  // What becomes of a run whose requirement fails is not for its own responses to say.
  facts.can_abort = !rollout.requirements.empty();
  for (const std::uint32_t stage : rollout.stages)
    facts.stages.push_back(module.symbols[module.stages[stage].symbol].name);
  visit_responses(module, rollout, [&](const check::Response& response) {
    if (response.outcome == OutcomeKind::RollbackTo) facts.in_order = false;
    if (response.outcome == OutcomeKind::Abort) facts.can_abort = true;
    if (response.outcome == OutcomeKind::Rollback || response.outcome == OutcomeKind::RollbackTo)
      facts.can_roll_back = true;
  });
  bool shares_known = true;
  double largest = 0;
  visit_steps(module, rollout, [&](const check::Step& step, std::span<const Scope> scopes) {
    if (std::holds_alternative<check::ChildStep>(step.body)) facts.children = true;
    const auto* traffic = std::get_if<check::TrafficStep>(&step.body);
    if (traffic == nullptr) return;
    for (const check::ExprId expr : {traffic->share, traffic->ramp_to}) {
      if (expr == kNone) continue;
      const auto share = check::constant_value(module, expr);
      shares_known = shares_known && share && scopes.back().certain;
      if (share) largest = std::max(largest, share->as_double());
    }
  });
  if (shares_known) facts.largest_share = largest;
  // A child may stand in an action or a hook as well.
  facts.children = facts.children || std::ranges::any_of(facts.reached, [&](SymbolId id) {
                     return id != rollout.symbol && module.symbols[id].kind == SymbolKind::Rollout;
                   });
  return facts;
}

// The expectations of one scenario, sorted by what they are about.
struct Expectations {
  struct Stage {
    const ScenarioLine* line;
    std::string stage;
  };
  struct Outcome {
    const ScenarioLine* line;
    std::string outcome;
    std::string during;
  };
  std::vector<Stage> reached, not_reached;  // without a time
  std::vector<Outcome> outcomes;
  std::vector<const ScenarioLine*> traffic;
  bool people_abort = false, people_roll_back = false;
};

template <typename View>
bool is_timed(const View& view) {
  return view.at() || view.within() || view.after();
}

Expectations expectations_of(const ScenarioDecl& scenario) {
  Expectations found;
  for (const ScenarioLine& line : scenario.lines) {
    const std::string path = line.paths.empty() ? std::string() : line.paths.front();
    if (const auto reached = grammar::as<grammar::ExpectReachedView>(line.node)) {
      if (path.empty() || (is_timed(*reached) && reached->is_negated())) continue;
      (reached->is_negated() ? found.not_reached : found.reached).push_back({&line, path});
    } else if (const auto outcome = grammar::as<grammar::ExpectOutcomeView>(line.node)) {
      found.outcomes.push_back({&line, outcome->outcome(), path});
    } else if (line.node.is(SyntaxKind::ExpectTraffic)) {
      found.traffic.push_back(&line);
    } else if (const auto person = grammar::as<grammar::ConsoleLineView>(line.node)) {
      const auto command = person->command();
      found.people_abort = found.people_abort || (command && command->is(SyntaxKind::KeywordAbort));
      found.people_roll_back = found.people_roll_back || (command && command->is(SyntaxKind::KeywordRollback));
    }
  }
  return found;
}

// States in which a run stays; `rollback incomplete` may be taken up again.
bool is_final(std::string_view outcome) {
  return outcome == "succeeded" || outcome == "rolled back" || outcome == "aborted" || outcome == "failed";
}

class Scenario {
 public:
  Scenario(const LintInput& input, diagnostics::Sink& sink, const RolloutDecl& rollout, const Facts& facts,
           const ScenarioDecl& scenario)
      : module_(input.module),
        sink_(sink),
        rollout_(rollout),
        facts_(facts),
        scenario_(scenario),
        expected_(expectations_of(scenario)) {}

  void look() {
    if (expects_nothing()) return;
    two_ends();
    stages();
    unreachable_ends();
    share_beyond();
    never_used();
  }

 private:
  Report report(const ScenarioLine& line, std::string message) {
    return {sink_, Code::ImpossibleExpectation, line.location, std::move(message)};
  }

  // It passes whatever happens.
  bool expects_nothing() {
    constexpr SyntaxKind kExpectations[] = {
        SyntaxKind::ExpectTraffic, SyntaxKind::ExpectEnd,      SyntaxKind::ExpectBecause,
        SyntaxKind::ExpectBlind,   SyntaxKind::ExpectBefore,   SyntaxKind::ExpectReached,
        SyntaxKind::ExpectCalled,  SyntaxKind::ExpectNotified, SyntaxKind::ExpectOutcome};
    const bool expects = std::ranges::any_of(scenario_.lines, [&](const ScenarioLine& line) {
      return std::ranges::find(kExpectations, line.node.kind()) != std::end(kExpectations);
    });
    if (expects) return false;
    Report(sink_, Code::ExpectsNothing, scenario_.location, "this scenario expects nothing, so it always passes")
        .help("say how it ends: `expect succeeded`, `expect rolled back during canary`");
    return true;
  }

  void two_ends() {
    const Expectations::Outcome* first = nullptr;
    for (const auto& outcome : expected_.outcomes) {
      if (!is_final(outcome.outcome)) continue;
      if (first != nullptr && first->outcome != outcome.outcome) {
        report(*outcome.line,
               fmt::format("a run that has {} cannot also have {}", past(first->outcome), past(outcome.outcome)))
            .also(first->line->location, "the other end");
      }
      if (first == nullptr) first = &outcome;
    }
  }

  static std::string past(const std::string& outcome) {
    return outcome == "rolled back" || outcome == "aborted" ? "been " + outcome : outcome;
  }

  std::size_t position(const std::string& stage) const {
    return static_cast<std::size_t>(std::ranges::find(facts_.stages, stage) - facts_.stages.begin());
  }
  bool is_stage(const std::string& stage) const { return position(stage) < facts_.stages.size(); }

  void stages() {
    for (const auto& missed : expected_.not_reached) {
      const auto both = std::ranges::find(expected_.reached, missed.stage, &Expectations::Stage::stage);
      if (both != expected_.reached.end()) {
        report(*missed.line, fmt::format("the stage `{}` cannot be reached and not reached", missed.stage))
            .also(both->line->location, "expects that it is");
      }
      if (!facts_.children && is_stage(missed.stage)) not_reached_at_the_end(missed);
    }
    if (facts_.children || !facts_.in_order) return;
    for (const auto& outcome : expected_.outcomes) {
      if (!is_final(outcome.outcome) || !is_stage(outcome.during)) continue;
      for (const auto& reached : expected_.reached) {
        if (!is_stage(reached.stage) || position(reached.stage) <= position(outcome.during)) continue;
        report(*reached.line,
               fmt::format("the stage `{}` comes after `{}`, in which this run ends", reached.stage, outcome.during))
            .also(outcome.line->location, fmt::format("ends during `{}`", outcome.during));
      }
    }
  }

  void not_reached_at_the_end(const Expectations::Stage& missed) {
    for (const auto& outcome : expected_.outcomes) {
      const bool success = outcome.outcome == "succeeded";
      const bool later =
          facts_.in_order && is_stage(outcome.during) && position(outcome.during) >= position(missed.stage);
      if (!success && !later) continue;
      report(*missed.line,
             success ? fmt::format("a run that succeeds has been in every stage, in `{}` too", missed.stage)
                     : fmt::format("this run ends during `{}`, so it has reached `{}`", outcome.during, missed.stage))
          .also(outcome.line->location, success ? "expects that it succeeds" : "expects that it ends there");
    }
  }

  void unreachable_ends() {
    if (facts_.children) return;
    for (const auto& outcome : expected_.outcomes) {
      if (outcome.outcome == "aborted" && !facts_.can_abort && !expected_.people_abort) {
        report(*outcome.line, "nothing in this rollout aborts, and nobody does in this scenario")
            .also(module_.symbols[rollout_.symbol].declared, "has no `abort`");
      }
      if (outcome.outcome == "rolled back" && !facts_.can_roll_back && !expected_.people_roll_back) {
        report(*outcome.line, "nothing in this rollout rolls back, and nobody does in this scenario")
            .also(module_.symbols[rollout_.symbol].declared,
                  "has no `rollback`, and its `on failure` is something else");
      }
    }
  }

  // A run that succeeds has taken every step.
  void share_beyond() {
    if (facts_.children || !facts_.largest_share) return;
    const auto success = std::ranges::find(expected_.outcomes, "succeeded", &Expectations::Outcome::outcome);
    if (success == expected_.outcomes.end()) return;
    for (const ScenarioLine* line : expected_.traffic) {
      const grammar::ExpectTrafficView view{{line->node}};
      const auto limit = line->values.empty() ? std::nullopt : check::constant_value(module_, line->values.front());
      const bool at_most = view.comparison() && view.comparison()->is(SyntaxKind::LessEqual);
      if (!limit || !at_most || view.at() || view.of() || *facts_.largest_share <= limit->as_double()) continue;
      report(*line, fmt::format("a run that succeeds gets {} of the traffic, more than {}",
                                plan::to_literal(plan::Value::ratio(*facts_.largest_share)), plan::to_literal(*limit)))
          .also(success->line->location, "expects that it succeeds");
    }
  }

  void never_used() {
    for (const ScenarioLine& line : scenario_.lines) {
      const auto called = grammar::as<grammar::ExpectCalledView>(line.node);
      const auto notified = grammar::as<grammar::ExpectNotifiedView>(line.node);
      const bool wanted = (called && !called->is_negated()) || (notified && !notified->is_negated());
      if (!wanted || line.symbols.empty() || line.symbols.front() == kNone) continue;
      const check::Symbol& symbol = module_.symbols[line.symbols.front()];
      const bool declared_here = symbol.kind == SymbolKind::Action || symbol.kind == SymbolKind::Channel ||
                                 symbol.kind == SymbolKind::Let || symbol.kind == SymbolKind::Check;
      const auto times = line.values.empty() ? std::nullopt : check::constant_value(module_, line.values.front());
      if (!declared_here || facts_.reached.contains(line.symbols.front()) || (times && times->as_double() == 0))
        continue;
      report(line, called ? fmt::format("this rollout never calls `{}`", symbol.path)
                          : fmt::format("this rollout never notifies `{}`", symbol.path))
          .also(module_.symbols[rollout_.symbol].declared, "the rollout");
    }
  }

  const CheckedModule& module_;
  diagnostics::Sink& sink_;
  const RolloutDecl& rollout_;
  const Facts& facts_;
  const ScenarioDecl& scenario_;
  Expectations expected_;
};

}  // namespace

void impossible_expectation(const LintInput& input, diagnostics::Sink& sink) {
  std::map<SymbolId, Facts> facts;
  for (const ScenarioDecl& scenario : input.module.scenarios) {
    if (!input.is_own(scenario.location) || scenario.rollout == kNone) continue;
    const RolloutDecl& rollout = input.module.rollouts[input.module.symbols[scenario.rollout].index];
    const auto [found, added] = facts.try_emplace(scenario.rollout);
    if (added) found->second = facts_of(input.module, rollout);
    Scenario(input, sink, rollout, found->second, scenario).look();
  }
}

}  // namespace rollout::lints
