// A crash at each write of a run, in five ways.
#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/story.hpp"

namespace rollout::simulation {

struct GridCount {
  std::uint64_t writes = 0, crashes = 0, ended = 0;
  std::string broken;  // the first breach, with the place of its crash
};

// Runs the story once in a calm world. At each write that stores entries, and at each 16th of the others, the runtime
// dies in each of the five ways and another goes on: to the end where the story is made up, else for some minutes.
// `part` of `parts`: only so many of the writes, in turn. `twice`: after each crash also one of its recovery, at one of
// its first writes, in one of the ways, by turns.
GridCount crash_everywhere(const Story& story, std::uint64_t seed, std::uint64_t part, std::uint64_t parts, bool twice);

// All examples and some plans made up: prints a table; whether no invariant broke.
bool run_grid(const std::string& examples, std::uint64_t made_up, bool twice, std::size_t jobs);

}  // namespace rollout::simulation
