#pragma once

#include <string>

#include "runtime/journal/lock_file.hpp"

// One live run for a key, on this machine: `exclusive "production/portal-api"`.

namespace rollout::engine {

// Holds the key until it is destroyed or its process ends.
struct ExclusiveKey {
  journal::LockFile lock;
};

// The key, or who has it: the lock lies in `state_directory`, so runs with other state directories do not see each
// other.
plan::Expected<ExclusiveKey> acquire_exclusive(const std::string& state_directory, const std::string& key,
                                               const std::string& run_id);

// The run that has the key, or had it last; empty where none had.
std::string latest_run(const std::string& state_directory, const std::string& key);

}  // namespace rollout::engine
