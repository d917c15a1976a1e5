#pragma once

#include <string>
#include <string_view>

#include "runtime/machine/core.hpp"

namespace rollout::machine {

// The whole state as bytes: "ROLLSNAP", the format's version, a checksum, the plan's identity, the state. The same
// state gives the same bytes.
std::string write_snapshot(const Core& core);
// Reads a snapshot into the core. The reason why not, where the bytes are damaged, newer or of another plan; else
// empty.
std::string read_snapshot(Core& core, std::string_view bytes);
// Puts the checksum of mutated bytes right: for fuzzing what lies behind it.
void repair_checksum(std::string& bytes);
// The reason why the machine could not rely on this state under its plan (an id out of range, ...); else empty. A state
// that passes never leads to a fault, whatever it holds.
std::string check_state(const Plan& plan, const State& state);

}  // namespace rollout::machine
