#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollout::executors {

using EnvironmentVariables = std::vector<std::pair<std::string, std::string>>;

// Whether a child sees this variable of the runtime. Everything else, credentials above all, must be given with `env:`.
bool is_inherited(std::string_view name);

// The environment of a child: what is inherited, overridden by `given` (later ones win), as NAME=VALUE in the order of
// names.
std::vector<std::string> child_environment(const EnvironmentVariables& given);

// The variables of this process that the pattern names: `AWS_*`, or one name.
EnvironmentVariables variables_passed_by(std::string_view pattern);

// The value of a variable in such an environment, empty where it is not there.
std::string_view find_variable(const std::vector<std::string>& environment, std::string_view name);

}  // namespace rollout::executors
