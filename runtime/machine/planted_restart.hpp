#pragma once

#include "runtime/machine/state.hpp"

namespace rollout::machine {

// What the planted bug that is switched on does to a state when the runtime is started again
// (runtime/plan/planted.hpp).
void spoil_restart(State& state);

}  // namespace rollout::machine
