#include "runtime/plan/calendar.hpp"

#include <algorithm>

namespace rollout::plan {

namespace {

constexpr Nanoseconds kDay = Nanoseconds{86'400} * 1'000'000'000;
// A weekday comes again within eight days, and a window may fall into an hour that a change of clocks skips.
constexpr int kDaysAhead = 16;
constexpr int kMostRounds = 400;
constexpr Nanoseconds kFurthest = kNeverOpens / 2;

struct Interval {
  Nanoseconds begin = 0, end = 0;
};

Nanoseconds day_of(Nanoseconds local) {
  const Nanoseconds day = local / kDay;
  return local % kDay < 0 ? day - 1 : day;
}

// 1970-01-01 was a Thursday; Monday is 0.
bool falls_on(Nanoseconds day, Weekdays days) {
  const auto weekday = static_cast<unsigned>(((day % 7) + 7 + 3) % 7);
  return ((days.mask >> weekday) & 1U) != 0;
}

const Zone& zone_named(const std::vector<Zone>& zones, const std::string& name) {
  static const Zone kUtc{"UTC", 0, {}};
  if (is_utc(name)) return kUtc;
  const auto found = std::ranges::find(zones, name, &Zone::name);
  return found == zones.end() ? kUtc : *found;
}

// The part of a stretch of wall-clock time that falls into each period of one offset.
void add_intervals(const Zone& zone, Nanoseconds from, Nanoseconds to, std::vector<Interval>& list) {
  Nanoseconds begin = -kFurthest, offset = zone.offset;
  for (std::size_t index = 0; index <= zone.changes.size(); ++index) {
    const bool last = index == zone.changes.size();
    const Nanoseconds end = last ? kFurthest : zone.changes[index].at;
    const Interval part{std::max(begin, from - offset), std::min(end, to - offset)};
    if (part.begin < part.end) list.push_back(part);
    if (last) return;
    begin = end;
    offset = zone.changes[index].offset;
  }
}

// When the windows are open from about `now` on, in order.
std::vector<Interval> intervals(Nanoseconds now, const std::vector<Window>& windows, const std::vector<Zone>& zones) {
  std::vector<Interval> list;
  for (const Window& window : windows) {
    const Zone& zone = zone_named(zones, window.zone);
    const Nanoseconds today = day_of(now + offset_at(zone, now));
    const Nanoseconds from = std::clamp<Nanoseconds>(window.from, 0, kDay);
    const Nanoseconds to = std::clamp<Nanoseconds>(window.to, 0, kDay);
    const Nanoseconds length = to <= from ? to - from + kDay : to - from;
    for (Nanoseconds day = today - 2; day < today + kDaysAhead; ++day) {
      if (falls_on(day, window.days)) add_intervals(zone, day * kDay + from, day * kDay + from + length, list);
    }
  }
  std::ranges::sort(list, {}, &Interval::begin);
  return list;
}

Nanoseconds opening_of(Nanoseconds now, const std::vector<Window>& windows, const std::vector<Zone>& zones) {
  if (windows.empty()) return now;
  for (const Interval& open : intervals(now, windows, zones)) {
    if (now < open.end) return std::max(now, open.begin);
  }
  return kNeverOpens;
}

Nanoseconds closing_of(Nanoseconds now, const std::vector<Window>& windows, const std::vector<Zone>& zones) {
  if (windows.empty()) return kNeverOpens;
  Nanoseconds closing = now;
  for (const Interval& open : intervals(now, windows, zones)) {
    if (open.begin <= closing && open.end > closing) closing = open.end;
  }
  // Open on every day that was looked at: there is no end.
  return closing - now > (kDaysAhead - 2) * kDay ? kNeverOpens : closing;
}

bool in_reach(Nanoseconds instant) {
  return instant < kFurthest && instant > -kFurthest;
}

}  // namespace

bool is_utc(std::string_view zone) {
  return zone.empty() || zone == "UTC";
}

Nanoseconds offset_at(const Zone& zone, Nanoseconds instant) {
  const auto next = std::ranges::upper_bound(zone.changes, instant, {}, &ZoneChange::at);
  return next == zone.changes.begin() ? zone.offset : std::prev(next)->offset;
}

std::vector<std::string> zones_of(const Plan& plan) {
  std::vector<std::string> names;
  const auto note = [&](const std::vector<Window>& windows) {
    for (const Window& window : windows) {
      if (!is_utc(window.zone) && std::ranges::find(names, window.zone) == names.end()) names.push_back(window.zone);
    }
  };
  note(plan.rollout.windows);
  for (const Stage& stage : plan.stages) note(stage.windows);
  return names;
}

Nanoseconds next_opening(Nanoseconds now, const Openings& when) {
  Nanoseconds candidate = now;
  for (int round = 0; round < kMostRounds && in_reach(candidate); ++round) {
    const Nanoseconds before = candidate;
    candidate = opening_of(candidate, when.windows, when.zones);
    if (in_reach(candidate)) candidate = opening_of(candidate, when.own, when.zones);
    for (const Freeze& freeze : when.freezes) {
      if (candidate >= freeze.from && candidate < freeze.to) candidate = freeze.to;
    }
    if (candidate == before) return candidate;
  }
  return kNeverOpens;
}

Nanoseconds closing_after(Nanoseconds instant, const Openings& when) {
  if (!in_reach(instant)) return kNeverOpens;
  Nanoseconds closing =
      std::min(closing_of(instant, when.windows, when.zones), closing_of(instant, when.own, when.zones));
  for (const Freeze& freeze : when.freezes) {
    if (freeze.from > instant) closing = std::min(closing, freeze.from);
  }
  return closing;
}

}  // namespace rollout::plan
