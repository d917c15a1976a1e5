#pragma once

#include <vector>

#include "runtime/machine/state.hpp"

// `sample`: how often guards and holds are evaluated while their block ages. Phases follow each other and the last one
// never ends; a boundary between two is a slot of both.

namespace rollout::machine {

// The interval in force at that instant. `phases` are not empty.
Nanoseconds interval_at(const std::vector<SamplingPhase>& phases, Nanoseconds instant);
// The first slot after that instant, on the grid that began at `begun`.
Nanoseconds slot_after(const std::vector<SamplingPhase>& phases, Nanoseconds begun, Nanoseconds instant);
// The guard's next slot after one of its slots.
Nanoseconds slot_after(const GuardRun& run, Nanoseconds slot);
// How many of the guard's slots are due by then; counted up to a bound only.
std::size_t slots_due(const GuardRun& run, Nanoseconds now);

}  // namespace rollout::machine
