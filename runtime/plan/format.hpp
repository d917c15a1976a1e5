#pragma once

#include <string>
#include <string_view>

#include "runtime/plan/plan.hpp"

// The .rplan file. Little-endian, sections with CRC-32C, the same bytes for the same plan on every machine.
//
// Format history (major.minor): 1.0 first.

namespace rollout::plan {

std::string write_plan(const Plan& plan);
// Any bytes: a plan, or the reason why not (not a plan, truncated, damaged, newer format, over a limit). Never faults.
Expected<Plan> read_plan(std::string_view bytes);
// SHA-256 of the canonical content, hexadecimal: the plan's identity.
std::string plan_id(const Plan& plan);
// The whole plan as stable text, one instruction a line with operands, comment and source place.
std::string disassemble(const Plan& plan);

}  // namespace rollout::plan
