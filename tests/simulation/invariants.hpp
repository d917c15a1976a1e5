// What must be true of every run, judged by the world's ledger and the journal.
#pragma once

#include "tests/simulation/simulation.hpp"

namespace rollout::simulation {

// Adds what does not hold to the chronicle's breaches.
void check_invariants(const Story& story, const World& world, Chronicle& chronicle);

}  // namespace rollout::simulation
