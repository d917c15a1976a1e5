#include <catch2/catch.hpp>
#include <string>

#include "runtime/machine/guard_clock.hpp"

using namespace rollout::machine;

namespace {

constexpr Nanoseconds kMinute = Nanoseconds{60} * 1'000'000'000;

// What a guard `for M of N samples` is after its last slot: "fired" at it or before, "blind", or "quiet". The points
// are CloudWatch's: X breaching, 0 fine, - missing, oldest first.
std::string after(const std::string& points, std::uint32_t m, std::uint32_t n) {
  const GuardRule rule{kMinute, 0, m, n};
  GuardClock clock;
  bool fired = false;
  for (std::size_t index = 0; index < points.size(); ++index) {
    const Truth truth = points[index] == 'X' ? Truth::True : points[index] == '0' ? Truth::False : Truth::Unknown;
    fired = decide(rule, clock, static_cast<Nanoseconds>(index) * kMinute, truth).reached || fired;
  }
  return fired ? "fired" : clock.blind ? "blind" : "quiet";
}

struct Row {
  std::string points;
  std::uint32_t m, n;
  std::string cloudwatch;  // with missing data treated as missing
  std::string ours;
};

}  // namespace

// CloudWatch's table of alarms with missing data, the columns that ask for M of N points. The language's reading: M
// true ones among the newest at most N known slots; what is missing is never taken for either, and enough of it is
// blindness.
TEST_CASE("CloudWatch's table of M of N points with missing ones") {
  const Row row = GENERATE(values<Row>({
      {"0-X-X", 3, 3, "OK", "quiet"},
      {"0----", 3, 3, "OK", "blind"},  // one point four slots ago is no health
      {"-----", 3, 3, "INSUFFICIENT", "blind"},
      {"0XX-X", 3, 3, "ALARM", "fired"},
      {"----X", 3, 3, "INSUFFICIENT", "quiet"},  // it sees again, and one is not three
      {"X----", 3, 3, "ALARM", "blind"},         // one breaching point is not three: nothing is promoted instead
      {"0-X-X", 2, 3, "ALARM", "fired"},
      {"00X0X", 2, 3, "ALARM", "fired"},
      {"0-X--", 2, 3, "OK", "quiet"},
      {"----0", 2, 3, "OK", "quiet"},
      {"----X", 2, 3, "INSUFFICIENT", "quiet"},
  }));
  CAPTURE(row.points, row.m, row.n, row.cloudwatch);
  CHECK(after(row.points, row.m, row.n) == row.ours);
}

TEST_CASE("missing points between known ones do not count, however many of the last 2 * N slots they are") {
  CHECK(after("X-X-X", 3, 3) == "fired");
  // The first lies 2 * N intervals back, where it no longer counts.
  CHECK(after("X--X--X", 3, 3) == "quiet");
  CHECK(after("X-X--X", 3, 3) == "fired");
}
