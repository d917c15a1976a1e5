// A `rollback within` that the undo steps may exceed.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

Diagnostic finding(const Timing& timing, const TimedRollout& rollout, const plan::RolloutTime& time,
                   const Location& primary) {
  Diagnostic made;
  made.code = Code::BudgetTooSmall;
  made.message =
      fmt::format("the way back may take {}, and `rollback within` allows {}", text(*time.undo), text(*time.budget));
  made.primary = primary;
  made.primary_label = "less than the time limits of the undo steps add up to";
  const auto over = std::ranges::find_if(
      time.stages, [&](const plan::StageTime& stage) { return stage.undo && exceeds(*stage.undo, *time.budget); });
  if (over != time.stages.end()) {
    const plan::BlockId block = rollout.plan.stages[over->stage].block;
    also(made, timing.scope_place(rollout, block), fmt::format("from here it may take {}", text(*over->undo)));
  }
  made.notes.push_back(
      "counted are the undo steps alone, one after the other, with their retries; a call without a "
      "`timeout` may take 1m");
  made.helps.push_back("give the undo steps shorter time limits, or allow more for the way back");
  return made;
}

}  // namespace

void budget_too_small(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (plan::RolloutId id = 0; id < rollout.bounds.rollouts.size(); ++id) {
      const plan::RolloutTime& time = rollout.bounds.rollouts[id];
      const auto place = timing.place(rollout.plan, plan::rollout_row(rollout.plan, id).spot);
      const check::RolloutDecl* source = place ? timing.rollout_at(*place) : nullptr;
      if (!source || !time.has_budget) continue;
      const Location primary = timing.expression(source->rollback_within, *place);
      const bool over = time.budget && time.undo && exceeds(*time.undo, *time.budget);
      findings.use(primary, over ? std::optional(finding(timing, rollout, time, primary)) : std::nullopt);
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
