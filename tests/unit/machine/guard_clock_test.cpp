#include "runtime/machine/guard_clock.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace rollout::machine;

namespace {

constexpr Nanoseconds kMinute = Nanoseconds{60} * 1'000'000'000;

Truth truth_of(char tick) {
  return tick == 'X' ? Truth::True : tick == '0' ? Truth::False : Truth::Unknown;
}

// "fire 4", "blind 5", or nothing: the first thing that happens, ticks counted from 1.
std::string outcome(const std::string& ticks, const GuardRule& rule) {
  GuardClock clock;
  for (std::size_t index = 0; index < ticks.size(); ++index) {
    const SlotVerdict verdict =
        decide(rule, clock, static_cast<Nanoseconds>(index) * rule.interval, truth_of(ticks[index]));
    if (verdict.reached) return "fire " + std::to_string(index + 1);
    if (verdict.blind_began) return "blind " + std::to_string(index + 1);
  }
  return "";
}

}  // namespace

TEST_CASE("the golden table of `for`") {
  const GuardRule rule{kMinute, 3 * kMinute, 0, 0};
  const auto [ticks, expected] = GENERATE(table<std::string, std::string>({
      {"XXXX", "fire 4"},
      {"XXX0XXXX", "fire 8"},
      {"XX-XXXX", "fire 6"},
      {"XXEXXXX", "fire 6"},
      {"XEEEX", "blind 4"},
      {"XX-----", "blind 5"},
      {"-------", "blind 3"},
      {"XX-XX", ""},
      {"XX-XX-X", ""},
      {"X-X-X-X-X", ""},
      {"0000", ""},
      {"XX-XX-XX", "fire 8"},
      {"XX--XX0XXX", ""},
  }));
  CAPTURE(ticks);
  CHECK(outcome(ticks, rule) == expected);
}

TEST_CASE("a guard without `for` fires at its first true slot") {
  const GuardRule rule{kMinute, 0, 0, 0};
  CHECK(outcome("00X", rule) == "fire 3");
  CHECK(outcome("--X", rule) == "fire 3");
  CHECK(outcome("---", rule) == "blind 3");
}

TEST_CASE("blind limits") {
  CHECK(blind_limit({kMinute, 0, 0, 0}) == 2);
  CHECK(blind_limit({kMinute, 4 * kMinute, 0, 0}) == 2);
  CHECK(blind_limit({kMinute, 5 * kMinute, 0, 0}) == 3);
  CHECK(blind_limit({kMinute, 10 * kMinute, 0, 0}) == 5);
  CHECK(blind_limit({kMinute, 0, 3, 11}) == 5);
  CHECK(blind_limit({1, kNever, 0, 0}) > 1'000'000);
  CHECK(blind_limit({kNever, kNever, 1, 10'000}) == 2);
}

TEST_CASE("M of N fires as soon as M of the newest N known slots are true") {
  const auto [ticks, m, n, expected] = GENERATE(table<std::string, unsigned, unsigned, std::string>({
      {"0-X-X", 3U, 3U, ""},
      {"0----", 3U, 3U, "blind 4"},
      {"-----", 3U, 3U, "blind 3"},
      {"0XX-X", 3U, 3U, "fire 5"},
      {"0-X-X", 2U, 3U, "fire 5"},
      {"00X0X", 2U, 3U, "fire 5"},
      {"0-X--", 2U, 3U, ""},
      {"X0X", 2U, 3U, "fire 3"},
      {"X00X0X", 2U, 3U, "fire 6"},
      {"X00X", 2U, 3U, ""},
      {"X--0--X", 2U, 2U, ""},
      {"X-X", 2U, 2U, "fire 3"},
      {"XX", 2U, 5U, "fire 2"},
  }));
  CAPTURE(ticks, m, n);
  CHECK(outcome(ticks, {kMinute, 0, m, n}) == expected);
}

TEST_CASE("known slots older than twice N intervals do not count") {
  GuardClock clock;
  const GuardRule rule{kMinute, 0, 2, 2};
  CHECK_FALSE(decide(rule, clock, 0, Truth::True).reached);
  CHECK_FALSE(decide(rule, clock, kMinute, Truth::Unknown).reached);
  CHECK_FALSE(decide(rule, clock, 2 * kMinute, Truth::Unknown).reached);
  CHECK_FALSE(decide(rule, clock, 3 * kMinute, Truth::Unknown).reached);
  CHECK_FALSE(decide(rule, clock, 4 * kMinute, Truth::True).reached);
  CHECK(samples_true(clock) == 1);
}

TEST_CASE("against a brute-force reading of the definition") {
  std::mt19937 random(7);  // NOLINT: the same cases each time
  for (int round = 0; round < 20'000; ++round) {
    const Nanoseconds needed =
        static_cast<Nanoseconds>(random() % 6) * kMinute + static_cast<Nanoseconds>(random() % 2) * 7;
    const GuardRule rule{kMinute, needed, 0, 0};
    std::string ticks;
    for (auto length = random() % 14; length > 0; --length) ticks += "XXX0-"[random() % 5];
    GuardClock clock;
    for (std::size_t index = 0; index < ticks.size(); ++index) {
      const SlotVerdict verdict =
          decide(rule, clock, static_cast<Nanoseconds>(index) * kMinute, truth_of(ticks[index]));
      // held: gaps between adjacent true ticks after the last false one.
      const std::size_t after = ticks.rfind('0', index);
      Nanoseconds held = 0;
      for (std::size_t tick = after == std::string::npos ? 1 : after + 1; tick <= index; ++tick) {
        if (tick > 0 && ticks[tick] == 'X' && ticks[tick - 1] == 'X') held += kMinute;
      }
      std::uint64_t unknown = 0;
      while (unknown <= index && ticks[index - unknown] == '-') ++unknown;
      CAPTURE(ticks, index, needed);
      REQUIRE(clock.held == held);
      REQUIRE(verdict.reached == (ticks[index] == 'X' && held >= needed));
      REQUIRE(clock.blind == (unknown > blind_limit(rule)));
    }
  }
}
