// A window that closes before the last stage of its rollout can be entered.
#include <fmt/format.h>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

std::optional<Diagnostic> finding(const TimedRollout& rollout, const plan::StageTime& time, plan::RolloutId id,
                                  const Location& place) {
  const plan::Stage& stage = rollout.plan.stages[time.stage];
  const Most longest = longest_opening(rollout.plan, id, time.stage);
  if (!longest || time.entered < *longest) return std::nullopt;
  Diagnostic made;
  made.code = Code::WindowTooShort;
  made.message = fmt::format(
      "the stage `{}` is entered {} after the first at the earliest, and the window is open for {} at a time",
      stage.name, text(time.entered), text(*longest));
  made.primary = place;
  made.primary_label = "will wait until the window opens again";
  made.notes.push_back("a window binds the entry of each stage");
  made.helps.push_back("open the window for longer, or wait less in the stages before");
  return made;
}

}  // namespace

void window_too_short(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (plan::RolloutId id = 0; id < rollout.bounds.rollouts.size(); ++id) {
      const plan::RolloutTime& time = rollout.bounds.rollouts[id];
      if (time.stages.empty()) continue;
      const plan::StageTime& last = time.stages.back();
      const auto place = timing.place(rollout.plan, rollout.plan.blocks[rollout.plan.stages[last.stage].block].spot);
      if (place) findings.use(*place, finding(rollout, last, id, *place));
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
