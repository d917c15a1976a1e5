// Going through rollouts: blocks, the guards that watch them, what steps do to the world.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "compiler/check/constants.hpp"

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

// The call that the step is about; kNone where it is none.
check::ExprId call_of(const check::Step& step);

// What steps do, actions looked into once.
class Nature {
 public:
  explicit Nature(const check::CheckedModule& module) : module_(module), actions_(module.actions.size()) {}

  // Changes the world: a call that is not readonly, a share of traffic.
  bool changes(const check::Step& step);
  // Does what no rollback crosses.
  bool is_irreversible(const check::Step& step);
  // Looks or asks whether all is well: verify, hold until, approve, checklist, ask.
  bool verifies(const check::Step& step);

 private:
  struct Known {
    bool known = false, changes = false, irreversible = false, verifies = false;
  };
  Known of_action(std::uint32_t action);
  Known of_step(const check::Step& step);
  Known of_block(check::BlockId block);

  const check::CheckedModule& module_;
  std::vector<Known> actions_;
};

}  // namespace rollout::lints
