#include <catch2/catch.hpp>
#include <string>

#include "compiler/lower/lower.hpp"
#include "support.hpp"

using namespace rollout;
using namespace rollout::lower::test;
using plan::Value;
using scenario::Point;
using scenario::Scenario;
using scenario::SignalValue;
using scenario::WorldRule;

namespace {

constexpr plan::Nanoseconds kSecond = 1'000'000'000;
constexpr plan::Nanoseconds kMinute = 60 * kSecond;

const std::string kProgram = R"(use std.prometheus
use std.terminal
metric errors: ratio = prometheus.query("errors") every 15s
metric p95(endpoint: string = ".*"): duration = prometheus.query("p95 ${endpoint}") unit s
metric breaker: enum { closed = 0, open = 2 } = prometheus.query("breaker")
check ready(host: string) { let r = http.get("http://${host}/"); require r.status == 200 }
role people = ["ana", "bo"]
let ops = terminal.channel()
param version: string = "v1"
action deploy(name: string, size: number = 1) { idempotent run `deploy ${name} ${size}` }
readonly action measure(): number { let size = run `du`; return number(size.stdout) }
rollout demo(service: string, size: number = 2) {
  when errors > 1% or p95() > 1s or breaker == open for 1m then rollback
  checklist "Before" by people within 1h else abort { item "Backups"; item "Ready" check ready("a") }
  approve "Go" by people within 1h else abort
  ask people "Which?" within 1h { "left" -> continue; "right" -> rollback } else pause
  stage first { let size_now = measure(); deploy("x"); hold 10m }
  stage second { deploy("y", size: size); hold 10m; notify ops "two of ${service} ${version}" }
}
)";

Scenario lowered_scenario(const std::string& lines, const std::string& head = "of demo(\"cart\")") {
  const std::string text = kProgram + "scenario \"one\" " + head + " {\n" + lines + "\n}\n";
  const auto scenarios = lower::lower_scenarios(checked(text));
  REQUIRE(scenarios.size() == 1);
  return scenarios.front();
}

Point point(Point::Base base, const std::string& stage, plan::Nanoseconds offset, std::uint32_t occurrence = 1) {
  return {.base = base, .stage = stage, .occurrence = occurrence, .offset = offset};
}

}  // namespace

