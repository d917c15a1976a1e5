#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/executors/secrets.hpp"

namespace rollout::executors {

// Keeps the beginning and the end of a stream of any length in bounded memory.
class OutputCapture {
 public:
  // At most `limit` bytes are kept: half from the beginning, half from the end.
  explicit OutputCapture(std::size_t limit) : half_(limit / 2) {}
  void add(std::string_view bytes);
  std::uint64_t dropped() const { return dropped_; }
  // What was kept as UTF-8, secrets masked; where bytes were dropped a line in between says how many.
  std::string text(const Masker& masker) const;

 private:
  std::size_t half_;
  std::string head_;
  std::string tail_;  // a ring once it is full
  std::size_t tail_begin_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace rollout::executors
