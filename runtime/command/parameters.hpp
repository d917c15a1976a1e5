#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/plan.hpp"

namespace rollout::command {

using ParameterValues = std::vector<std::pair<std::string, plan::Value>>;

// Reads `--set NAME=VALUE` against the plan's parameters: unknown names, texts that are no literal of the parameter's
// type, values that do not match its pattern, repeated and missing parameters are errors that name what would be right.
plan::Expected<ParameterValues> read_parameters(const plan::Plan& plan, const std::vector<std::string>& settings);

}  // namespace rollout::command
