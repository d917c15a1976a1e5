#pragma once

#include <cstdint>

// Faults on purpose, one at a time, to see that the simulator finds them (tests/simulation). Nothing of them is in a
// program that is built without ROLLOUT_PLANTED_BUGS.

namespace rollout::plan {

enum class Bug : std::uint8_t {
  None,
#define BUG(name, text) name,
#include "runtime/plan/planted_bugs.def"
#undef BUG
};

#ifdef ROLLOUT_PLANTED_BUGS
inline Bug planted_bug = Bug::None;
inline bool planted(Bug bug) {
  return planted_bug == bug;
}
#else
constexpr bool planted(Bug) {
  return false;
}
#endif

}  // namespace rollout::plan
