#include "runtime/plan/calendar.hpp"
#include "runtime/scenario/player.hpp"
#include "runtime/zones/zones.hpp"

namespace rollout::scenario {

namespace {

constexpr Nanoseconds kMonday = 1'767'571'200LL * 1'000'000'000;  // 2026-01-05T00:00Z

}  // namespace

Nanoseconds creation_instant(const plan::Plan& plan, const Scenario& scenario) {
  if (scenario.starts) return *scenario.starts;
  const plan::Rollout& rollout = plan.rollout;
  const auto zones = zones::read_zones(plan, kMonday);
  if (!zones) return kMonday;
  static const std::vector<plan::Window> kNoWindows;
  const bool staged = !rollout.stages.empty() && rollout.stages.front() < plan.stages.size();
  const auto& own = staged ? plan.stages[rollout.stages.front()].windows : kNoWindows;
  const plan::Openings when{rollout.windows, own, rollout.freezes, *zones};
  // A window that is open already when that Monday begins has opened before it.
  Nanoseconds from = kMonday;
  const bool always = rollout.windows.empty() && own.empty();
  if (!always && plan::next_opening(kMonday - 1, when) < kMonday) from = plan::closing_after(kMonday - 1, when);
  const Nanoseconds opening = plan::next_opening(from, when);
  return opening == plan::kNeverOpens ? kMonday : opening;
}

}  // namespace rollout::scenario
