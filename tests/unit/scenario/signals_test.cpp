#include "runtime/scenario/signals.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "runtime/plan/recorded_series.hpp"
#include "tests/unit/scenario/plans.hpp"

using namespace plans;
using machine::ReadingStatus;
using scenario::Points;
using scenario::Scenario;
using scenario::Signals;
using scenario::SignalValue;

namespace {

constexpr Nanoseconds kStart = 1'767'578'400LL * kSecond;

plan::Plan metrics() {
  plan::Plan plan;
  plan::Metric metric;
  metric.declaration = metric.name = "p95";
  metric.kind = plan::ValueKind::Duration;
  metric.scale = 1e9;
  metric.arguments = {Value::string("contacts")};
  plan.metrics.push_back(metric);
  metric.arguments = {Value::string("jobs")};
  plan.metrics.push_back(metric);
  plan::Metric breaker;
  breaker.declaration = breaker.name = "breaker";
  breaker.kind = plan::ValueKind::Enum;
  breaker.labels = {"closed", "open"};
  plan.metrics.push_back(breaker);
  return plan;
}

Value milliseconds(std::int64_t count) {
  return Value::duration(count * 1'000'000);
}

// What the signals say of the metric so long after the start.
machine::Reading read(const Scenario& played, plan::MetricId metric, Nanoseconds since_start,
                      std::string directory = {}) {
  const plan::Plan plan = metrics();
  Signals signals(plan, played, directory);
  Points points;
  points.start(kStart);
  points.enter("canary", kStart + kMinute);
  points.end("canary", kStart + 10 * kMinute);
  signals.resolve(points);
  const auto answer = signals.read(metric, kStart + since_start);
  REQUIRE(answer);
  return answer->reading;
}

}  // namespace

TEST_CASE("later signals win where they hold", "[scenario]") {
  Scenario played;
  played.signals.push_back(signal("p95", milliseconds(180)));
  auto slow = signal("p95", milliseconds(700));
  slow.arguments = scenario::ArgumentPattern{Value::string("contacts")};
  slow.from = at("canary", kMinute);
  slow.to = at("canary", 2 * kMinute);
  played.signals.push_back(slow);
  CHECK(read(played, 0, 0).value == milliseconds(180));
  CHECK(read(played, 0, -kHour).value == milliseconds(180));
  CHECK(read(played, 0, 2 * kMinute - 1).value == milliseconds(180));
  CHECK(read(played, 0, 2 * kMinute).value == milliseconds(700));  // `from` is included
  CHECK(read(played, 0, 3 * kMinute - 1).value == milliseconds(700));
  CHECK(read(played, 0, 3 * kMinute).value == milliseconds(180));  // `to` is not
  CHECK(read(played, 1, 2 * kMinute).value == milliseconds(180));  // another instance
}

TEST_CASE("a metric without a signal is left to others", "[scenario]") {
  const plan::Plan plan = metrics();
  const Scenario played;
  const Signals signals(plan, played, {});
  CHECK_FALSE(signals.read(0, kStart).has_value());
  CHECK_FALSE(signals.read(99, kStart).has_value());
}

TEST_CASE("a signal that does not hold yet is no data", "[scenario]") {
  Scenario played;
  auto later = signal("p95", milliseconds(1));
  later.from = at("never entered");
  played.signals.push_back(later);
  CHECK(read(played, 0, kHour).status == ReadingStatus::NoData);
}

TEST_CASE("the special answers", "[scenario]") {
  Scenario played;
  played.signals.push_back(signal("p95", milliseconds(5)));
  SignalValue& value = played.signals[0].value;
  value.second = Value::duration(kMinute);
  value.kind = SignalValue::Kind::Missing;
  CHECK(read(played, 0, 0).status == ReadingStatus::NoData);
  value.kind = SignalValue::Kind::Error;
  CHECK(read(played, 0, 0).status == ReadingStatus::Error);
  CHECK_FALSE(read(played, 0, 0).error.empty());
  value.kind = SignalValue::Kind::Nan;
  CHECK(std::isnan(read(played, 0, 0).value.as_double()));
  value.kind = SignalValue::Kind::Old;
  CHECK(read(played, 0, 0).sampled_at == kStart - kMinute);
  value.kind = SignalValue::Kind::Future;
  CHECK(*read(played, 0, 0).sampled_at > kStart);
}

TEST_CASE("a ramp is a line from its beginning to its end", "[scenario]") {
  Scenario played;
  auto ramp = signal("p95", milliseconds(100));
  ramp.value.kind = SignalValue::Kind::Ramp;
  ramp.value.second = milliseconds(200);
  ramp.to = at(10 * kMinute);
  played.signals.push_back(ramp);
  CHECK(read(played, 0, 0).value == milliseconds(100));
  CHECK(read(played, 0, 5 * kMinute).value == milliseconds(150));
  CHECK(read(played, 0, 10 * kMinute).status == ReadingStatus::NoData);
  played.signals[0].to.reset();
  const plan::Plan plan = metrics();
  const Signals signals(plan, played, {});
  REQUIRE(signals.problems().size() == 1);
  CHECK(signals.problems()[0].find("has no end") != std::string::npos);
}

