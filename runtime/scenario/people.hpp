#pragma once

#include <string>
#include <vector>

#include "runtime/machine/machine.hpp"
#include "runtime/scenario/scenario.hpp"

namespace rollout::scenario {

// What somebody will say, and how long after being asked.
struct Saying {
  Nanoseconds after = 0;
  machine::PersonSaid said;
  bool by_name = false;  // the scenario names this gate or item: it is said even when the gate has closed in between
};

// What the scenario's people say to a gate that has just opened, in the order of the scenario. Lines that name the gate
// win over `approve all` and `tick all`.
std::vector<Saying> answers_to(const Scenario& scenario, const machine::GateView& gate);

// What they say at the console.
machine::PersonSaid console_saying(const Console& console);

}  // namespace rollout::scenario
