#include "runtime/plan/time_span.hpp"

#include <algorithm>

namespace rollout::plan {

Nanoseconds sum_of(Nanoseconds left, Nanoseconds right) {
  return std::min(kLongestTime, std::min(left, kLongestTime) + std::min(right, kLongestTime));
}

Nanoseconds times(Nanoseconds duration, std::uint64_t count) {
  Nanoseconds product = 0;
  const auto factor = static_cast<Nanoseconds>(std::min<std::uint64_t>(count, kLongestTime));
  if (__builtin_mul_overflow(duration, factor, &product)) return kLongestTime;
  return std::min(product, kLongestTime);
}

Most sum_of(const Most& left, const Most& right) {
  if (!left || !right) return std::nullopt;
  return sum_of(*left, *right);
}

Most longest_of(const Most& left, const Most& right) {
  if (!left || !right) return std::nullopt;
  return std::max(*left, *right);
}

Most times(const Most& duration, std::uint64_t count) {
  if (count == 0) return 0;
  if (!duration) return std::nullopt;
  return times(*duration, count);
}

TimeSpan in_turn(const TimeSpan& left, const TimeSpan& right) {
  return {{sum_of(left.takes.least, right.takes.least), sum_of(left.takes.most, right.takes.most)},
          sum_of(left.beyond, right.beyond),
          left.waits || right.waits,
          left.returns || right.returns};
}

TimeSpan either(const TimeSpan& left, const TimeSpan& right) {
  return {{std::min(left.takes.least, right.takes.least), longest_of(left.takes.most, right.takes.most)},
          longest_of(left.beyond, right.beyond),
          left.waits || right.waits,
          left.returns || right.returns};
}

namespace {

// When the last of them ends: each begins as soon as fewer than `at_most` run.
Nanoseconds last_end(const std::vector<Nanoseconds>& durations, std::uint32_t at_most) {
  std::vector<Nanoseconds> ends;
  for (const Nanoseconds duration : durations) {
    Nanoseconds begin = 0;
    if (at_most > 0 && ends.size() >= at_most) {
      const auto first = std::ranges::min_element(ends);
      begin = *first;
      ends.erase(first);
    }
    ends.push_back(sum_of(begin, duration));
  }
  return ends.empty() ? 0 : std::ranges::max(ends);
}

}  // namespace

TimeSpan side_by_side(const std::vector<TimeSpan>& branches, std::uint32_t at_most) {
  TimeSpan all;
  std::vector<Nanoseconds> least, most;
  for (const TimeSpan& branch : branches) {
    least.push_back(branch.takes.least);
    if (branch.takes.most) most.push_back(*branch.takes.most);
    all.beyond = sum_of(all.beyond, branch.beyond);
    all.waits = all.waits || branch.waits;
    all.returns = all.returns || branch.returns;
  }
  all.takes.least = last_end(least, at_most);
  all.takes.most = most.size() == branches.size() ? Most(last_end(most, at_most)) : std::nullopt;
  return all;
}

TimeSpan limited(TimeSpan span, const std::optional<Nanoseconds>& limit) {
  if (!limit) return span;
  span.takes.least = std::min(span.takes.least, *limit);
  span.takes.most = span.takes.most ? std::min(*span.takes.most, *limit) : *limit;
  span.waits = false;
  return span;
}

TimeRange whole(const TimeSpan& span) {
  return {span.takes.least, sum_of(span.takes.most, span.beyond)};
}

std::string time_text(Nanoseconds time) {
  constexpr Nanoseconds kSecond = 1'000'000'000;
  return duration_text(time >= kSecond ? (time + kSecond / 2) / kSecond * kSecond : time);
}

std::string most_text(const Most& most) {
  return most ? time_text(*most) : "no limit";
}

std::string range_text(const TimeRange& range) {
  if (!range.most) return range.least > 0 ? "at least " + time_text(range.least) : "no limit";
  if (*range.most == range.least) return time_text(range.least);
  return time_text(range.least) + " to " + time_text(*range.most);
}

}  // namespace rollout::plan
