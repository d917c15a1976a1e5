#include "compiler/lower/lower.hpp"

#include "runtime/plan/builder.hpp"

namespace rollout::lower {

plan::Plan lower_rollout(const check::CheckedModule& module, std::string_view rollout) {
  static_cast<void>(module);
  plan::PlanBuilder build(ROLLOUT_VERSION);
  const plan::BlockId body = build.begin_block(plan::BlockKind::Rollout, std::string(rollout));
  build.end_block();
  build.rollout().name = rollout;
  build.rollout().block = body;
  return build.finish();
}

std::vector<scenario::Scenario> lower_scenarios(const check::CheckedModule& module) {
  static_cast<void>(module);
  return {};
}

}  // namespace rollout::lower
