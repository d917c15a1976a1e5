// A stage with guards that is left as soon as it has set the traffic.
#include <fmt/format.h>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {

void guard_without_time(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (plan::BlockId id = 0; id < rollout.plan.blocks.size(); ++id) {
      const plan::Block& block = rollout.plan.blocks[id];
      const auto place = timing.place(rollout.plan, block.spot);
      if (!place || block.kind != plan::BlockKind::Stage || !rollout.time(id).reached) continue;
      if (block.guards.empty() || !is_left_at_once(rollout, id)) {
        findings.use(*place, std::nullopt);
        continue;
      }
      Diagnostic made;
      made.code = Code::GuardWithoutTime;
      made.message = fmt::format("the guards of the stage `{}` watch its new share of traffic for 0s", block.name);
      made.primary = *place;
      made.primary_label = "is left as soon as the traffic is set";
      also(made, timing.place(rollout.plan, rollout.plan.guards[block.guards.front()].spot),
           "watches no longer than the stage");
      made.helps.push_back("wait behind the step while they watch, as in `hold 15m`");
      findings.use(*place, std::move(made));
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
