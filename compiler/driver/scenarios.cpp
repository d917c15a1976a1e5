#include "compiler/driver/scenarios.hpp"

#include <algorithm>
#include <map>

#include "compiler/lower/lower.hpp"

namespace rollout::driver {

Expected<std::vector<CompiledScenario>, PlanProblem> scenarios_of(const CompiledFile& file) {
  std::vector<CompiledScenario> scenarios;
  std::map<std::string, PlanPointer> plans;
  for (scenario::Scenario& each : lower::lower_scenarios(file.module)) {
    PlanPointer& plan = plans[each.rollout];
    const check::RolloutDecl* rollout = lower::find_rollout(file.module, each.rollout);
    if (plan == nullptr && rollout != nullptr) {
      auto verified = verified_plan(file, *rollout);
      if (!verified) return verified.error();
      plan = *verified;
    }
    if (plan == nullptr) continue;
    scenarios.push_back({std::move(each), plan});
  }
  return scenarios;
}

const CompiledScenario* find_scenario(const std::vector<CompiledScenario>& scenarios, const std::string& wanted) {
  auto found = std::ranges::find(scenarios, wanted, [](const CompiledScenario& each) { return each.scenario.name; });
  if (found == scenarios.end()) {
    found = std::ranges::find_if(
        scenarios, [&](const CompiledScenario& each) { return each.scenario.name.find(wanted) != std::string::npos; });
  }
  return found == scenarios.end() ? nullptr : &*found;
}

}  // namespace rollout::driver
