#pragma once

#include "oracle.hpp"

// Random trials for the oracle, and the machine that goes through the same.

namespace rollout::oracle {

// The same trial for the same seed, on any computer.
Trial make_trial(std::uint64_t seed);
// Lets the machine live through it, dying where the trial says so; notes in the trial when people resumed the run.
std::vector<Happening> run_machine(Trial& trial);
std::string describe(const Trial& trial);
std::string describe(const std::vector<Happening>& happenings);

}  // namespace rollout::oracle
