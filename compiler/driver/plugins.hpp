// The plugins that a program may use: read from its lock file, without starting one.
#pragma once

#include <string>
#include <variant>

#include "compiler/check/check.hpp"
#include "runtime/plugins/schema/lock.hpp"

namespace rollout::driver {

// Before the name of a plugin's module in the list of files; no file of a person has such a path.
inline constexpr std::string_view kPluginFiles = "<plugins>/";

// The lock file for programs in the folder: the nearest one above it, up to the folder of the project's `rollout.toml`;
// where there is none yet, where it would be.
std::string lock_path(const std::string& folder);

// Whether the lock file is there, and what is in it.
struct LockFile {
  std::string path;
  bool is_there = false;
  plan::Expected<plugins::Lock, std::string> lock = plugins::Lock{};
};
LockFile read_lock_file(const std::string& path);

// The plugin as the file in that folder uses it, or why it cannot.
std::variant<check::PluginModule, check::PluginProblem> plugin_module(const std::string& folder,
                                                                      const std::string& name);

}  // namespace rollout::driver
