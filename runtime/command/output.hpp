#pragma once

#include <string>
#include <string_view>

#include "runtime/command/commands.hpp"

namespace rollout::command {

// Prints "rollout: error: MESSAGE" to standard error and gives Exit::Usage, so that callers can return it.
Exit complain(std::string_view message);

// Whether colours and redrawing are right for that descriptor: a terminal, NO_COLOR unset, TERM not "dumb".
bool wants_colour(int descriptor);
bool is_terminal(int descriptor);
// Columns of the terminal, 100 where there is none.
unsigned terminal_width();

}  // namespace rollout::command
