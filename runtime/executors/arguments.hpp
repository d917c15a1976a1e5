#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/plan/value.hpp"

namespace rollout::executors {

// The named argument of an effect or a metric, or null.
inline const plan::Value* find_argument(const std::vector<std::pair<std::string, plan::Value>>& arguments,
                                        std::string_view name) {
  for (const auto& [key, value] : arguments) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace rollout::executors
