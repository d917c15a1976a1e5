// A window that closes before the last stage of its rollout can be entered.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/lints/time/timing.hpp"
#include "runtime/plan/calendar.hpp"

namespace rollout::lints {
namespace {

// One zone's wall clock is enough to compare windows that all go by it; across zones only a run can tell.
bool one_zone(const std::vector<plan::Window>& windows, const std::vector<plan::Window>& own) {
  std::vector<plan::Window> all = windows;
  all.insert(all.end(), own.begin(), own.end());
  return std::ranges::all_of(all, [&](const plan::Window& window) { return window.zone == all.front().zone; });
}

// The longest time that these windows are open without a break; kNeverOpens where they never close.
Nanoseconds longest_opening(const plan::Openings& when) {
  constexpr Nanoseconds kWeek = Nanoseconds{7 * 86'400} * 1'000'000'000;
  Nanoseconds longest = 0;
  for (Nanoseconds at = 0; at <= kWeek;) {
    const Nanoseconds opens = plan::next_opening(at, when);
    if (opens == plan::kNeverOpens) break;
    const Nanoseconds closes = plan::closing_after(opens, when);
    if (closes == plan::kNeverOpens) return plan::kNeverOpens;
    longest = std::max(longest, closes - opens);
    at = closes;
  }
  return longest;
}

std::optional<Diagnostic> finding(const TimedRollout& rollout, const plan::StageTime& time, plan::RolloutId id,
                                  const Location& place) {
  static const std::vector<plan::Freeze> kNoFreezes;
  static const std::vector<plan::Zone> kWallClock;
  const plan::Stage& stage = rollout.plan.stages[time.stage];
  const std::vector<plan::Window>& windows = plan::rollout_row(rollout.plan, id).windows;
  if ((windows.empty() && stage.windows.empty()) || !one_zone(windows, stage.windows)) return std::nullopt;
  const Nanoseconds longest = longest_opening({windows, stage.windows, kNoFreezes, kWallClock});
  if (longest == 0 || longest == plan::kNeverOpens || time.entered < longest) return std::nullopt;
  Diagnostic made;
  made.code = Code::WindowTooShort;
  made.message = fmt::format(
      "the stage `{}` is entered {} after the first at the earliest, and the window is open for {} at a time",
      stage.name, text(time.entered), text(longest));
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
