#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/command/commands.hpp"
#include "runtime/plan/plan.hpp"
#include "runtime/project/project_file.hpp"

namespace rollout::command {

// Whether what the plan changes is production: as its environment says, or by the environment's name.
bool is_production(const plan::Plan& plan);

// A plan as it is to run, in the environment that was asked for.
struct DeployedPlan {
  std::shared_ptr<const plan::VerifiedPlan> plan;
  std::vector<std::string> parameters;  // NAME=VALUE: what was given, and the environment's
};

// Loads the plan and puts it into its environment. Nothing where something is wrong: it was printed to standard error.
std::optional<DeployedPlan> load_deployed(const PlanArguments& arguments, const SignatureArguments& signature);

}  // namespace rollout::command
