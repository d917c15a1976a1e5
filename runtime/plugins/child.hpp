#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/executors/spawn.hpp"
#include "runtime/plan/plan.hpp"

// Starting a plugin: the system calls, without any waiting.

namespace rollout::plugins {

struct PluginChild {
  pid_t pid = 0;                         // and the id of its process group
  executors::Descriptor to, from;        // what it reads as descriptor 3, and writes as 4; not blocking
  executors::Descriptor output, errors;  // the reading ends of its descriptors 1 and 2; not blocking
  executors::Descriptor exited;          // readable once the process has ended
};

// The name of the variable in which a plugin finds what it has to say in its answer to `hello`.
inline constexpr const char* kCookieVariable = "ROLLOUT_PLUGIN_COOKIE";

// Starts the program at that path: nothing on its standard input, an allow-listed environment and the cookie, a process
// group of its own, no privileges to gain, killed where the thread that starts it ends, and kept to `access` where
// there is one and the kernel can. Or the reason why it did not start.
plan::Expected<PluginChild, std::string> start_child(const std::string& path, const std::string& cookie,
                                                     const std::optional<plan::PluginAccess>& access);

// A text that nobody guesses, for the cookie and the session.
std::string random_name();

}  // namespace rollout::plugins
