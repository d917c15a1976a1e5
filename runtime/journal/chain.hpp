#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/journal/journal.hpp"

// Checksums that tie each entry to the one before it, so that a flipped bit or a lost entry is seen. SQLite itself
// keeps no checksums. They find damage, not forgery.

namespace rollout::journal {

// FNV-1a over the bytes, continued from `state`.
constexpr std::uint64_t checksum(std::string_view bytes, std::uint64_t state = 0xcbf29ce484222325ULL) {
  for (const char byte : bytes) state = (state ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  return state;
}

constexpr std::uint64_t checksum(std::int64_t number, std::uint64_t state) {
  for (int shift = 0; shift < 64; shift += 8) {
    state = (state ^ (static_cast<std::uint64_t>(number) >> shift & 0xff)) * 0x100000001b3ULL;
  }
  return state;
}

// The link of an entry, from the link of the one before it (0 for the first).
inline std::uint64_t chain_link(std::uint64_t previous, const Entry& entry) {
  std::uint64_t state = checksum(static_cast<std::int64_t>(previous), checksum(std::string_view{}));
  state = checksum(entry.sequence, state);
  state = checksum(entry.epoch, state);
  state = checksum(entry.at, state);
  state = checksum(static_cast<std::int64_t>(entry.kind.size()), checksum(entry.kind, state));
  return checksum(entry.body, state);
}

}  // namespace rollout::journal
