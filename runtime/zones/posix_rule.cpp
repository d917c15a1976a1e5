#include "runtime/zones/posix_rule.hpp"

#include <algorithm>
#include <chrono>

namespace rollout::zones {

namespace {

namespace chrono = std::chrono;

constexpr Seconds kHour = 3'600, kDay = 24 * kHour;
constexpr Seconds kMostHours = 167;

// Takes the text apart from its beginning; after the first problem everything fails.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool failed() const { return failed_; }
  bool at_end() const { return text_.empty(); }
  bool take(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) failed_ = true;
  }
  // "CET" or "<+0330>".
  void name() {
    const bool quoted = take('<');
    const auto belongs = [&](char c) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      return letter || (quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-'));
    };
    const auto end = std::ranges::find_if_not(text_, belongs);
    if (end - text_.begin() < 3) failed_ = true;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.begin()));
    if (quoted) expect('>');
  }
  int number(int least, int most) {
    int value = 0, digits = 0;
    for (; digits < 4 && !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; ++digits) {
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    if (digits == 0 || value < least || value > most) failed_ = true;
    return value;
  }
  // "[+-]h[h][:mm[:ss]]"
  Seconds time() {
    const bool negative = take('-');
    if (!negative) take('+');
    Seconds value = number(0, kMostHours) * kHour;
    if (take(':')) value += number(0, 59) * 60;
    if (take(':')) value += number(0, 59);
    return negative ? -value : value;
  }
  ChangeDay day() {
    ChangeDay result;
    if (take('M')) {
      result.kind = ChangeDay::Kind::Weekday;
      result.month = number(1, 12);
      expect('.');
      result.week = number(1, 5);
      expect('.');
      result.day = number(0, 6);
    } else if (take('J')) {
      result.kind = ChangeDay::Kind::Julian;
      result.day = number(1, 365);
    } else {
      result.kind = ChangeDay::Kind::DayOfYear;
      result.day = number(0, 365);
    }
    if (take('/')) result.time = time();
    return result;
  }

 private:
  std::string_view text_;
  bool failed_ = false;
};

// Midnight of the day, as if there were no zones.
Seconds midnight(const ChangeDay& change, int number) {
  const chrono::year year{number};
  chrono::sys_days day = chrono::sys_days{year / chrono::January / 1};
  switch (change.kind) {
    case ChangeDay::Kind::Julian:
      day += chrono::days{change.day - 1 + (year.is_leap() && change.day >= 60 ? 1 : 0)};
      break;
    case ChangeDay::Kind::DayOfYear: day += chrono::days{change.day}; break;
    case ChangeDay::Kind::Weekday: {
      const chrono::month month{static_cast<unsigned>(change.month)};
      const chrono::weekday weekday{static_cast<unsigned>(change.day)};
      day = change.week == 5 ? chrono::sys_days{year / month / weekday[chrono::last]}
                             : chrono::sys_days{year / month / weekday[static_cast<unsigned>(change.week)]};
      break;
    }
  }
  return Seconds{day.time_since_epoch().count()} * kDay;
}

}  // namespace

std::optional<PosixRule> parse_posix_rule(std::string_view text) {
  Reader reader(text);
  PosixRule rule;
  reader.name();
  rule.standard = -reader.time();  // POSIX counts to the west
  if (reader.failed()) return std::nullopt;
  if (reader.at_end()) return rule;
  rule.changes = true;
  reader.name();
  rule.summer = rule.standard + kHour;
  if (!reader.take(',')) {
    rule.summer = -reader.time();
    reader.expect(',');
  }
  rule.begins = reader.day();
  reader.expect(',');
  rule.ends = reader.day();
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return rule;
}

std::vector<RuleChange> changes_in(const PosixRule& rule, int year) {
  if (!rule.changes) return {};
  std::vector<RuleChange> changes{
      {midnight(rule.begins, year) + rule.begins.time - rule.standard, rule.summer},
      {midnight(rule.ends, year) + rule.ends.time - rule.summer, rule.standard},
  };
  std::ranges::sort(changes, {}, &RuleChange::at);
  return changes;
}

int year_of(Seconds instant) {
  const auto day = chrono::floor<chrono::days>(chrono::sys_seconds{chrono::seconds{instant}});
  return static_cast<int>(chrono::year_month_day{day}.year());
}

}  // namespace rollout::zones
