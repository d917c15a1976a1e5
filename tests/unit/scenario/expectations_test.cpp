#include "runtime/scenario/expectations.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/scenario/plans.hpp"

using namespace plans;
using machine::Record;
using machine::RecordKind;
using machine::RunState;
using scenario::Comparison;
using scenario::Expectation;
using scenario::ExpectedEnd;
using scenario::ExpectKind;
using scenario::Points;
using scenario::Result;
using scenario::Scenario;

namespace {

// A run that was rolled back at 42m, in its second stage.
Result rolled_back() {
  Result result;
  result.created = 0;
  result.start = 0;
  result.last = 42 * kMinute;
  result.ended = 42 * kMinute;
  result.state = RunState::RolledBack;
  result.reason = "errors_5xx > 5% for 2m";
  result.outcome_stage = "expanded";
  result.stages = {{"canary", 0, kMinute, 20 * kMinute}, {"expanded", 3, 20 * kMinute, std::nullopt}};
  result.traffic = {{kMinute, Value::ratio(0.05)}, {20 * kMinute, Value::ratio(0.25)}, {42 * kMinute, Value::ratio(0)}};
  result.calls = {
      {kMinute, 1, machine::RequestKind::Call, "kubernetes.set_image", {}, {{"image", Value::string("new")}}},
      {kMinute, 2, machine::RequestKind::Process, {}, "kubectl set image app=new", {}},
      {21 * kMinute, 4, machine::RequestKind::Call, "kubernetes.scale", {}, {{"n", Value::number(3)}}},
  };
  result.notifications = {{42 * kMinute, "ops", "portal rolled back"}};
  result.trace = {
      Record{RecordKind::GuardUnknown, 5 * kMinute, {}},
      Record{RecordKind::GuardFired,
             42 * kMinute,
             {{"guard", Value::string("errors_5xx > 5% for 2m")}, {"response", Value::string("rollback")}}},
      Record{RecordKind::RollbackStarted, 42 * kMinute, {{"reason", Value::string("errors_5xx > 5% for 2m")}}}};
  return result;
}

Points points() {
  Points made;
  made.start(0);
  made.enter("canary", kMinute);
  made.end("canary", 20 * kMinute);
  made.enter("expanded", 20 * kMinute);
  return made;
}

// What was observed instead; empty where the expectation holds.
std::string observed(const Expectation& expected, const Result& result = rolled_back()) {
  Scenario played;
  played.expectations.push_back(expected);
  const auto failures = scenario::unmet_expectations(played, result, points());
  return failures.empty() ? std::string{} : failures[0].observed;
}

const std::string kEnd = "rolled back at 42m during `expanded`, because `errors_5xx > 5% for 2m`";

Expectation reached(std::string stage, bool negated = false) {
  Expectation made = expect(ExpectKind::Reached);
  made.stage = std::move(stage);
  made.negated = negated;
  return made;
}
Expectation called(std::string callable, std::string command = {}) {
  Expectation made = expect(ExpectKind::Called);
  made.callable = std::move(callable);
  made.command = std::move(command);
  return made;
}
Expectation traffic(Comparison comparison, double share) {
  Expectation made = expect(ExpectKind::Traffic);
  made.comparison = comparison;
  made.share = Value::ratio(share);
  return made;
}
Expectation before(std::string first, std::string second) {
  Expectation made = expect(ExpectKind::Before);
  made.callable = std::move(first);
  made.second = std::move(second);
  return made;
}

}  // namespace

TEST_CASE("how a run ended", "[scenario]") {
  CHECK(observed(expect_end(ExpectedEnd::RolledBack)).empty());
  CHECK(observed(expect_end(ExpectedEnd::RolledBack, "expanded")).empty());
  CHECK(observed(expect_end(ExpectedEnd::RolledBack, "canary")) == kEnd);
  CHECK(observed(expect_end(ExpectedEnd::Succeeded)) == kEnd);
  CHECK(observed(expect_end(ExpectedEnd::Paused)) == kEnd);
  auto timed = expect_end(ExpectedEnd::RolledBack);
  timed.timing.at = at("expanded", 22 * kMinute);
  CHECK(observed(timed).empty());
  timed.timing.at = at("expanded", 23 * kMinute);
  CHECK(observed(timed) == kEnd);
  timed.timing.at = at("majority");
  CHECK(observed(timed) == "`majority` never came; the run " + kEnd);
  timed.timing.at.reset();
  timed.timing.within = 41 * kMinute;
  CHECK(observed(timed) == kEnd);
  timed.timing.within = 42 * kMinute;
  CHECK(observed(timed).empty());
  timed.timing.after = 43 * kMinute;
  CHECK(observed(timed) == kEnd);
}

