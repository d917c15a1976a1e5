// `within D` or `timeout D` around steps that take longer than that, however well everything goes.
#include <fmt/format.h>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
void limit_too_short(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (plan::BlockId id = 0; id < rollout.plan.blocks.size(); ++id) {
      const plan::Block& block = rollout.plan.blocks[id];
      const plan::BlockTime& time = rollout.time(id);
      const auto place = timing.place(rollout.plan, block.spot);
      if (!place || !time.reached) continue;
      for (const bool within : {true, false}) {
        const plan::RoutineId routine = within ? block.within : block.timeout;
        if (routine == plan::kNone) continue;
        const Location primary = timing.limit_place(*place, within);
        const Most limit = rollout.values.duration(routine);
        if (!limit || time.content.least <= *limit) {
          findings.use(primary, std::nullopt);
          continue;
        }
        Diagnostic made;
        made.code = Code::LimitTooShort;
        made.message =
            fmt::format("what stands here takes at least {}, and it has {}", text(time.content.least), text(*limit));
        made.primary = primary;
        made.primary_label = "is always over before the steps are";
        made.helps.push_back("allow more time, or wait less inside");
        findings.use(primary, std::move(made));
      }
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
