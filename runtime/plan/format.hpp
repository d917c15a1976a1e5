#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/plan/plan.hpp"

// The .rplan file. Little-endian, sections with CRC-32C, the same bytes for the same plan on every machine.
//
//   magic            8 bytes, with the line ends and the end-of-file mark that a transfer as text would change
//   version          major, minor (16 bits each)
//   features         64 bits: what a reader must know to run this plan
//   total length     64 bits, of the whole file
//   compiler         32-bit length and text
//   sections         32-bit count, then the CRC-32C of all that precedes
//   each section     number (32 bits), length (64), CRC-32C of the content (32), content: the tables of a Plan in the
//   order of
//                    fields.hpp, integers in their width, texts and lists with a 32-bit count, doubles as their bits
//
// A checksum protects against accidents, not against people. The SHA-256 of the whole file is the plan's id: `sha256sum
// x.rplan`.
//
// Compatibility: a program reads every minor version of its major one. A newer minor version may only add sections,
// which older programs skip; whatever must be understood gets a feature bit, whatever changes an existing section a new
// major version.
//
// Format history (major.minor): 1.0 first; 2.0 the environment that a run was started in. A plan with plugins has
// feature 2 and one section more, `plugins`; where one of them says what it may touch, feature 4 and `plugin_access`.

namespace rollout::plan {

inline constexpr std::uint16_t kFormatMajor = 2;
inline constexpr std::uint16_t kFormatMinor = 0;

std::string write_plan(const Plan& plan);
// Any bytes: a plan, or the reason why not (not a plan, truncated, damaged, newer format, over a limit). Never faults.
Expected<Plan> read_plan(std::string_view bytes);
// SHA-256 of the canonical content, hexadecimal: the plan's identity.
std::string plan_id(const Plan& plan);
// SHA-256 of any bytes, hexadecimal.
std::string sha256_hex(std::string_view bytes);

// One value in the plan file's encoding, for journals and snapshots: exact, and the same bytes for the same value.
std::string write_value(const Value& value);
Expected<Value> read_value(std::string_view bytes);

// The whole plan as stable text, one instruction a line with operands, comment and source place.
std::string disassemble(const Plan& plan);

}  // namespace rollout::plan
