#pragma once

#include <string>

#include "runtime/machine/core.hpp"

namespace rollout::machine {

// Fills the state of a new run. The reason why not, where a parameter is missing, unknown or does not fit; else empty.
std::string start_run(Core& core, RunOptions options, Nanoseconds created);

}  // namespace rollout::machine
