// The scenarios of a file, ready to be played: what `rollout test` and the language server share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compiler/driver/compile.hpp"
#include "runtime/scenario/scenario.hpp"

namespace rollout::driver {

// A scenario with the verified plan of the rollout that it tests.
struct CompiledScenario {
  scenario::Scenario scenario;
  std::shared_ptr<const plan::VerifiedPlan> plan;
};

// In source order. The module must have been checked without errors. The error is for people: a plan that no runtime
// takes.
Expected<std::vector<CompiledScenario>, std::string> scenarios_of(const CompiledFile& file);

// The scenario with that name, else the first whose name contains it; null where there is none.
const CompiledScenario* find_scenario(const std::vector<CompiledScenario>& scenarios, const std::string& wanted);

}  // namespace rollout::driver
