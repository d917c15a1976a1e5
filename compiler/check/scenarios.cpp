#include "compiler/check/checker.hpp"

namespace rollout::check {

void check_scenarios(Checker& c) {
  static_cast<void>(c);
}

}  // namespace rollout::check
