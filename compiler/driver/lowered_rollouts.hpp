// The rollouts of a file as they will run, for what looks at their times.
#pragma once

#include <vector>

#include "compiler/lints/lints.hpp"

namespace rollout::driver {

// Of the main file of a module without errors, lowered for the lints on time: they are read beside their source. What
// would be too large for a runtime is left out, and said.
std::vector<lints::LoweredRollout> lowered_rollouts(const check::CheckedModule& module,
                                                    std::vector<diagnostics::Diagnostic>& too_large);

}  // namespace rollout::driver
