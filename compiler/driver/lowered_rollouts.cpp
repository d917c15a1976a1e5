#include "compiler/driver/lowered_rollouts.hpp"

#include "compiler/lower/lower.hpp"

namespace rollout::driver {

std::vector<lints::LoweredRollout> lowered_rollouts(const check::CheckedModule& module) {
  std::vector<lints::LoweredRollout> lowered;
  lower::SourceTables sources;
  // These plans are read beside their source and never leave: nobody asks which texts they were made of, or what stood
  // there.
  sources.texts = false;
  for (std::uint32_t index = 0; index < module.rollouts.size(); ++index) {
    const check::RolloutDecl& rollout = module.rollouts[index];
    if (rollout.location.file != diagnostics::FileId{}) continue;
    const std::string& name = module.symbols[rollout.symbol].name;
    auto plan = plan::verify(lower::lower_rollout(module, name, sources));
    if (plan) lowered.push_back({name, index, std::move(*plan)});
  }
  return lowered;
}

}  // namespace rollout::driver
