#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::OutcomeKind;

namespace {

// A stage of ten minutes under the guard `latency > 20% above baseline(latency)`, or `avg(latency, 5m) > 300ms`.
struct LooksBack {
  TestPlan plan;
  rollout::plan::MetricId latency;

  explicit LooksBack(bool baseline) {
    latency = plan.metric("latency", ValueKind::Duration);
    plan.build.rollout().baseline_over = plan.build.duration_routine(10 * kMinute);
    plan.build.begin_routine("too slow");
    if (baseline) {
      plan.build.push(Op::Metric, latency);
      plan.build.push_constant(Value::ratio(0.2));
      plan.build.push(Op::Baseline, latency);
      plan.build.push(Op::Above);
    } else {
      plan.build.push_constant(Value::duration(5 * kMinute));
      plan.build.push(Op::Window, latency, static_cast<std::uint16_t>(rollout::plan::Aggregate::Average));
      plan.build.push_constant(Value::duration(300 * rollout::plan::kMillisecond));
    }
    plan.build.push(Op::Greater);
    rollout::plan::Guard row;
    row.condition = plan.build.end_routine(ValueKind::Bool);
    row.response = plan.response(OutcomeKind::Rollback);
    row.metrics = {latency};
    row.text = "too slow";
    const auto guard = plan.build.add(std::move(row));
    plan.holding_stage("one", {guard}, 10 * kMinute);
  }
};

Value milliseconds(Nanoseconds amount) {
  return Value::duration(amount * rollout::plan::kMillisecond);
}

}  // namespace

TEST_CASE("a baseline is the mean before the start, taken once and journalled") {
  LooksBack looks(true);
  Driver driver = looks.plan.drive();
  driver.restore_always = true;
  driver.poll_latency = GENERATE(Nanoseconds{0}, 100'000'000);
  const Nanoseconds later_on = GENERATE(230, 250);
  driver.metric(looks.latency, [later_on](Nanoseconds since) {
    return milliseconds(since < -5 * kMinute ? 180 : since < 0 ? 220 : later_on);
  });
  driver.run_until(kHour);
  INFO(driver.journal());
  REQUIRE(driver.count(RecordKind::ValueBound) == 1);
  CHECK(Driver::text(driver.first(RecordKind::ValueBound), "name") == "baseline(latency)");
  const Value* value = driver.first(RecordKind::ValueBound)->find("value");
  REQUIRE(value);
  CHECK(value->as_integer() / rollout::plan::kMillisecond == 202);
  CHECK(driver.state() == (later_on == 250 ? RunState::RolledBack : RunState::Succeeded));
}

TEST_CASE("samples from before the block count in windows") {
  LooksBack looks(false);
  Driver driver = looks.plan.drive();
  driver.metric(looks.latency, [](Nanoseconds since) { return milliseconds(since < 0 ? 200 : 400); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  // Of the five samples within five minutes three are slow at 2m.
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 2 * kMinute);
}

TEST_CASE("a source that does not answer for the past holds nothing up for long") {
  LooksBack looks(true);
  Driver driver = looks.plan.drive();
  const bool answers = GENERATE(false, true);
  driver.sources_answer = answers;
  driver.metrics[looks.latency] = [&](Nanoseconds slot) {
    const bool past = slot < kStart;
    return Reading{looks.latency, past ? ReadingStatus::NoPast : ReadingStatus::Value, milliseconds(200), {}, {}};
  };
  driver.run_until(7 * kMinute);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.count(RecordKind::GuardBlind) == 1);
}

