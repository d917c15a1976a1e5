#include "runtime/machine/sampling.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/machine/driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;

namespace {

// every 1m for 1h, every 5m for 7h, every 15m, from instant 0 on.
const std::vector<SamplingPhase> kPhases = {{kHour, kMinute}, {8 * kHour, 5 * kMinute}, {kNever, 15 * kMinute}};

std::vector<Nanoseconds> slots(const std::vector<SamplingPhase>& phases, Nanoseconds begun, Nanoseconds from,
                               std::size_t count) {
  std::vector<Nanoseconds> result;
  for (Nanoseconds slot = from; result.size() < count; slot = slot_after(phases, begun, slot)) result.push_back(slot);
  return result;
}

}  // namespace

TEST_CASE("slots follow the cadence in force, and a boundary is a slot of both") {
  CHECK(slots(kPhases, 0, 0, 3) == std::vector<Nanoseconds>{0, kMinute, 2 * kMinute});
  CHECK(slots(kPhases, 0, 59 * kMinute, 3) == std::vector<Nanoseconds>{59 * kMinute, 60 * kMinute, 65 * kMinute});
  CHECK(slots(kPhases, 0, 475 * kMinute, 3) == std::vector<Nanoseconds>{475 * kMinute, 480 * kMinute, 495 * kMinute});
  CHECK(interval_at(kPhases, kHour - 1) == kMinute);
  CHECK(interval_at(kPhases, kHour) == 5 * kMinute);
}

TEST_CASE("a boundary that is on no grid is a slot all the same") {
  const std::vector<SamplingPhase> phases = {{10 * kMinute, 4 * kMinute}, {kNever, 3 * kMinute}};
  CHECK(slots(phases, 0, 0, 6) ==
        std::vector<Nanoseconds>{0, 4 * kMinute, 8 * kMinute, 10 * kMinute, 13 * kMinute, 16 * kMinute});
}

TEST_CASE("a grid begins with its first slot, boundaries with the block") {
  CHECK(slots(kPhases, 90 * kSecond, 90 * kSecond, 2) == std::vector<Nanoseconds>{90 * kSecond, 150 * kSecond});
  CHECK(slots(kPhases, 90 * kSecond, 3570 * kSecond, 3) ==
        std::vector<Nanoseconds>{3570 * kSecond, 3600 * kSecond, 3900 * kSecond});
  // Armed in the second phase: that grid counts from the first slot too.
  CHECK(slots(kPhases, 62 * kMinute, 62 * kMinute, 2) == std::vector<Nanoseconds>{62 * kMinute, 67 * kMinute});
}

TEST_CASE("the last cadence holds to the end of time, where no slot comes any more") {
  CHECK(interval_at(kPhases, kNever) == 15 * kMinute);
  CHECK(slot_after(kPhases, 0, kNever) == kNever);
}

namespace {

std::vector<Nanoseconds> slots_of(const Driver& driver, rollout::plan::MetricId metric) {
  std::vector<Nanoseconds> found;
  for (const Poll& poll : driver.polls) {
    if (std::ranges::find(poll.metrics, metric) != poll.metrics.end()) found.push_back(poll.slot - kStart);
  }
  return found;
}

rollout::plan::Cadence every(TestPlan& plan, Nanoseconds interval, Nanoseconds lasts = 0) {
  return {plan.build.duration_routine(interval), lasts == 0 ? kNone : plan.build.duration_routine(lasts)};
}

rollout::plan::HoldId hold_until(TestPlan& plan, rollout::plan::MetricId metric, Nanoseconds most) {
  rollout::plan::Hold row;
  row.least = plan.build.duration_routine(0);
  row.most = plan.build.duration_routine(most);
  row.text = "hold until";
  rollout::plan::HoldCondition condition;
  condition.condition = plan.is_true(metric, "ready");
  condition.metrics = {metric};
  row.until.push_back(std::move(condition));
  return plan.build.add(std::move(row));
}

}  // namespace

TEST_CASE("branches are sampled as their stage is, and a child without a `sample` as the rollout around it") {
  TestPlan plan;
  const auto ready = plan.metric("ready");
  const auto bad = plan.metric("bad");
  plan.build.block(plan.rollout).sampling = {every(plan, 4 * kMinute)};
  const auto stage = plan.begin_stage("one");
  const bool own = GENERATE(true, false);
  if (own) plan.build.block(stage).sampling = {every(plan, kMinute, -kMinute), every(plan, 2 * kMinute)};
  plan.parallel({"branch"},
                [&](const std::string&) { plan.build.emit(Op::Hold, hold_until(plan, ready, 10 * kMinute)); });
  plan.end_stage();
  const auto child = plan.begin_child("child");
  plan.build.block(plan.build.rollout(child).block).guards = {
      plan.guard(bad, 0, plan.response(rollout::plan::OutcomeKind::Rollback), "bad")};
  plan.begin_stage("inside");
  plan.hold(10 * kMinute);
  plan.end_stage();
  plan.end_child();
  Driver driver = plan.drive();
  driver.metric(ready, [](Nanoseconds since) { return Value::boolean(since >= 7 * kMinute); });
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(false); });
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  REQUIRE(driver.state() == RunState::Succeeded);
  const std::vector<Nanoseconds> asked = slots_of(driver, ready);
  REQUIRE(asked.size() >= 2);
  CHECK(asked[1] - asked[0] == (own ? 2 : 4) * kMinute);
  const std::vector<Nanoseconds> inside = slots_of(driver, bad);
  REQUIRE(inside.size() >= 2);
  CHECK(inside[1] - inside[0] == 4 * kMinute);
}

