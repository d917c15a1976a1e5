#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/command/state_directory.hpp"
#include "runtime/machine/machine.hpp"

// What is stored of runs, read beside the process that drives them.

namespace rollout::command {

struct StoredRun {
  journal::RunRow row;
  std::shared_ptr<const plan::VerifiedPlan> plan;
  std::string snapshot;
};
plan::Expected<StoredRun> read_stored(const StateDirectory& state, const std::string& run_id);

// The machine's record that the entry holds; nothing for the engine's own entries. Its values are the texts of the
// journal, but for times.
std::optional<machine::Record> record_of(const journal::Entry& entry);

}  // namespace rollout::command
