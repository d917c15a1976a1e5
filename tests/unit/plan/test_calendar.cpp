#include <catch2/catch.hpp>

#include "runtime/plan/calendar.hpp"

namespace rollout::plan {
namespace {

constexpr Nanoseconds kHour = Nanoseconds{3'600} * 1'000'000'000;

Nanoseconds instant(const std::string& text) {
  const auto value = parse_literal(text, ValueKind::Instant);
  REQUIRE(value);
  return value->as_integer();
}

Nanoseconds time_of(const std::string& text) {
  return (Nanoseconds{std::stol(text.substr(0, 2))} * 60 + std::stol(text.substr(3))) * 60 * 1'000'000'000;
}

const std::vector<Zone>& zones() {
  static const std::vector<Zone> kZones = {
      {"Europe/Amsterdam", kHour, {{instant("2026-03-29T01:00Z"), 2 * kHour}, {instant("2026-10-25T01:00Z"), kHour}}},
      {"America/New_York",
       -5 * kHour,
       {{instant("2026-03-08T07:00Z"), -4 * kHour}, {instant("2026-11-01T06:00Z"), -5 * kHour}}},
  };
  return kZones;
}

struct Row {
  const char *why, *from, *to, *zone;
  std::uint8_t days;  // bit 0: Monday
  const char *now, *opens, *closes;
};
constexpr std::uint8_t kAll = 0x7f, kWorkdays = 0x1f, kFriday = 0x10, kSunday = 0x40;

}  // namespace

TEST_CASE("windows open and close by their zone's clock") {
  const Row rows[] = {
      {"open now", "02:00", "04:00", "UTC", kAll, "2026-06-01T03:00Z", "2026-06-01T03:00Z", "2026-06-01T04:00Z"},
      {"half open", "02:00", "04:00", "UTC", kAll, "2026-06-01T04:00Z", "2026-06-02T02:00Z", "2026-06-02T04:00Z"},
      {"by weekday", "02:00", "04:00", "UTC", kWorkdays, "2026-06-05T05:00Z", "2026-06-08T02:00Z", "2026-06-08T04:00Z"},
      {"over midnight, before it", "22:00", "02:00", "UTC", kAll, "2026-06-01T23:00Z", "2026-06-01T23:00Z",
       "2026-06-02T02:00Z"},
      {"over midnight, after it", "22:00", "02:00", "UTC", kAll, "2026-06-02T01:00Z", "2026-06-02T01:00Z",
       "2026-06-02T02:00Z"},
      {"over midnight it belongs to the day on which it opens", "22:00", "02:00", "UTC", kFriday, "2026-06-06T01:00Z",
       "2026-06-06T01:00Z", "2026-06-06T02:00Z"},
      {"and not to the next", "22:00", "02:00", "UTC", kFriday, "2026-06-06T22:30Z", "2026-06-12T22:00Z",
       "2026-06-13T02:00Z"},
      {"up to 24:00", "22:00", "24:00", "UTC", kAll, "2026-06-01T12:00Z", "2026-06-01T22:00Z", "2026-06-02T00:00Z"},
      {"summer time", "09:00", "10:00", "Europe/Amsterdam", kAll, "2026-07-01T00:00Z", "2026-07-01T07:00Z",
       "2026-07-01T08:00Z"},
      {"winter time", "09:00", "10:00", "Europe/Amsterdam", kAll, "2026-12-01T00:00Z", "2026-12-01T08:00Z",
       "2026-12-01T09:00Z"},
      {"the weekday is the zone's own", "00:00", "02:00", "Europe/Amsterdam", kSunday, "2026-06-06T12:00Z",
       "2026-06-06T22:00Z", "2026-06-07T00:00Z"},
      {"clocks go forward: the skipped hour is no part of it", "02:00", "04:00", "Europe/Amsterdam", kAll,
       "2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z"},
      {"clocks go forward: a window within the skipped hour does not open that day", "02:15", "02:45",
       "Europe/Amsterdam", kAll, "2026-03-29T00:00Z", "2026-03-30T00:15Z", "2026-03-30T00:45Z"},
      {"clocks go back: the repeated hour counts twice", "02:00", "04:00", "Europe/Amsterdam", kAll,
       "2026-10-24T20:00Z", "2026-10-25T00:00Z", "2026-10-25T03:00Z"},
      {"clocks go back: a window within the repeated hour opens first", "02:15", "02:45", "Europe/Amsterdam", kAll,
       "2026-10-24T20:00Z", "2026-10-25T00:15Z", "2026-10-25T00:45Z"},
      {"and then once more", "02:15", "02:45", "Europe/Amsterdam", kAll, "2026-10-25T00:45Z", "2026-10-25T01:15Z",
       "2026-10-25T01:45Z"},
      {"New York, forward", "01:00", "03:30", "America/New_York", kAll, "2026-03-08T00:00Z", "2026-03-08T06:00Z",
       "2026-03-08T07:30Z"},
      {"New York, back", "01:30", "02:30", "America/New_York", kAll, "2026-11-01T04:00Z", "2026-11-01T05:30Z",
       "2026-11-01T06:00Z"},
      {"New York, over midnight on a Friday", "23:00", "01:00", "America/New_York", kFriday, "2026-06-06T04:30Z",
       "2026-06-06T04:30Z", "2026-06-06T05:00Z"},
  };
  static const std::vector<Window> kNoWindows;
  static const std::vector<Freeze> kNoFreezes;
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const std::vector<Window> windows = {{time_of(row.from), time_of(row.to), row.zone, {row.days}}};
    for (const bool own : {false, true}) {
      const Openings when{own ? kNoWindows : windows, own ? windows : kNoWindows, kNoFreezes, zones()};
      const Nanoseconds opens = next_opening(instant(row.now), when);
      CHECK(instant_text(opens) == instant_text(instant(row.opens)));
      CHECK(instant_text(closing_after(opens, when)) == instant_text(instant(row.closes)));
    }
  }
}

TEST_CASE("freezes, several windows and a stage's own window") {
  const std::vector<Window> nights = {{time_of("02:00"), time_of("04:00"), "UTC", {}},
                                      {time_of("04:00"), time_of("05:00"), "UTC", {}}};
  const std::vector<Window> early = {{time_of("04:30"), time_of("06:00"), "UTC", {}}};
  const std::vector<Window> noon = {{time_of("12:00"), time_of("13:00"), "UTC", {}}};
  const std::vector<Window> all_day = {{time_of("00:00"), time_of("24:00"), "UTC", {}}};
  const std::vector<Window> none;
  const std::vector<Freeze> holidays = {{instant("2026-12-20T00:00Z"), instant("2027-01-04T03:00Z"), "holidays"}};
  const std::vector<Freeze> no_freezes;

  CHECK(next_opening(instant("2026-12-24T12:00Z"), {nights, none, holidays, {}}) == instant("2027-01-04T03:00Z"));
  CHECK(closing_after(instant("2026-12-19T12:00Z"), {none, none, holidays, {}}) == instant("2026-12-20T00:00Z"));
  // Two windows that touch are one.
  CHECK(closing_after(instant("2026-06-01T02:00Z"), {nights, none, no_freezes, {}}) == instant("2026-06-01T05:00Z"));
  // Both must be open.
  CHECK(next_opening(instant("2026-06-01T02:00Z"), {nights, early, no_freezes, {}}) == instant("2026-06-01T04:30Z"));
  CHECK(next_opening(instant("2026-06-01T02:00Z"), {nights, noon, no_freezes, {}}) == kNeverOpens);
  CHECK(next_opening(instant("2026-06-01T02:00Z"), {all_day, none, no_freezes, {}}) == instant("2026-06-01T02:00Z"));
  CHECK(closing_after(instant("2026-06-01T02:00Z"), {all_day, none, no_freezes, {}}) == kNeverOpens);
}

}  // namespace rollout::plan
