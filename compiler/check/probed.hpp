// Actions with a `probe` that return something. After a crash a passing probe says that the change has happened; the
// steps that made it are then not carried out again, and what the action returns has to come from others.
#pragma once

#include <cstddef>

#include "compiler/check/checked_module.hpp"

namespace rollout::check {

// The steps of a body, from its first change to behind its last: those that a passing probe may leave out.
struct ProbedSteps {
  std::size_t first = 0, end = 0;  // into the body's steps; both 0: a passing probe ends the action as a whole
};

// Of an action that returns something and has a probe; of any other nothing.
ProbedSteps probed_steps(const CheckedModule& module, const ActionDecl& action);

}  // namespace rollout::check