TEST_CASE("a run that has not ended", "[scenario]") {
  Result result = rolled_back();
  result.state = RunState::Paused;
  result.ended.reset();
  result.state_since = 30 * kMinute;
  result.reason = "no data";
  CHECK(observed(expect_end(ExpectedEnd::Paused), result).empty());
  CHECK(observed(expect_end(ExpectedEnd::Succeeded), result) ==
        "paused since 30m during `expanded`, because `no data`");
  auto within = expect(ExpectKind::EndWithin);
  within.within = kHour;
  CHECK(observed(within, result) == "it had not ended: paused since 30m during `expanded`, because `no data`");
  result.state = RunState::Running;
  CHECK(observed(expect_end(ExpectedEnd::Succeeded), result) == "still running at 42m during `expanded`");
}

TEST_CASE("the end within a time", "[scenario]") {
  auto within = expect(ExpectKind::EndWithin);
  within.within = 42 * kMinute;
  CHECK(observed(within).empty());
  within.within = 41 * kMinute;
  CHECK(observed(within) == kEnd);
}

TEST_CASE("stages that were reached", "[scenario]") {
  CHECK(observed(reached("canary")).empty());
  CHECK(observed(reached("majority", true)).empty());
  CHECK(observed(reached("majority")) ==
        "`majority` was never entered: entered were `canary` at 1m, `expanded` at 20m; the run " + kEnd);
  CHECK(observed(reached("expanded", true)) == "`expanded` was entered at 20m");
  auto timed = reached("expanded");
  timed.timing.within = 10 * kMinute;
  CHECK(observed(timed) == "`expanded` was entered at 20m");
  timed.negated = true;
  CHECK(observed(timed).empty());
}

TEST_CASE("calls that were made", "[scenario]") {
  CHECK(observed(called("kubernetes.set_image")).empty());
  CHECK(observed(called({}, "kubectl set*")).empty());
  CHECK(observed(called({}, "kubectl delete*")) == "it was never called");
  auto twice = called("kubernetes.set_image");
  twice.times = 2;
  CHECK(observed(twice) == "it was called once, at 1m");
  auto not_at_all = called("kubernetes.set_image");
  not_at_all.negated = true;
  CHECK(observed(not_at_all) == "it was called once, at 1m");
  auto with = called("kubernetes.scale");
  with.arguments = scenario::ArgumentPattern{Value::number(5)};
  CHECK(observed(with) == "it was never called; with other arguments: `kubernetes.scale(3)` at 21m");
}

TEST_CASE("notifications that were sent", "[scenario]") {
  Expectation notified = expect(ExpectKind::Notified);
  notified.channel = "ops";
  CHECK(observed(notified).empty());
  notified.text = "is live";
  CHECK(observed(notified) == "`ops` was notified once: \"portal rolled back\" at 42m");
  notified.channel = "pager";
  CHECK(observed(notified) == "`pager` got no notification");
  notified.negated = true;
  CHECK(observed(notified).empty());
  notified.negated = false;
  notified.times = 0;
  CHECK(observed(notified).empty());
}

TEST_CASE("the order of calls and stages", "[scenario]") {
  CHECK(observed(before("kubernetes.set_image", "expanded")).empty());
  CHECK(observed(before("canary", "kubernetes.set_image")).empty());
  CHECK(observed(before("expanded", "kubernetes.set_image")) ==
        "`expanded` came at 20m, after `kubernetes.set_image` at 1m");
  CHECK(observed(before("backup", "expanded")) == "`backup` never happened");
  CHECK(observed(before("canary", "majority")) == "`majority` never happened, so nothing shows the order");
}

TEST_CASE("the reason", "[scenario]") {
  Expectation because = expect(ExpectKind::Because);
  because.text = "errors_5xx > 5%";
  CHECK(observed(because).empty());
  because.text = "p95";
  CHECK(observed(because) == "the reasons were `errors_5xx > 5% for 2m`");
  Result calm = rolled_back();
  calm.trace.clear();
  calm.state = RunState::Succeeded;
  CHECK(observed(because, calm) == "no guard fired and no reason was given: succeeded at 42m");
}

TEST_CASE("blind guards", "[scenario]") {
  CHECK(observed(expect(ExpectKind::Blind)) == "guards missed data once, never for long enough to be blind");
  Result result = rolled_back();
  result.trace.clear();
  CHECK(observed(expect(ExpectKind::Blind), result) == "every guard had its data in every slot");
  result.trace.push_back(Record{RecordKind::GuardBlind, 0, {}});
  CHECK(observed(expect(ExpectKind::Blind), result).empty());
}

TEST_CASE("the share of traffic", "[scenario]") {
  CHECK(observed(traffic(Comparison::LessEqual, 0.25)).empty());
  CHECK(observed(traffic(Comparison::Less, 0.25)) == "it was 25% at 20m");
  auto then = traffic(Comparison::Equal, 0.05);
  then.at = at("canary", 5 * kMinute);
  CHECK(observed(then).empty());
  then.at = at(Nanoseconds{0});
  CHECK(observed(then) == "it was 0% at 0s");
  then.at = at("majority");
  CHECK(observed(then) == "`majority` never came: the run " + kEnd);
  Result none = rolled_back();
  none.traffic.clear();
  CHECK(observed(traffic(Comparison::Greater, 0), none) == "it was 0% throughout: no `traffic` step ran");
}
