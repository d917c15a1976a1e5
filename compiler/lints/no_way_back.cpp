// Rollouts that change something and that nothing sends back; stages in which nothing would notice a fault.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lints/walk.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::kNone;
using check::Report;
using check::RolloutDecl;
using diagnostics::Code;
using diagnostics::Location;
using plan::OutcomeKind;

// One stage on the way, or what stands outside of the stages.
struct Part {
  std::uint32_t stage = kNone;
  std::optional<Location> change{};  // the first
  bool guarded = false;              // something watches while it runs
  bool verified_before = false;      // something is verified before its first change
  bool verified_after = false;       // or after it
  bool children = false;
};

struct Story {
  std::vector<Part> parts;
  bool children = false;
  bool verifies = false;
  std::optional<Location> change;
};

Story story_of(const CheckedModule& module, const RolloutDecl& rollout, Nature& nature) {
  Story story;
  visit_steps(module, rollout, [&](const check::Step& step, std::span<const Scope> scopes) {
    if (std::holds_alternative<check::StageStep>(step.body)) {
      story.parts.push_back({.stage = std::get<check::StageStep>(step.body).stage});
      return;
    }
    std::uint32_t stage = kNone;
    for (const Scope& scope : scopes) stage = scope.stage == kNone ? stage : scope.stage;
    if (story.parts.empty() || story.parts.back().stage != stage) story.parts.push_back({.stage = stage});
    Part& part = story.parts.back();
    part.guarded = part.guarded ||
                   std::ranges::any_of(scopes, [](const Scope& scope) { return scope.armed && !scope.guards.empty(); });
    if (std::holds_alternative<check::ChildStep>(step.body)) part.children = story.children = true;
    if (nature.verifies(step)) {
      story.verifies = true;
      // An action may change and then look by itself.
      (part.change || nature.changes(step) ? part.verified_after : part.verified_before) = true;
    }
    if (!nature.changes(step)) return;
    if (!part.change) part.change = step.location;
    if (!story.change) story.change = step.location;
  });
  return story;
}

bool may_roll_back(const CheckedModule& module, const RolloutDecl& rollout, const Story& story) {
  // Without an `on failure` of its own, what is verified and found wrong sends it back.
  bool found = story.verifies && rollout.on_failure == kNone;
  visit_responses(module, rollout, [&](const check::Response& response) {
    found = found || response.outcome == OutcomeKind::Rollback || response.outcome == OutcomeKind::RollbackTo;
  });
  return found;
}

void report_rollout(const LintInput& input, diagnostics::Sink& sink, const RolloutDecl& rollout, const Story& story) {
  const check::Symbol& symbol = input.module.symbols[rollout.symbol];
  Report report(sink, Code::NoWayBack, symbol.declared,
                fmt::format("`{}` changes things, and nothing that it sees sends it back", symbol.name));
  report.label("nothing here leads to a rollback");
  if (input.is_own(*story.change)) report.also(*story.change, "changes something");
  report.note(rollout.on_failure == kNone ? "it goes back only where a command fails; a release that runs badly stays"
                                          : "its `on failure` does not roll back, and nothing else does");
  report.help(
      "watch it with `when errors > 1% for 5m then rollback`, or look at the result: `verify ...`, `hold ... "
      "until ... else rollback`");
}

// A later part that looks before it changes anything looks at this one.
bool verified_later(const std::vector<Part>& parts, std::size_t at) {
  for (std::size_t next = at + 1; next < parts.size(); ++next) {
    if (parts[next].verified_before || parts[next].children) return true;
    if (parts[next].change) return false;
    if (parts[next].guarded) return true;
  }
  return false;
}

void report_stages(const LintInput& input, diagnostics::Sink& sink, const Story& story) {
  for (std::size_t at = 0; at < story.parts.size(); ++at) {
    const Part& part = story.parts[at];
    if (part.stage == kNone || !part.change || part.guarded || part.verified_after || part.children) continue;
    if (verified_later(story.parts, at)) continue;
    const check::Symbol& stage = input.module.symbols[input.module.stages[part.stage].symbol];
    if (!input.is_own(stage.declared)) continue;
    Report report(sink, Code::UnwatchedStage, stage.declared,
                  fmt::format("nothing watches or verifies the stage `{}`", stage.name));
    if (input.is_own(*part.change)) report.also(*part.change, "changes something");
    report.note("a fault that it causes is found later or never");
    report.help("add a guard, a `verify`, or a `hold ... until ...` behind the change");
  }
}

}  // namespace

void no_way_back(const LintInput& input, diagnostics::Sink& sink) {
  const CheckedModule& module = input.module;
  Nature nature(module);
  const std::set<check::SymbolId> children = children_in(module);
  for (const RolloutDecl& rollout : module.rollouts) {
    // What runs as a part of another rollout goes back with it.
    if (!input.is_own(rollout.location) || children.contains(rollout.symbol)) continue;
    const Story story = story_of(module, rollout, nature);
    if (!story.change) continue;
    if (may_roll_back(module, rollout, story))
      report_stages(input, sink, story);
    else if (!story.children)
      report_rollout(input, sink, rollout, story);
  }
}

}  // namespace rollout::lints
