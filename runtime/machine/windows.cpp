#include "runtime/machine/windows.hpp"

#include <algorithm>

#include "runtime/machine/guard_clock.hpp"

namespace rollout::machine {

namespace {

constexpr Nanoseconds kDay = Nanoseconds{86'400} * 1'000'000'000;
// Looking further ahead than a year of days is not worth it: a weekday comes again within eight.
constexpr int kDaysAhead = 9;
constexpr int kMostRounds = 400;

Nanoseconds day_of(Nanoseconds instant) {
  const Nanoseconds day = instant / kDay;
  return instant % kDay < 0 ? day - 1 : day;
}

// 1970-01-01 was a Thursday; Monday is 0.
bool falls_on(Nanoseconds day, plan::Weekdays days) {
  const auto weekday = static_cast<unsigned>(((day % 7) + 7 + 3) % 7);
  return ((days.mask >> weekday) & 1U) != 0;
}

Nanoseconds opening_of(Nanoseconds now, const plan::Window& window) {
  const Nanoseconds today = day_of(now);
  const Nanoseconds from = std::clamp<Nanoseconds>(window.from, 0, kDay);
  const Nanoseconds to = std::clamp<Nanoseconds>(window.to, 0, kDay);
  const Nanoseconds length = to <= from ? to - from + kDay : to - from;
  for (Nanoseconds day = today - 1; day < today + kDaysAhead; ++day) {
    if (!falls_on(day, window.days)) continue;
    const Nanoseconds opens = later(day * kDay, from);
    if (now < later(opens, length)) return std::max(now, opens);
  }
  return kNever;
}

Nanoseconds opening_of(Nanoseconds now, const std::vector<plan::Window>& windows) {
  if (windows.empty()) return now;
  Nanoseconds first = kNever;
  for (const plan::Window& window : windows) first = std::min(first, opening_of(now, window));
  return first;
}

}  // namespace

Nanoseconds next_opening(Nanoseconds now, const std::vector<plan::Window>& windows,
                         const std::vector<plan::Window>& own, const std::vector<plan::Freeze>& freezes) {
  constexpr Nanoseconds kFurthest = kNever / 2;
  Nanoseconds candidate = now;
  for (int round = 0; round < kMostRounds && candidate < kFurthest && candidate > -kFurthest; ++round) {
    const Nanoseconds before = candidate;
    candidate = opening_of(candidate, windows);
    if (candidate < kFurthest) candidate = opening_of(candidate, own);
    for (const plan::Freeze& freeze : freezes) {
      if (candidate >= freeze.from && candidate < freeze.to) candidate = freeze.to;
    }
    if (candidate == before) return candidate;
  }
  return kNever;
}

}  // namespace rollout::machine
