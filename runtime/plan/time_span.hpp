#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/known_values.hpp"

// Intervals of time and how they combine. Sums stop at kLongestTime.

namespace rollout::plan {

// How long something takes. `most` nothing: it has no limit, or only a run knows it.
struct TimeRange {
  Nanoseconds least = 0;
  std::optional<Nanoseconds> most = 0;
  bool operator==(const TimeRange&) const = default;
};

// An upper bound; nothing: there is none.
using Most = std::optional<Nanoseconds>;

Nanoseconds sum_of(Nanoseconds left, Nanoseconds right);
Nanoseconds times(Nanoseconds duration, std::uint64_t count);
Most sum_of(const Most& left, const Most& right);
Most longest_of(const Most& left, const Most& right);
Most times(const Most& duration, std::uint64_t count);

// How long statements take, as the analysis adds it up.
struct TimeSpan {
  TimeRange takes;
  Most beyond = 0;       // of `takes.most`: the way back of children that fail, which no limit around them cuts short
  bool waits = false;    // enters a stage that has to wait for its window; that time is not counted
  bool returns = false;  // a `return` may end more than this
};

TimeSpan in_turn(const TimeSpan& left, const TimeSpan& right);
TimeSpan either(const TimeSpan& left, const TimeSpan& right);
// Branches that begin in this order, at most so many at a time (0: all), and end when the last has ended.
TimeSpan side_by_side(const std::vector<TimeSpan>& branches, std::uint32_t at_most);
// Cut short by a limit.
TimeSpan limited(TimeSpan span, const std::optional<Nanoseconds>& limit);
// With what `beyond` adds.
TimeRange whole(const TimeSpan& span);

// As people write it; whole seconds from one second on.
std::string time_text(Nanoseconds time);
std::string most_text(const Most& most);         // "no limit" where there is none
std::string range_text(const TimeRange& range);  // "5m to 10m", "at least 5m"

}  // namespace rollout::plan