TEST_CASE("a scenario has its name, its rollout and the rollout's arguments") {
  const Scenario one = lowered_scenario("with version = \"v2\"\nstarts 2026-12-01T02:00Z\nexpect succeeded",
                                        "of demo(\"cart\", size: 3)");
  CHECK(one.name == "one");
  CHECK(one.rollout == "demo");
  REQUIRE(one.parameters.size() == 3);
  CHECK(one.parameters[0] == std::pair<std::string, Value>("service", Value::string("cart")));
  CHECK(one.parameters[1] == std::pair<std::string, Value>("size", Value::number(3)));
  CHECK(one.parameters[2] == std::pair<std::string, Value>("version", Value::string("v2")));
  CHECK(one.starts == 1'796'090'400 * kSecond);
  CHECK(one.spot.line == 20);
}

TEST_CASE("signals keep their metric, its arguments, value and time") {
  const Scenario one = lowered_scenario(R"(
    errors = 0.5%
    p95 = 100ms from first + 1m to end of second
    p95() = 120ms from 5m
    p95("jobs") = 200ms from first[2]
    breaker = open
    errors = missing to 30s)");
  REQUIRE(one.signals.size() == 6);
  CHECK(one.signals[0].metric == "errors");
  CHECK(one.signals[0].value.first == Value::ratio(0.005));
  CHECK_FALSE(one.signals[0].from);
  CHECK_FALSE(one.signals[1].arguments);
  CHECK(one.signals[1].from == point(Point::Base::StageEntry, "first", kMinute));
  CHECK(one.signals[1].to == point(Point::Base::StageEnd, "second", 0));
  REQUIRE(one.signals[2].arguments);
  CHECK(one.signals[2].arguments->front() == Value::string(".*"));
  CHECK(one.signals[2].from == point(Point::Base::Start, "", 5 * kMinute));
  CHECK(one.signals[3].arguments->front() == Value::string("jobs"));
  CHECK(one.signals[3].from == point(Point::Base::StageEntry, "first", 0, 2));
  CHECK(one.signals[4].value.first.as_string() == "open");
  CHECK(one.signals[5].value.kind == SignalValue::Kind::Missing);
  CHECK(one.signals[5].to == point(Point::Base::Start, "", 30 * kSecond));
  CHECK(one.signals[3].spot.line == 25);
}

TEST_CASE("signals of every shape") {
  const Scenario one = lowered_scenario(R"(
    errors = ramp(0%, 2%) to 10m
    errors = noise(1%, by: 0.1%)
    errors = nan
    errors = old(1%, by: 5m)
    errors = late(1%, by: 3s)
    errors = future(1%)
    errors = file("incident.csv")
    p95() = slots(15s, [180ms, _, error, 700ms x 8])
    p95(_) = 1s)");
  REQUIRE(one.signals.size() == 9);
  const auto value = [&](std::size_t i) -> const SignalValue& { return one.signals[i].value; };
  CHECK(value(0).kind == SignalValue::Kind::Ramp);
  CHECK(value(0).second == Value::ratio(0.02));
  CHECK(value(1).kind == SignalValue::Kind::Noise);
  CHECK(value(1).second == Value::ratio(0.001));
  CHECK(value(2).kind == SignalValue::Kind::Nan);
  CHECK(value(3).kind == SignalValue::Kind::Old);
  CHECK(value(3).second == Value::duration(5 * kMinute));
  CHECK(value(4).kind == SignalValue::Kind::Late);
  CHECK(value(5).kind == SignalValue::Kind::Future);
  CHECK(value(5).first == Value::ratio(0.01));
  CHECK(value(6).kind == SignalValue::Kind::File);
  CHECK(value(6).path == "incident.csv");
  REQUIRE(value(7).kind == SignalValue::Kind::Slots);
  CHECK(value(7).interval == 15 * kSecond);
  REQUIRE(value(7).slots.size() == 4);
  CHECK(value(7).slots[1].kind == scenario::Slot::Kind::NoData);
  CHECK(value(7).slots[2].kind == scenario::Slot::Kind::Error);
  CHECK(value(7).slots[3].times == 8);
  REQUIRE(one.signals[8].arguments);
  CHECK_FALSE(one.signals[8].arguments->front());
}

TEST_CASE("the world answers calls, checks and commands") {
  const Scenario one = lowered_scenario(R"(
    deploy succeeds in 2m
    deploy("x", _) fails "no" 2 times from first to second
    ready("a") hangs
    measure returns 3 then 0
    run `deploy y * "q"` fails)");
  REQUIRE(one.world.size() == 5);
  CHECK(one.world[0].callable == "deploy");
  CHECK(one.world[0].after == 2 * kMinute);
  CHECK_FALSE(one.world[0].arguments);
  CHECK(one.world[1].answer == WorldRule::Answer::Fails);
  CHECK(one.world[1].why == "no");
  CHECK(one.world[1].times == 2);
  REQUIRE(one.world[1].arguments);
  CHECK(one.world[1].arguments->at(0) == Value::string("x"));
  CHECK_FALSE(one.world[1].arguments->at(1));
  CHECK(one.world[1].from == point(Point::Base::StageEntry, "first", 0));
  CHECK(one.world[2].answer == WorldRule::Answer::Hangs);
  CHECK(one.world[3].values == std::vector<Value>{Value::number(3), Value::number(0)});
  CHECK(one.world[4].command == "deploy y * \"q\"");
  CHECK(one.world[4].callable.empty());
}

TEST_CASE("a command or a request may return any JSON") {
  const Scenario one = lowered_scenario(R"(
    run `aws *` returns { "name": "api", "revision": 42, "tags": ["a", { "k": true }] }
    http.get returns { "status": 200, "json": { "ok": true } } then "plain")");
  REQUIRE(one.world.size() == 2);
  CHECK(one.world[0].values ==
        std::vector<Value>{
            Value::map({{"name", Value::string("api")},
                        {"revision", Value::number(42)},
                        {"tags", Value::list({Value::string("a"), Value::map({{"k", Value::boolean(true)}})})}})});
  REQUIRE(one.world[1].values.size() == 2);
  CHECK(one.world[1].values[0].find("status")->as_double() == 200);
  CHECK(one.world[1].values[1] == Value::string("plain"));
}

TEST_CASE("people, the console and the runtime") {
  const Scenario one = lowered_scenario(R"(
    approve all after 5m
    approve "Go" by "ana"
    reject "Go" by "bo" after 1m
    answer "Which?" "left"
    tick all
    tick "Backups" by "ana" after 10m
    at first + 1m rollback "customers complain" by "lee"
    at second pause
    crash at first + 2m for 30s)");
  REQUIRE(one.people.size() == 6);
  CHECK(one.people[0].kind == scenario::PersonKind::ApproveAll);
  CHECK(one.people[0].after == 5 * kMinute);
  CHECK(one.people[1].gate == "Go");
  CHECK(one.people[1].who == "ana");
  CHECK(one.people[2].kind == scenario::PersonKind::Reject);
  CHECK(one.people[3].gate == "Which?");
  CHECK(one.people[3].text == "left");
  CHECK(one.people[4].kind == scenario::PersonKind::TickAll);
  CHECK(one.people[5].text == "Backups");
  CHECK(one.people[5].after == 10 * kMinute);
  REQUIRE(one.console.size() == 2);
  CHECK(one.console[0].verb == scenario::ConsoleVerb::Rollback);
  CHECK(one.console[0].reason == "customers complain");
  CHECK(one.console[0].who == "lee");
  CHECK(one.console[0].at == point(Point::Base::StageEntry, "first", kMinute));
  CHECK(one.console[1].verb == scenario::ConsoleVerb::Pause);
  REQUIRE(one.crashes.size() == 1);
  CHECK(one.crashes[0].down_for == 30 * kSecond);
}

TEST_CASE("expectations keep the line that a report shows") {
  const Scenario one = lowered_scenario(R"(
    expect rolled back   during first within 20m
    expect not reached second
    expect reached first at 0s
    expect called deploy("x", size: 1) 2 times
    expect not called run `rm *`
    expect notified ops 1 times with "two"
    expect first before second
    expect because "errors > 1%"
    expect blind
    expect traffic <= 25% at first + 5m
    expect end within 1h30m
    expect paused at first + 5m)");
  using scenario::ExpectKind;
  REQUIRE(one.expectations.size() == 12);
  const auto row = [&](std::size_t i) -> const scenario::Expectation& { return one.expectations[i]; };
  CHECK(row(0).kind == ExpectKind::End);
  CHECK(row(0).end == scenario::ExpectedEnd::RolledBack);
  CHECK(row(0).stage == "first");
  CHECK(row(0).timing.within == 20 * kMinute);
  CHECK(row(0).source == "expect rolled back during first within 20m");
  CHECK(row(1).negated);
  CHECK(row(1).stage == "second");
  CHECK(row(2).timing.at == point(Point::Base::Start, "", 0));
  CHECK(row(3).callable == "deploy");
  CHECK(row(3).times == 2u);
  REQUIRE(row(3).arguments);
  CHECK(row(3).arguments->at(1) == Value::number(1));
  CHECK(row(4).negated);
  CHECK(row(4).command == "rm *");
  CHECK(row(5).channel == "ops");
  CHECK(row(5).text == "two");
  CHECK(row(6).callable == "first");
  CHECK(row(6).second == "second");
  CHECK(row(7).text == "errors > 1%");
  CHECK(row(8).kind == ExpectKind::Blind);
  CHECK(row(9).comparison == scenario::Comparison::LessEqual);
  CHECK(row(9).share == Value::ratio(0.25));
  CHECK(row(9).at == point(Point::Base::StageEntry, "first", 5 * kMinute));
  CHECK(row(10).within == 90 * kMinute);
  CHECK(row(11).end == scenario::ExpectedEnd::Paused);
  CHECK(row(11).spot.line == 33);
}

TEST_CASE("a world's lines come before the scenario's own") {
  const std::string text = kProgram + "world quiet { errors = 0%; approve all }\n" +
                           "scenario \"one\" of demo(\"cart\") in quiet { errors = 3% from 1m\nexpect rolled back }\n";
  const auto scenarios = lower::lower_scenarios(checked(text));
  REQUIRE(scenarios.size() == 1);
  REQUIRE(scenarios[0].signals.size() == 2);
  CHECK(scenarios[0].signals[0].value.first == Value::ratio(0));
  CHECK(scenarios[0].signals[1].value.first == Value::ratio(0.03));
  CHECK(scenarios[0].people.size() == 1);
}
