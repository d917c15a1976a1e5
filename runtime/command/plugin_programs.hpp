#pragma once

#include <string>
#include <vector>

#include "runtime/command/state_directory.hpp"
#include "runtime/plugins/programs.hpp"

namespace rollout::command {

using Programs = plan::Expected<std::vector<plugins::Program>, std::string>;

// The programs of the plan's plugins, as the lock file for that plan or program says where they are.
Programs programs_beside(const std::string& file, const plan::Plan& plan);
// Those of a stored run: where they were when it was created.
Programs stored_programs(const StateDirectory& state, const std::string& run_id, const plan::Plan& plan);

}  // namespace rollout::command
