#pragma once

#include <string>
#include <vector>

#include "runtime/engine/entries.hpp"

// Processes of effects in doubt that outlived the runtime that started them. Whether their effect happened is decided
// only after they are gone: a process that still works would make any answer wrong.

namespace rollout::engine {

// The processes that still live: the journalled ones with the same start time on the same boot, and every process of
// this machine that carries one of the keys as ROLLOUT_EFFECT_ID, descendants that left their group among them.
std::vector<ProcessNote> find_orphans(const std::vector<ProcessNote>& journalled,
                                      const std::vector<std::pair<std::uint64_t, std::string>>& doubtful);

struct OrphanEnd {
  ProcessNote orphan;
  std::string how;  // "terminated", "killed", "could not be ended"
};
// TERM, and KILL after the grace; blocks until they are gone or cannot be ended.
std::vector<OrphanEnd> end_orphans(const std::vector<ProcessNote>& orphans, Nanoseconds grace);

}  // namespace rollout::engine
