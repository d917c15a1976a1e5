#pragma once

#include <string>
#include <utility>

#include "runtime/plan/plan.hpp"

namespace rollout::executors {

// Why something cannot be started, for people: about no place of a plan.
inline plan::PlanError failure(std::string message) {
  return {std::move(message), 0};
}

}  // namespace rollout::executors
