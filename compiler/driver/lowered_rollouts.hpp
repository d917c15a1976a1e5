// The rollouts of a file as they will run, for what looks at their times.
#pragma once

#include <vector>

#include "compiler/lints/lints.hpp"

namespace rollout::driver {

// Of the main file of a module without errors; those that no runtime would take are left out. The plans quote and
// digest nothing: they are read beside their source.
std::vector<lints::LoweredRollout> lowered_rollouts(const check::CheckedModule& module);

}  // namespace rollout::driver
