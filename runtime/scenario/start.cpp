#include <algorithm>

#include "runtime/scenario/player.hpp"

namespace rollout::scenario {

namespace {

constexpr Nanoseconds kDay = 86'400LL * 1'000'000'000;
constexpr Nanoseconds kMonday = 1'767'571'200LL * 1'000'000'000;  // 2026-01-05T00:00Z
constexpr int kMostDays = 400;

bool frozen(const plan::Rollout& rollout, Nanoseconds at) {
  return std::any_of(rollout.freezes.begin(), rollout.freezes.end(),
                     [&](const plan::Freeze& freeze) { return freeze.from <= at && at < freeze.to; });
}

}  // namespace

Nanoseconds creation_instant(const plan::Plan& plan, const Scenario& scenario) {
  if (scenario.starts) return *scenario.starts;
  const plan::Rollout& rollout = plan.rollout;
  // In other zones the run is created on that Monday and waits for its window by itself.
  const auto elsewhere = [](const plan::Window& window) { return window.zone != "UTC"; };
  if (std::any_of(rollout.windows.begin(), rollout.windows.end(), elsewhere)) return kMonday;
  if (rollout.windows.empty()) {
    Nanoseconds at = kMonday;
    for (int i = 0; i < kMostDays && frozen(rollout, at); ++i) {
      for (const plan::Freeze& freeze : rollout.freezes) {
        if (freeze.from <= at && at < freeze.to) at = freeze.to;
      }
    }
    return at;
  }
  for (int day = 0; day < kMostDays; ++day) {
    std::optional<Nanoseconds> first;
    for (const plan::Window& window : rollout.windows) {
      const Nanoseconds opening = kMonday + day * kDay + window.from;
      const bool on_this_day = (window.days.mask >> (day % 7)) & 1;
      if (on_this_day && !frozen(rollout, opening)) first = std::min(first.value_or(opening), opening);
    }
    if (first) return *first;
  }
  return kMonday;
}

}  // namespace rollout::scenario
