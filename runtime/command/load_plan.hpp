#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/scenarios.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/trust.hpp"
#include "runtime/plan/plan.hpp"

namespace rollout::command {

// A plan from a .rplan (read) or a .rollout (compiled), verified either way. What is wrong was printed to standard
// error already, diagnostics with their frames.
// Where a signature is required, only a .rplan will do.
std::shared_ptr<const plan::VerifiedPlan> load_plan(const std::string& path, const std::string& rollout,
                                                    const SignaturePolicy& policy);

// Nothing where the file does not compile; printed as above.
std::optional<std::vector<driver::CompiledScenario>> load_scenarios(const std::string& path);

}  // namespace rollout::command
