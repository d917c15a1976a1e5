// What a plan takes, from its text alone: `rolloutc check --summary`.
#pragma once

#include <string>

#include "runtime/plan/plan.hpp"

namespace rollout::driver {

// A table for people: stages with the least and the most time they take and what the way back takes from each, guards
// with the earliest moment at which they can fire, who must answer. Ends with a newline.
std::string summary_text(const plan::Plan& plan);
// The same as one JSON object on one line. Times are seconds; null: without a limit, or only a run knows it.
std::string summary_json(const plan::Plan& plan);

}  // namespace rollout::driver
