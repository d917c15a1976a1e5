#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/plan.hpp"

// Where the programs of a plan's plugins are on this machine, and that they are those that were locked.

namespace rollout::plugins {

// A plugin and where its program is on this machine: already compared with what was locked.
struct Program {
  plan::Plugin plugin;
  std::string path;
  std::optional<plan::PluginAccess> access;  // what it is kept to
};

// SHA-256 of a program's bytes, hexadecimal. A type of its own, since the reason why there is none is a text as well.
struct Digest {
  std::string text;
};
plan::Expected<Digest, std::string> program_digest(const std::string& path);

// The programs, in the plan's order. `known` are paths by plugin, tried first; then the plan's own path, where it is
// relative from each of the folders. The error names the plugin, and says what to do.
plan::Expected<std::vector<Program>, std::string> find_programs(const plan::Plan& plan,
                                                                const std::map<std::string, std::string>& known,
                                                                const std::vector<std::string>& folders);

}  // namespace rollout::plugins
