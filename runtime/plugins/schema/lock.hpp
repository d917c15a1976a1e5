#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/plan.hpp"

// `rollout.plugins.lock`: the plugins that programs may use, each with its schema and the digest of its file, so that
// programs are checked without starting one, and a run starts only what was looked at.

namespace rollout::plugins {

inline constexpr std::string_view kLockName = "rollout.plugins.lock";

struct LockedPlugin {
  plan::Plugin plugin;
  std::vector<int> majors;  // of the protocol, as the plugin said
  boost::json::value schema;
};

struct Lock {
  std::vector<LockedPlugin> plugins;  // in the order of their names
  const LockedPlugin* find(std::string_view name) const;
  std::vector<std::string> names() const;
};

// The lock, or what is wrong with the text, for people. That a schema is what its digest says is checked.
plan::Expected<Lock, std::string> read_lock(std::string_view text);
// Stable: the same plugins give the same bytes.
std::string write_lock(const Lock& lock);

// Whether this program speaks one of those majors.
bool is_spoken(const std::vector<int>& majors);
// "1", "2, 3": for messages.
std::string majors_text(const std::vector<int>& majors);

}  // namespace rollout::plugins
