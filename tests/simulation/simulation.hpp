// A run from its beginning to its end through all deaths of the runtime, as one seed has it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/machine.hpp"
#include "tests/simulation/life.hpp"
#include "tests/simulation/story.hpp"
#include "tests/simulation/world.hpp"

namespace rollout::simulation {

// What somebody said to the run, and what they were told.
struct Saying {
  Nanoseconds at = 0;
  machine::PersonSaid said;
  bool accepted = false;
  std::string answer;
};

struct Fall {
  Nanoseconds at = 0, until = 0;  // of being dead
  int life = 0;
  std::string how;
};

// Everything that is known of a run when it is over, for the invariants.
struct Chronicle {
  std::vector<Saying> sayings;
  std::vector<Fall> falls;
  std::vector<std::string> told;  // records, in the order in which they were told as durable
  std::vector<journal::Entry> entries;
  machine::RunState state{};
  bool ended = false, interrupted = false;
  bool clock_went_back = false;       // instants tell no order then
  std::vector<std::string> breaches;  // what broke, each beginning with the invariant's name
  std::uint64_t events = 0;
};

struct Report {
  std::uint64_t seed = 0;
  std::string story;
  Chronicle chronicle;
  World world;
  std::uint64_t digest = 0;  // of the ledger and the journal: equal for equal seeds
};

Report simulate(const Story& story, std::uint64_t seed);
// The run's events in the order of time, for people: the last `most` of them.
std::string timeline(const Report& report, std::size_t most);

}  // namespace rollout::simulation
