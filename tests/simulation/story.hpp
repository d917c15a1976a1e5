// What is run: a plan, and what its author and the team know of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/calendar.hpp"
#include "runtime/plan/plan.hpp"

namespace rollout::simulation {

// Something that the plan puts somewhere. Its name tells how: `c7`, in the branch 2 of something parallel `c7.2`.
struct Thing {
  std::string name;
  bool can_go_back = true;  // false: irreversible
  bool may_stay = false;    // its undo may fail without stopping the rollback
  bool always_put = true;   // on every way to success
  int retries = -1;         // that the author allows; -1: not to be counted
};

struct Story {
  std::string name, source;
  std::shared_ptr<const plan::VerifiedPlan> plan;
  std::vector<std::pair<std::string, plan::Value>> parameters = {};
  std::vector<plan::Zone> zones = {};
  std::vector<std::string> members;  // of every role; empty: whoever a gate names
  std::vector<int> shares;           // of traffic, in percent, in the order of the stages
  std::vector<Thing> things;
  std::vector<std::string> schedules;  // commands that run once, some minutes after success
  bool made_up = false;                // what invariants may rely on: the words of commands tell what they are
};

// A plan made up from the seed; always one that compiles.
Story made_up_story(std::uint64_t seed);
// The plans of the examples below that folder, each with the parameters of its first scenario.
std::vector<Story> example_stories(const std::string& folder);
// Ends the program with what the compiler said where it does not compile. `rollout`: empty for the only one.
std::shared_ptr<const plan::VerifiedPlan> compiled(const std::string& name, const std::string& source,
                                                   const std::string& rollout);

}  // namespace rollout::simulation
