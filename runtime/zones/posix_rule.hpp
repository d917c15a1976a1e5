#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

// The rule at the end of a TZif file, a POSIX TZ text: "CET-1CEST,M3.5.0,M10.5.0/3".

namespace rollout::zones {

using Seconds = std::int64_t;

// The day of a change within a year, and the wall-clock time at which it happens.
struct ChangeDay {
  enum class Kind : std::uint8_t { Julian, DayOfYear, Weekday } kind{};
  int day = 0;               // Julian: 1 to 365 without February 29th; DayOfYear: 0 to 365; Weekday: 0 is Sunday
  int week = 0, month = 0;   // Weekday: week 5 is the last
  Seconds time = 2 * 3'600;  // since midnight, -167 to 167 hours
};

struct PosixRule {
  Seconds standard = 0, summer = 0;  // ahead of UTC
  bool changes = false;              // has summer time
  ChangeDay begins, ends;            // of summer time
};

// Nothing where the text is no rule.
std::optional<PosixRule> parse_posix_rule(std::string_view text);

struct RuleChange {
  Seconds at = 0, offset = 0;
};
// The rule's changes in a year, ascending.
std::vector<RuleChange> changes_in(const PosixRule& rule, int year);
int year_of(Seconds instant);

}  // namespace rollout::zones
