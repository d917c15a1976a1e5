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
    const auto stage = plan.begin_stage("one");
    plan.build.block(stage).guards = {guard};
    plan.hold(10 * kMinute);
    plan.end_stage();
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
