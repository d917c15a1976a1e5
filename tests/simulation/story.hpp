// What is run: a plan, and what its author and the team know of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/plan.hpp"

namespace rollout::simulation {

struct Story {
  std::string name, source;
  std::shared_ptr<const plan::VerifiedPlan> plan;
  std::vector<std::pair<std::string, plan::Value>> parameters = {};
  std::vector<std::string> members;  // of every role
  std::vector<int> shares;           // of traffic, in the order of the stages
};

// A plan made up from the seed; always one that compiles.
Story made_up_story(std::uint64_t seed);
// Ends the program with what the compiler said where it does not compile.
std::shared_ptr<const plan::VerifiedPlan> compiled(const std::string& name, const std::string& source);

}  // namespace rollout::simulation
