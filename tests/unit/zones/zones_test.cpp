#include "runtime/zones/zones.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/plan/value.hpp"
#include "runtime/zones/posix_rule.hpp"
#include "runtime/zones/tzif.hpp"

// The system's tz database, against instants that are known from the law of the places.

namespace rollout::zones {
namespace {

Nanoseconds instant(const std::string& text) {
  const auto value = plan::parse_literal(text, plan::ValueKind::Instant);
  REQUIRE(value);
  return value->as_integer();
}

plan::Plan plan_in(std::string zone) {
  plan::Plan plan;
  plan.rollout.windows.push_back({.from = 0, .to = 1, .zone = std::move(zone), .days = {}});
  return plan;
}

plan::Zone zone_of(const std::string& name, const std::string& created) {
  const auto zones = read_zones(plan_in(name), instant(created));
  INFO(zones.error().message);
  REQUIRE(zones);
  REQUIRE(zones->size() == 1);
  return zones->front();
}

std::string bytes_of(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Row {
  const char *zone, *at;
  int minutes;  // ahead of UTC
};

}  // namespace

TEST_CASE("offsets on both sides of each change of clocks, near and far") {
  const Row rows[] = {
      {"Europe/Amsterdam", "2026-03-29T00:59:59Z", 60},
      {"Europe/Amsterdam", "2026-03-29T01:00Z", 120},
      {"Europe/Amsterdam", "2026-10-25T00:59:59Z", 120},
      {"Europe/Amsterdam", "2026-10-25T01:00Z", 60},
      {"America/New_York", "2026-03-08T06:59:59Z", -300},
      {"America/New_York", "2026-03-08T07:00Z", -240},
      {"America/New_York", "2026-11-01T05:59:59Z", -240},
      {"America/New_York", "2026-11-01T06:00Z", -300},
      {"Australia/Lord_Howe", "2026-04-04T14:59:59Z", 660},
      {"Australia/Lord_Howe", "2026-04-04T15:00Z", 630},
      {"Asia/Kathmandu", "2026-06-01T00:00Z", 345},
      {"America/Sao_Paulo", "2026-12-01T00:00Z", -180},
      {"Africa/Casablanca", "2027-02-10T00:00Z", 0},     // Ramadan
      {"Europe/Amsterdam", "2045-03-26T00:59:59Z", 60},  // beyond what the file lists: by its rule
      {"Europe/Amsterdam", "2045-03-26T01:00Z", 120},
      {"America/New_York", "2045-11-05T06:00Z", -300},
      {"Asia/Tokyo", "2045-01-01T00:00Z", 540},
  };
  for (const Row& row : rows) {
    CAPTURE(row.zone, row.at);
    const Nanoseconds at = instant(row.at);
    const plan::Zone zone = zone_of(row.zone, row.at);
    CHECK(plan::offset_at(zone, at) == Nanoseconds{row.minutes} * 60 * 1'000'000'000);
    // The same from far before: the changes in between are in the zone's list.
    const auto early = read_tzif(bytes_of(row.zone), row.zone, at - Nanoseconds{300} * 86'400 * 1'000'000'000, at + 1);
    REQUIRE(early);
    CHECK(plan::offset_at(*early, at) == plan::offset_at(zone, at));
  }
}

TEST_CASE("a zone that there is not, and a database that there is not, have different errors") {
  const auto unknown = read_zones(plan_in("Europe/Amsterdm"), 0);
  REQUIRE(!unknown);
  CHECK(unknown.error().message.find("has no zone \"Europe/Amsterdm\"") != std::string::npos);
  CHECK(zone_problem("Europe/Amsterdm"));
  CHECK(!zone_problem("Europe/Amsterdam"));
  CHECK(!zone_problem("UTC"));
  for (const char* outside : {"../../etc/passwd", "Europe/../Europe/Amsterdam", "/etc/passwd", "Europe", "tzdata.zi"}) {
    CAPTURE(outside);
    CHECK(!read_zones(plan_in(outside), 0));
  }

  ::setenv("TZDIR", "/nowhere", 1);
  const auto missing = read_zones(plan_in("Europe/Amsterdam"), 0);
  const auto unasked = zone_problem("Europe/Amsterdam");
  ::unsetenv("TZDIR");
  REQUIRE(!missing);
  CHECK(missing.error().message.find("install the package `tzdata`") != std::string::npos);
  CHECK(!unasked);
}

TEST_CASE("windows in UTC need no database") {
  ::setenv("TZDIR", "/nowhere", 1);
  const auto zones = read_zones(plan_in("UTC"), 0);
  ::unsetenv("TZDIR");
  REQUIRE(zones);
  CHECK(zones->empty());
}

TEST_CASE("rules at the end of files") {
  CHECK(!parse_posix_rule(""));
  CHECK(!parse_posix_rule("CE-1"));
  CHECK(!parse_posix_rule("CET-1CEST,M3.5.0"));
  CHECK(!parse_posix_rule("CET-1CEST,M13.5.0,M10.5.0"));
  CHECK(!parse_posix_rule("CET-1CEST,M3.5.0,M10.5.0/3x"));
  CHECK(!parse_posix_rule("<+0330-3:30"));
  const auto fixed = parse_posix_rule("<+0330>-3:30");
  REQUIRE(fixed);
  CHECK(fixed->standard == 12'600);
  CHECK(changes_in(*fixed, 2026).empty());
  const auto julian = parse_posix_rule("AAA3BBB,J60/0,300/-1");
  REQUIRE(julian);
  CHECK(julian->standard == -10'800);
  CHECK(julian->summer == -7'200);
  const auto changes = changes_in(*julian, 2028);  // a leap year: J60 is March 1st all the same
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].at * 1'000'000'000 == instant("2028-03-01T03:00Z"));
  CHECK(changes[1].at * 1'000'000'000 == instant("2028-10-27T01:00Z"));
}

TEST_CASE("damaged files are refused or read, never a fault") {
  const std::string whole = bytes_of("Europe/Amsterdam");
  REQUIRE(read_tzif(whole, "x", 0, 1));
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(!read_tzif(whole.substr(0, size), "x", 0, 1));
  unsigned random = 7;
  for (int round = 0; round < 3'000; ++round) {
    std::string changed = whole;
    for (int times = 0; times < 4; ++times) {
      random = random * 1'103'515'245 + 12'345;
      changed[(random >> 8) % changed.size()] = static_cast<char>(random >> 24);
    }
    const auto zone = read_tzif(changed, "x", instant("2026-01-01T00:00Z"), instant("2036-01-01T00:00Z"));
    if (zone) CHECK(zone->changes.size() < 5'000);
  }
}

}  // namespace rollout::zones
