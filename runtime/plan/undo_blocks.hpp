#pragma once

#include <vector>

#include "runtime/plan/plan.hpp"

namespace rollout::plan {

// For each block of the plan, whether it belongs to an undo: the undos, with everything in them.
std::vector<bool> undo_blocks(const Plan& plan);

}  // namespace rollout::plan