TEST_CASE("noise stays within its radius and is the same at every reading", "[scenario]") {
  Scenario played;
  played.name = "noise";
  auto noise = signal("p95", milliseconds(100));
  noise.value.kind = SignalValue::Kind::Noise;
  noise.value.second = milliseconds(10);
  played.signals.push_back(noise);
  bool below = false, above = false;
  for (int i = 0; i < 200; ++i) {
    const Value value = read(played, 0, i * 15 * kSecond).value;
    CHECK(value == read(played, 0, i * 15 * kSecond).value);
    CHECK(value.as_integer() >= 90'000'000);
    CHECK(value.as_integer() <= 110'000'000);
    below = below || value.as_integer() < 95'000'000;
    above = above || value.as_integer() > 105'000'000;
  }
  CHECK(below);
  CHECK(above);
}

TEST_CASE("a list of slots begins where it says and then ends", "[scenario]") {
  Scenario played;
  played.signals.push_back(signal("p95", milliseconds(1)));
  auto list = signal("p95", {});
  list.value.kind = SignalValue::Kind::Slots;
  list.value.interval = 15 * kSecond;
  using Kind = scenario::Slot::Kind;
  list.value.slots = {{Kind::Value, milliseconds(180), 1},
                      {Kind::NoData, {}, 1},
                      {Kind::Error, {}, 1},
                      {Kind::Value, milliseconds(700), 2}};
  list.from = at(kMinute);
  played.signals.push_back(list);
  CHECK(read(played, 0, kMinute - 1).value == milliseconds(1));
  CHECK(read(played, 0, kMinute).value == milliseconds(180));
  CHECK(read(played, 0, kMinute + 15 * kSecond).status == ReadingStatus::NoData);
  CHECK(read(played, 0, kMinute + 30 * kSecond).status == ReadingStatus::Error);
  CHECK(read(played, 0, kMinute + 45 * kSecond).value == milliseconds(700));
  CHECK(read(played, 0, kMinute + 60 * kSecond).value == milliseconds(700));
  CHECK(read(played, 0, kMinute + 75 * kSecond).value == milliseconds(1));
}

TEST_CASE("a recorded series", "[scenario]") {
  const auto folder = std::filesystem::temp_directory_path() / "rollout_signals_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "incident.csv", std::ios::binary)
      << "\xef\xbb\xbftime,value\r\n0s,180ms\r\n1m,0.7\r\n2m,\r\n3m,error\r\n4m,slow\r\n\r\n";
  Scenario played;
  auto recorded = signal("p95", {});
  recorded.value.kind = SignalValue::Kind::File;
  recorded.value.path = "incident.csv";
  played.signals.push_back(recorded);
  CHECK(read(played, 0, -1, folder.string()).status == ReadingStatus::NoData);
  CHECK(read(played, 0, 0, folder.string()).value == milliseconds(180));
  CHECK(read(played, 0, kMinute, folder.string()).value == milliseconds(700));  // bare, in the metric's unit
  CHECK(read(played, 0, 2 * kMinute, folder.string()).status == ReadingStatus::NoData);
  CHECK(read(played, 0, 3 * kMinute, folder.string()).status == ReadingStatus::Error);
  CHECK(read(played, 0, 9 * kMinute, folder.string()).error.find("`slow`") != std::string::npos);
  played.signals[0].value.path = "none.csv";
  const plan::Plan plan = metrics();
  const Signals signals(plan, played, folder.string());
  REQUIRE(signals.problems().size() == 1);
  CHECK(signals.problems()[0].find("none.csv") != std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST_CASE("wrong lines of a series are named", "[scenario]") {
  using plan::read_recorded_series;
  CHECK(read_recorded_series("").problems ==
        std::vector<std::string>{"line 1: the file is empty; its header must be `time,value`"});
  CHECK(read_recorded_series("a,b\n0s,1").problems.size() == 1);
  CHECK(read_recorded_series("time,value\nnoon,1\n").problems.size() == 1);
  CHECK(read_recorded_series("time,value\n0s\n").problems.size() == 1);
  CHECK(read_recorded_series("time,value\n0s,1\n2026-01-05T02:00Z,2\n").problems.size() == 1);
  const auto sorted = read_recorded_series("time,value\n2m,b\n1m,\"a\"\"x\"\n");
  REQUIRE(sorted.rows.size() == 2);
  CHECK(sorted.rows[0].text == "a\"x");
  std::string many = "time,value\n";
  for (int i = 0; i < 100; ++i) many += "nonsense\n";
  CHECK(read_recorded_series(many).problems.size() == 10);
}

TEST_CASE("points become instants when the run gets there", "[scenario]") {
  Points points;
  CHECK_FALSE(points.resolve(at(kMinute)).has_value());
  points.start(100);
  CHECK(points.resolve(at(kMinute)) == 100 + kMinute);
  points.enter("ireland.canary", 200);
  points.enter("ireland.canary", 300);
  CHECK(points.resolve(at("canary")) == 200);
  CHECK(points.resolve(at("ireland.canary", 5)) == 205);
  CHECK_FALSE(points.resolve(at("nary")).has_value());
  auto second = at("canary");
  second.occurrence = 2;
  CHECK(points.resolve(second) == 300);
  CHECK_FALSE(points.resolve(end_of("canary")).has_value());
  points.end("ireland.canary", 400);
  CHECK(points.resolve(end_of("canary", 1)) == 401);
  CHECK(scenario::point_text(end_of("canary", kMinute)) == "end of canary + 1m");
  CHECK(scenario::point_text(second) == "canary[2]");
  CHECK(scenario::point_text(at(kMinute)) == "1m");
}