TEST_CASE("a rollout without stages is sampled from its beginning") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  plan.build.block(plan.rollout).sampling = {every(plan, 2 * kMinute, 4 * kMinute), every(plan, 5 * kMinute)};
  plan.build.block(plan.rollout).guards = {
      plan.guard(bad, 0, plan.response(rollout::plan::OutcomeKind::Rollback), "bad")};
  plan.hold(15 * kMinute);
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(false); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(slots_of(driver, bad) == std::vector<Nanoseconds>{0, 2 * kMinute, 4 * kMinute, 9 * kMinute, 14 * kMinute});
}

TEST_CASE("what waits before the first stage is sampled by the age of that waiting") {
  TestPlan plan;
  const auto ready = plan.metric("ready");
  plan.build.block(plan.rollout).sampling = {every(plan, 2 * kMinute, 4 * kMinute), every(plan, 5 * kMinute)};
  plan.build.emit(Op::Hold, hold_until(plan, ready, kHour));
  plan.begin_stage("one");
  plan.hold(kMinute);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.metric(ready, [](Nanoseconds since) { return Value::boolean(since >= 9 * kMinute); });
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(slots_of(driver, ready) == std::vector<Nanoseconds>{0, 2 * kMinute, 4 * kMinute, 9 * kMinute});
}

TEST_CASE("a child's hook is sampled as its child, or as the rollout around that") {
  const bool own = GENERATE(true, false), nowhere = GENERATE(true, false);
  TestPlan plan;
  const auto ready = plan.metric("ready");
  if (!nowhere) plan.build.block(plan.rollout).sampling = {every(plan, 4 * kMinute)};
  const auto child = plan.begin_child("child");
  if (own) plan.build.block(plan.build.rollout(child).block).sampling = {every(plan, 2 * kMinute)};
  const auto stage = plan.begin_stage("only");
  if (nowhere && !own) plan.build.block(stage).sampling = {every(plan, 9 * kMinute)};
  plan.hold(3 * kMinute);
  plan.end_stage();
  const auto hook = plan.build.begin_block(rollout::plan::BlockKind::Hook, "hook");
  plan.build.emit(Op::Hold, hold_until(plan, ready, kHour));
  plan.build.end_block();
  plan.build.rollout(child).hooks.push_back({rollout::plan::HookKind::Success, hook});
  plan.end_child();
  Driver driver = plan.drive();
  driver.metric(ready, [](Nanoseconds since) { return Value::boolean(since >= 12 * kMinute); });
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  const std::vector<Nanoseconds> asked = slots_of(driver, ready);
  REQUIRE(asked.size() >= 2);
  CHECK(asked[1] - asked[0] == (own ? 2 : nowhere ? 1 : 4) * kMinute);
}

TEST_CASE("a stage inside of a branch has its own cadence") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  plan.build.block(plan.rollout).sampling = {every(plan, 4 * kMinute)};
  plan.parallel({"branch"}, [&](const std::string&) {
    plan.begin_child("child");
    const auto stage = plan.begin_stage("only");
    plan.build.block(stage).sampling = {every(plan, 2 * kMinute)};
    plan.build.block(stage).guards = {plan.guard(bad, 0, plan.response(rollout::plan::OutcomeKind::Rollback), "bad")};
    plan.hold(7 * kMinute);
    plan.end_stage();
    plan.end_child();
  });
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(false); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(slots_of(driver, bad) == std::vector<Nanoseconds>{0, 2 * kMinute, 4 * kMinute, 6 * kMinute});
}

TEST_CASE("what a pause waits for is sampled as its rollout is") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto ready = plan.metric("ready");
  plan.build.block(plan.rollout).sampling = {every(plan, 4 * kMinute)};
  const auto pause = plan.response(rollout::plan::OutcomeKind::Pause);
  plan.build.plan().responses[pause].until = hold_until(plan, ready, kHour);
  plan.holding_stage("only", {plan.guard(bad, 0, pause, "bad")}, 30 * kMinute);
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since == 8 * kMinute); });
  driver.metric(ready, [](Nanoseconds since) { return Value::boolean(since >= 15 * kMinute); });
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  const std::vector<Nanoseconds> asked = slots_of(driver, ready);
  REQUIRE(asked.size() >= 2);
  CHECK(asked[1] - asked[0] == 4 * kMinute);
}
