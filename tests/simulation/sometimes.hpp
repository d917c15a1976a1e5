// Situations that a simulation must get into now and then: one that never does tests less than it seems to.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::simulation {

// The situation has come about, in the run that is being simulated.
void sometimes(std::string_view situation);
// How many runs got into each since the start of the process; those that none did are there with 0.
const std::map<std::string, std::uint64_t, std::less<>>& situations();
// The next run begins; the same situation counts once a run.
void next_run();

}  // namespace rollout::simulation
