#pragma once

#include <string>

#include "runtime/plan/plan.hpp"

// What a plugin says that it has to touch, for whoever reads it from a file and for people.

namespace rollout::plan {

inline constexpr std::size_t kMostAccess = 64;           // paths to read, paths to write, ports
inline constexpr std::size_t kLongestAccessPath = 1024;  // in bytes

// What is wrong with it, and where: "writes[1]: ..."; empty where nothing is.
std::string access_problem(const PluginAccess& access);

// "reads `~/.kube`, writes `/var/lib/pools`, connects to port 443", or "touches nothing else", for people.
std::string access_text(const PluginAccess& access);

}  // namespace rollout::plan
