#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/calendar.hpp"

namespace rollout::zones {

using plan::Nanoseconds;

// The rules of all zones that the plan's windows name, for a run that is created at the instant: they reach ten years
// further. The error says which zone there is not, or that there is no tz database and which package has it.
plan::Expected<std::vector<plan::Zone>> read_zones(const plan::Plan& plan, Nanoseconds created);

// Why no plan should name this zone: the database has none of that name. Nothing where it has, and also where there is
// no database here to ask, since a plan may be built on one machine and run on another.
std::optional<std::string> zone_problem(const std::string& name);

}  // namespace rollout::zones
