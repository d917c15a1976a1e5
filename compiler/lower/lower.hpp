#pragma once

#include <string>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "runtime/plan/plan.hpp"
#include "runtime/scenario/scenario.hpp"

namespace rollout::lower {

// The plan of one rollout of a module that was checked without errors. Total for such modules.
plan::Plan lower_rollout(const check::CheckedModule& module, std::string_view rollout);
// The scenarios of the main file, in source order.
std::vector<scenario::Scenario> lower_scenarios(const check::CheckedModule& module);

}  // namespace rollout::lower
