#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/command/commands.hpp"
#include "runtime/plan/plan.hpp"
#include "runtime/scenario/scenario.hpp"

namespace rollout::command {

// A plan from a .rplan (read) or a .rollout (compiled), verified either way. What is wrong was printed to standard
// error already, diagnostics with their frames.
std::shared_ptr<const plan::VerifiedPlan> load_plan(const std::string& path, const std::string& rollout);

// A program's scenarios with the verified plan of the rollout that each one tests.
struct LoadedScenario {
  scenario::Scenario scenario;
  std::shared_ptr<const plan::VerifiedPlan> plan;
};
struct LoadedScenarios {
  std::string path;
  std::vector<LoadedScenario> scenarios;
};
// Nothing where the file does not compile; printed as above.
std::optional<LoadedScenarios> load_scenarios(const std::string& path);

}  // namespace rollout::command
