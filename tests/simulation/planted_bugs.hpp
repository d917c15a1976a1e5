// The proof that the invariants see something: each planted bug has to break one of them.
#pragma once

#include <cstdint>
#include <string>

namespace rollout::simulation {

// Plants each bug by itself and simulates seeds until an invariant breaks, at most so many. Prints a table; whether all
// were caught. `only`: the one with that name; empty: all.
bool catch_planted_bugs(std::uint64_t seeds, std::size_t at_once, const std::string& only);

}  // namespace rollout::simulation
