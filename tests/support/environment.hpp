// What a test is told from outside.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace rollout::test {

// A count or a seed, for runs that are longer than usual, or repeat one; `usual` where the variable is not set.
inline std::uint64_t number_from_environment(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), usual);
  return usual;
}

}  // namespace rollout::test
