#pragma once

#include <string>

#include "runtime/machine/machine.hpp"

namespace rollout::command {

// A run's view as one line of JSON, for `status --format json`. Durations and instants are texts as the language writes
// them; what does not apply is null.
std::string view_json(const machine::View& view, const std::string& run_id, bool driven);

}  // namespace rollout::command
