#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::OutcomeKind;

namespace {

// `hold LEAST..MOST until good [for D]`, then a step.
struct OneHold {
  TestPlan plan;
  rollout::plan::MetricId good;

  OneHold(Nanoseconds least, Nanoseconds most, Nanoseconds needed = 0) {
    good = plan.metric("good");
    rollout::plan::Hold row;
    row.least = plan.build.duration_routine(least);
    row.most = plan.build.duration_routine(most);
    row.text = "hold";
    row.until.push_back({plan.is_true(good, "good"), plan.build.duration_routine(needed), {good}, "good"});
    row.otherwise = plan.response(OutcomeKind::Rollback, "not good");
    plan.begin_stage("one");
    plan.build.emit(Op::Hold, plan.build.add(std::move(row)));
    plan.end_stage();
    plan.step("after");
  }
};

}  // namespace

TEST_CASE("a hold ends at the first slot from its least time on at which its condition holds") {
  OneHold hold(5 * kMinute, 10 * kMinute);
  const Nanoseconds from = GENERATE(Nanoseconds{0}, 7 * kMinute, 10 * kMinute, 10 * kMinute + 1);
  Driver driver = hold.plan.drive();
  driver.poll_latency = GENERATE(Nanoseconds{0}, 400'000'000);
  driver.metric(hold.good, [from](Nanoseconds since) { return Value::boolean(since >= from); });
  driver.run_until(kHour);
  INFO(driver.journal());
  const Nanoseconds expected = std::max(from, 5 * kMinute);
  CHECK(driver.state() == (from > 10 * kMinute ? RunState::RolledBack : RunState::Succeeded));
  CHECK(Driver::slot(driver.first(RecordKind::HoldEnded)) == std::min(expected, 10 * kMinute));
  CHECK(driver.started.size() == (from > 10 * kMinute ? 0 : 1));
}

TEST_CASE("a bound of a hold is a slot of its own") {
  OneHold hold(90 * kSecond, 10 * kMinute);
  Driver driver = hold.plan.drive();
  driver.metric(hold.good, [](Nanoseconds) { return Value::boolean(true); });
  driver.run_until(kHour);
  CHECK(Driver::slot(driver.first(RecordKind::HoldEnded)) == 90 * kSecond);
}

TEST_CASE("`for` in a hold counts from the hold's start; unknown neither adds nor resets") {
  OneHold hold(0, 20 * kMinute, 3 * kMinute);
  Driver driver = hold.plan.drive();
  const std::string ticks = GENERATE("XXXX", "XX-XXXX", "0XXXX", "XXX0XXXX");
  driver.metric(hold.good, [ticks](Nanoseconds since) {
    const auto index = static_cast<std::size_t>(since / kMinute);
    const char letter = index < ticks.size() ? ticks[index] : '0';
    return letter == '-' ? Value() : Value::boolean(letter == 'X');
  });
  driver.run_until(kHour);
  CAPTURE(ticks);
  INFO(driver.journal());
  const Nanoseconds expected = ticks == "XXXX" ? 3 : ticks == "XX-XXXX" ? 5 : ticks == "0XXXX" ? 4 : 7;
  CHECK(Driver::slot(driver.first(RecordKind::HoldEnded)) == expected * kMinute);
}

TEST_CASE("unknown conditions never let a hold end") {
  OneHold hold(kMinute, 3 * kMinute);
  Driver driver = hold.plan.drive();
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.machine().view().reason == "not good (the hold failed after 3m: `good` is unknown)");
}

TEST_CASE("a paused hold goes on with its own clock") {
  OneHold hold(2 * kMinute, 10 * kMinute, 4 * kMinute);
  Driver driver = hold.plan.drive();
  driver.metric(hold.good, [](Nanoseconds) { return Value::boolean(true); });
  driver.say(2 * kMinute + 30 * kSecond, {Verb::Pause, "lee", "", ""});
  driver.say(32 * kMinute + 30 * kSecond, {Verb::Resume, "lee", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(Driver::slot(driver.first(RecordKind::HoldEnded)) == 34 * kMinute);
  CHECK(Driver::text(driver.first(RecordKind::HoldEnded), "held") == "4m");
}

TEST_CASE("a guard at a hold's last slot wins over the hold") {
  OneHold hold(5 * kMinute, 10 * kMinute);
  const auto guard = hold.plan.guard(hold.good, 5 * kMinute, hold.plan.response(OutcomeKind::Abort), "good for 5m");
  hold.plan.build.block(hold.plan.build.plan().stages[0].block).guards = {guard};
  Driver driver = hold.plan.drive();
  driver.metric(hold.good, [](Nanoseconds) { return Value::boolean(true); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Aborted);
  // One set of samples for guards and holds.
  CHECK(driver.polls.size() == 6);
}

TEST_CASE("the view of a hold") {
  OneHold hold(5 * kMinute, 10 * kMinute);
  Driver driver = hold.plan.drive();
  driver.metric(hold.good, [](Nanoseconds) { return Value::boolean(false); });
  driver.run_until(2 * kMinute);
  const View view = driver.machine().view();
  REQUIRE(view.holds.size() == 1);
  CHECK(view.holds[0].least_until == kStart + 5 * kMinute);
  CHECK(view.holds[0].most_until == kStart + 10 * kMinute);
  REQUIRE(view.holds[0].conditions.size() == 1);
  CHECK(view.holds[0].conditions[0].second == false);
}
