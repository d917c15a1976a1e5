#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/driver/shell/description.hpp"

namespace rollout::shell {

// A script that teaches the shell (bash, zsh or fish) the command's verbs, options, files and runs; nothing for any
// other shell.
std::optional<std::string> completion_script(const CommandText& command, std::string_view shell);

}  // namespace rollout::shell
