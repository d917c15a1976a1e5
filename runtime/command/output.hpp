#pragma once

#include <string_view>

#include "runtime/command/commands.hpp"

namespace rollout::command {

// Prints "rollout: error: MESSAGE" to standard error and gives Exit::Usage, so that callers can return it.
Exit complain(std::string_view message);

// Whether standard output is a terminal that may be drawn over.
bool draws_live();

}  // namespace rollout::command
