#pragma once

#include "runtime/scenario/player.hpp"
#include "runtime/scenario/points.hpp"

namespace rollout::scenario {

// The expectations that did not hold, in the scenario's order, each with what happened instead.
std::vector<Failure> unmet_expectations(const Scenario& scenario, const Result& result, const Points& points);

// How the run ended, in one clause: "rolled back at 42m during `canary`, because `errors_5xx > 5% for 2m`".
std::string describe_end(const Result& result);

}  // namespace rollout::scenario
