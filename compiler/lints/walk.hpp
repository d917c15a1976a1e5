// Going through rollouts: blocks, and the guards that watch them.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "compiler/check/constants.hpp"
#include "compiler/check/nature.hpp"

namespace rollout::lints {

// A guard that watches a block, with the `watch` that put it there.
struct ArmedGuard {
  check::GuardId guard = check::kNone;
  std::optional<diagnostics::Location> watched;  // the `watch` step; none for a `when` in the block itself
};

// One block on the way from the rollout to a step.
struct Scope {
  check::BlockId block = check::kNone;
  std::vector<ArmedGuard> guards;
  std::uint32_t stage = check::kNone;  // into CheckedModule::stages, where the block is a stage's
  bool armed = true;       // its guards watch now; those of a rollout with stages from its first to its last
  bool own_clock = false;  // `sample` or `warmup` give its guards slots of their own
  bool limited = false;    // within a `within D { }`
  bool certain = true;     // not one branch of several, not a round of a loop
};

using StepVisitor = std::function<void(const check::Step& step, std::span<const Scope> scopes)>;

// The block of a stage, which may be its template's.
check::BlockId body_of(const check::CheckedModule& module, const check::StageDecl& stage);
// The guards that stand in the block or are put to work there.
std::vector<ArmedGuard> guards_of(const check::CheckedModule& module, std::span<const check::StepId> steps);
// Every step of the rollout in the order of the text, those of stages, branches, loops and limits included; not what
// only answers (responses, undo), runs beside (hooks, schedules, `every`), or is inside actions. `scopes`: outermost
// first.
void visit_steps(const check::CheckedModule& module, const check::RolloutDecl& rollout, const StepVisitor& visit);
// Every response that the rollout may give: of guards, of `else`, of answers, inside others, in hooks and schedules;
// not of children.
void visit_responses(const check::CheckedModule& module, const check::RolloutDecl& rollout,
                     const std::function<void(const check::Response&)>& visit);

// The rollouts that others run as their children.
std::set<check::SymbolId> children_in(const check::CheckedModule& module);

using check::call_of;
using check::Nature;

}  // namespace rollout::lints
