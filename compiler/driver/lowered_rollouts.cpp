#include "compiler/driver/lowered_rollouts.hpp"

#include "compiler/driver/plans.hpp"

namespace rollout::driver {

std::vector<lints::LoweredRollout> lowered_rollouts(const check::CheckedModule& module,
                                                    std::vector<diagnostics::Diagnostic>& too_large) {
  std::vector<lints::LoweredRollout> lowered;
  lower::SourceTables sources;
  sources.purpose = lower::Purpose::Times;
  for (std::uint32_t index = 0; index < module.rollouts.size(); ++index) {
    const check::RolloutDecl& rollout = module.rollouts[index];
    if (rollout.location.file != diagnostics::FileId{}) continue;
    auto plan = lower_and_verify(module, rollout, sources);
    if (plan) {
      lowered.push_back({module.symbols[rollout.symbol].name, index, std::move(*plan)});
    } else if (plan.error().diagnostic) {
      too_large.push_back(*plan.error().diagnostic);
    }
  }
  return lowered;
}

}  // namespace rollout::driver
