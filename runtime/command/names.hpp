#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "runtime/command/state_directory.hpp"
#include "runtime/engine/speaker.hpp"

// Under which names people may speak to a run where production is touched: their own, and those that the file `people`
// of the state directory gives them.
//
//   # Unix user: the people that it may speak for
//   deploy: ana, ben

namespace rollout::command {

using Names = std::map<std::string, std::set<std::string>>;

// The lines of such a file; the error names the line that is none.
plan::Expected<Names> read_names(const std::string& text);

// Why this speaker may not call himself `who`; nothing where he may. The file is read each time, so that it can be
// mended while the run waits.
std::optional<std::string> refused_name(const StateDirectory& state, const std::string& who,
                                        const engine::Speaker& speaker);

}  // namespace rollout::command
