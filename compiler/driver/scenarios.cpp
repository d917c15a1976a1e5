#include "compiler/driver/scenarios.hpp"

#include <algorithm>
#include <map>

#include "compiler/lower/lower.hpp"

namespace rollout::driver {

Expected<std::vector<CompiledScenario>, std::string> scenarios_of(const CompiledFile& file) {
  std::vector<CompiledScenario> scenarios;
  std::map<std::string, std::shared_ptr<const plan::VerifiedPlan>> plans;
  for (scenario::Scenario& each : lower::lower_scenarios(file.module)) {
    auto& plan = plans[each.rollout];
    if (plan == nullptr) {
      auto verified = plan::verify(lower::lower_rollout(file.module, each.rollout));
      if (!verified) return verified.error().message;
      plan = *verified;
    }
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
