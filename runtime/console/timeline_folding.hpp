#pragma once

#include <map>
#include <set>
#include <span>
#include <string>

#include "runtime/machine/events.hpp"

namespace rollout::console {

// Records that a timeline does not tell one by one, by their index, and sentences that stand for them.
struct Folding {
  std::set<std::size_t> hidden;
  std::map<std::size_t, std::string> instead;  // at the place of a hidden record
};

// Hidden are: what comes and goes many times, the commands inside an action, channel, undo or change of traffic that
// has a line of its own, and checks inside a `verify`. What fails is told by its outcome all the same.
Folding fold(std::span<const machine::Record> records);

}  // namespace rollout::console