TEST_CASE("a metric with a baseline of its own is compared with that, and nothing is asked of the past for it") {
  LooksBack looks(true);
  TestPlan& plan = looks.plan;
  plan.build.plan().metrics[looks.latency].baseline = plan.build.duration_routine(kSecond / 10);
  // Something else that looks back, so that there is a past to be asked for.
  const auto load = plan.metric("load", ValueKind::Number);
  rollout::plan::Guard row;
  plan.build.begin_routine("avg(load, 5m) > 100");
  plan.build.push_constant(Value::duration(5 * kMinute));
  plan.build.push(Op::Window, load, static_cast<std::uint16_t>(rollout::plan::Aggregate::Average));
  plan.build.push_constant(Value::number(100));
  plan.build.push(Op::Greater);
  row.condition = plan.build.end_routine(ValueKind::Bool);
  row.response = plan.response(OutcomeKind::Rollback);
  row.metrics = {load};
  row.text = "avg(load, 5m) > 100";
  plan.build.block(plan.rollout).guards = {plan.build.add(std::move(row))};
  Driver driver = plan.drive();
  driver.metric(looks.latency, [](Nanoseconds) { return milliseconds(110); });
  driver.metric(load, [](Nanoseconds) { return Value::number(1); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.count(RecordKind::ValueBound) == 0);
  for (const Poll& poll : driver.polls) {
    if (poll.slot < kStart) CHECK(poll.metrics == std::vector<rollout::plan::MetricId>{load});
  }
}

namespace {

// `when any(load > baseline(load)) then rollback` on a metric by instance, in the rollout or in a child after 20m.
struct GroupedBaseline {
  TestPlan plan;
  rollout::plan::MetricId load;

  explicit GroupedBaseline(bool in_child) {
    load = plan.metric("load", ValueKind::Number);
    plan.build.plan().metrics[load].by = {"instance"};
    plan.build.plan().metrics[load].stale_after = plan.build.duration_routine(3 * kMinute);
    if (in_child) {
      plan.build.block(plan.rollout).guards = {watch(false)};
      plan.begin_stage("before");
      plan.hold(20 * kMinute);
      plan.end_stage();
      plan.begin_child("child");
    }
    plan.build.rollout(plan.current).baseline_over = plan.build.duration_routine(10 * kMinute);
    plan.holding_stage("one", {watch(true)}, 20 * kMinute);
    if (in_child) plan.end_child();
  }
  rollout::plan::GuardId watch(bool baseline) {
    plan.build.begin_routine("load > baseline(load)");
    plan.build.push(Op::Metric, load);
    if (baseline) {
      plan.build.push(Op::Baseline, load);
    } else {
      plan.build.push_constant(Value::number(1000));
    }
    plan.build.push(Op::Greater);
    const auto one = plan.build.end_routine(ValueKind::Bool);
    rollout::plan::Guard row;
    plan.build.begin_routine("any");
    plan.build.push(Op::AnySeries, one, 0, load);
    row.condition = plan.build.end_routine(ValueKind::Bool);
    row.response = plan.response(OutcomeKind::Rollback);
    row.metrics = {load};
    row.text = baseline ? "any(load > baseline(load))" : "any(load > 1000)";
    return plan.build.add(std::move(row));
  }
};

}  // namespace

TEST_CASE("each series has its own baseline, of the time before its rollout") {
  const bool in_child = GENERATE(false, true), rises = GENERATE(false, true);
  GroupedBaseline grouped(in_child);
  const Nanoseconds begins = in_child ? 20 * kMinute : 0;
  Driver driver = grouped.plan.drive();
  driver.restore_always = true;
  driver.metrics[grouped.load] = [&, load = grouped.load](Nanoseconds slot) {
    Reading reading{load, ReadingStatus::Value, {}, {}, {}};
    const Nanoseconds since = slot - kStart - begins;
    reading.series.push_back({"a", Value::number(10), slot});
    // One that is replaced before the beginning, and one without a value at first.
    if (since < -5 * kMinute) reading.series.push_back({"gone", Value::number(5), slot});
    const Value of_b = Value::number(rises && since > 5 * kMinute ? 9 : 3);
    reading.series.push_back({"b", since < -8 * kMinute && !in_child ? Value() : of_b, slot});
    return reading;
  };
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (rises ? RunState::RolledBack : RunState::Succeeded));
  REQUIRE(driver.count(RecordKind::ValueBound) == 1);
  CHECK(Driver::text(driver.first(RecordKind::ValueBound), "value") == R"({ "a": 10, "b": 3, "gone": 5 })");
  // Each change of a series is told of once, when it comes about.
  CHECK(driver.count(RecordKind::SeriesChanged) == (in_child ? 2 : 0));
}
