// A plan in one of its project's environments: what runs, and what the journal keeps.
#pragma once

#include <memory>
#include <string>

#include "runtime/plan/plan.hpp"
#include "runtime/project/project_file.hpp"

namespace rollout::project {

// The plan with the environment's secrets, channels, variables and name in the place of its own, verified anew.
// Parameters are the caller's: they are given when the run starts. One project has many plans, so names that this plan
// does not have are passed over, unless they look like a slip for one that it has: then they are an error, for people.
plan::Expected<std::shared_ptr<const plan::VerifiedPlan>, std::string> with_environment(
    const plan::VerifiedPlan& plan, const Environment& environment, const std::string& project_path);

// The environment's parameters as `--set` takes them: those that the plan has and that are not set already.
std::vector<std::string> settings_of(const plan::Plan& plan, const Environment& environment,
                                     const std::vector<std::string>& already_set);

}  // namespace rollout::project
