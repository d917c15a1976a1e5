#include "compiler/lower/lower.hpp"

namespace rollout::lower {

std::vector<scenario::Scenario> lower_scenarios(const check::CheckedModule& module) {
  static_cast<void>(module);
  return {};
}

}  // namespace rollout::lower
