// What the verbs of `rolloutc` share when they read and answer.
#pragma once

#include <cstddef>
#include <string>

#include "compiler/driver/command/commands.hpp"

namespace rollout::command {

// Larger source files are not read.
inline constexpr std::size_t kMostSourceBytes = 16u << 20;

// A message for people, on the standard error.
void complain(const std::string& message);
// Writes to the standard output and gives `status`; Usage, after a complaint, where a closed pipe or a full disk took
// it.
Exit put(const std::string& text, Exit status);

}  // namespace rollout::command
