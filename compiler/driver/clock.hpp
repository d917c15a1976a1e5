// The time of day, for commands. What runs rollouts gets its clock from its scheduler.
#pragma once

#include <chrono>

#include "runtime/plan/value.hpp"

namespace rollout::driver {

// Nanoseconds since the epoch.
inline plan::Nanoseconds wall_clock() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

}  // namespace rollout::driver
