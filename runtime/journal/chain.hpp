#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/journal/journal.hpp"
#include "runtime/plan/format.hpp"

// What ties each entry to the one before it, so that a flipped bit, a lost entry and a changed one are seen. SQLite
// itself keeps no checksums.

namespace rollout::journal {

// FNV-1a over the bytes: finds damage, continued from `state`.
constexpr std::uint64_t checksum(std::string_view bytes, std::uint64_t state = 0xcbf29ce484222325ULL) {
  for (const char byte : bytes) state = (state ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  return state;
}

// The link of an entry, from the link of the one before it (empty for the first): SHA-256, in hexadecimal, over six
// lines: the link before, the sequence, the epoch, the instant in nanoseconds, the kind, the body. Whoever knows one
// link knows whether any entry up to it was changed.
inline std::string chain_link(std::string_view previous, const Entry& entry) {
  return plan::sha256_hex(
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", previous, entry.sequence, entry.epoch, entry.at, entry.kind, entry.body));
}

}  // namespace rollout::journal
