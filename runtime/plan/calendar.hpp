#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/plan.hpp"

// Wall clocks: time zones as plain values, and when windows are open. What a zone's rules are is read from the system
// elsewhere (runtime/zones); here nothing does I/O.

namespace rollout::plan {

// From `at` on the zone's clocks are `offset` ahead of UTC.
struct ZoneChange {
  Nanoseconds at = 0, offset = 0;
  template <typename Archive>
  void fields(Archive& a) {
    a(at, offset);
  }
  bool operator==(const ZoneChange&) const = default;
};

// A zone over the time that matters to a run. `offset` holds before the first change; changes ascend.
struct Zone {
  std::string name;
  Nanoseconds offset = 0;
  std::vector<ZoneChange> changes;
  template <typename Archive>
  void fields(Archive& a) {
    a(name, offset, changes);
  }
  bool operator==(const Zone&) const = default;
};

inline constexpr Nanoseconds kNeverOpens = INT64_MAX;

// UTC needs no rules.
bool is_utc(std::string_view zone);
// How far the zone's clocks are ahead of UTC at the instant.
Nanoseconds offset_at(const Zone& zone, Nanoseconds instant);
// The zones that the plan's windows name, each once, in the order of their first use; without UTC.
std::vector<std::string> zones_of(const Plan& plan);

// When something may begin. A window is open while its zone's clock shows a time in it: on the day that clocks are put
// forward the skipped hour is no part of it, on the day that they are put back the repeated hour counts twice. A window
// over midnight belongs to the day on which it opens.
struct Openings {
  const std::vector<Window>& windows;  // of the rollout: one must be open; none: always
  const std::vector<Window>& own;      // of the stage, likewise
  const std::vector<Freeze>& freezes;
  const std::vector<Zone>& zones;  // one that is not in it counts as UTC
};
// The first instant from `now` on at which it may begin; kNeverOpens where there is none.
Nanoseconds next_opening(Nanoseconds now, const Openings& when);
// Given an instant at which it may begin: until when it may without a break; kNeverOpens where there is no end in
// sight.
Nanoseconds closing_after(Nanoseconds instant, const Openings& when);

}  // namespace rollout::plan
