#include <catch2/catch.hpp>
#include <string>

#include "runtime/machine/series.hpp"
#include "tests/unit/machine/driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::Aggregate;
using rollout::plan::kMillisecond;

namespace {

std::vector<Sample> samples_of(std::initializer_list<std::pair<Nanoseconds, double>> values) {
  std::vector<Sample> samples;
  for (const auto& [slot, value] : values) samples.push_back({slot, Value::number(value)});
  return samples;
}

std::string over(const std::vector<Sample>& samples, Aggregate kind, Nanoseconds length, double fraction = 0) {
  const Value value = aggregate_samples(samples, {kind, length, fraction}, 4 * kMinute, kMinute);
  return value.is_missing() ? "missing: " + value.as_string() : rollout::plan::to_literal(value);
}

// A guard `when AGGREGATE(level, length) > limit then rollback`.
rollout::plan::RoutineId window_above(TestPlan& plan, rollout::plan::MetricId metric, Aggregate kind,
                                      rollout::plan::RoutineId length, double limit) {
  const auto& code = plan.build.plan().code;
  plan.build.begin_routine("window");
  plan.build.push(code[plan.build.plan().routines[length].begin].op, code[plan.build.plan().routines[length].begin].b);
  plan.build.push(Op::Window, metric, static_cast<std::uint16_t>(kind));
  plan.build.push_constant(Value::number(limit));
  plan.build.push(Op::Greater);
  return plan.build.end_routine(ValueKind::Bool);
}

}  // namespace

TEST_CASE("a window holds what lies in it: from behind its begin up to its slot") {
  const auto samples = samples_of({{0, 1}, {kMinute, 2}, {2 * kMinute, 3}, {3 * kMinute, 4}, {4 * kMinute, 10}});
  CHECK(over(samples, Aggregate::Count, 5 * kMinute) == "5");
  CHECK(over(samples, Aggregate::Count, 4 * kMinute) == "4");
  CHECK(over(samples, Aggregate::Average, 5 * kMinute) == "4");
  CHECK(over(samples, Aggregate::Minimum, 2 * kMinute) == "4");
  CHECK(over(samples, Aggregate::Maximum, 5 * kMinute) == "10");
  CHECK(over(samples, Aggregate::Sum, 3 * kMinute) == "17");
  CHECK(over(samples, Aggregate::Quantile, 5 * kMinute, 0.5) == "3");
  CHECK(over(samples, Aggregate::Quantile, 5 * kMinute, 0.95) == "10");
  CHECK(over(samples, Aggregate::Rate, 5 * kMinute) == "0.0375/s");
  CHECK(over(samples, Aggregate::Rate, kMinute) == "missing: a rate needs two samples within the window");
  CHECK(over({}, Aggregate::Average, kMinute) == "missing: no sample within the window");
  CHECK(over({}, Aggregate::Count, kMinute) == "0");
}

TEST_CASE("samples that were taken for others' slots in between do not count twice") {
  const auto alone = samples_of({{2 * kMinute, 1}, {3 * kMinute, 1}, {4 * kMinute, 1}});
  const auto shared =
      samples_of({{2 * kMinute, 1}, {150 * kSecond, 9}, {3 * kMinute, 1}, {210 * kSecond, 9}, {4 * kMinute, 1}});
  for (const Aggregate kind : {Aggregate::Count, Aggregate::Sum, Aggregate::Average, Aggregate::Maximum}) {
    CHECK(over(shared, kind, 3 * kMinute) == over(alone, kind, 3 * kMinute));
  }
}

TEST_CASE("a window is unknown where its newest sample is, a count is not") {
  TestPlan plan;
  const auto level = plan.metric("level", ValueKind::Number);
  const auto length = plan.build.duration_routine(10 * kMinute);
  for (const Aggregate kind : {Aggregate::Average, Aggregate::Count}) {
    rollout::plan::Guard guard;
    guard.condition = window_above(plan, level, kind, length, 1000);
    guard.response = plan.response(rollout::plan::OutcomeKind::Rollback);
    guard.metrics = {level};
    guard.text = kind == Aggregate::Count ? "count" : "avg";
    plan.build.block(plan.rollout).guards.push_back(plan.build.add(std::move(guard)));
  }
  plan.hold(kHour);
  Driver driver(plan.finish());
  driver.metric(level, [](Nanoseconds since) { return since < 5 * kMinute ? Value::number(1) : Value{}; });
  driver.run_until(9 * kMinute);
  const auto unknown = driver.all(RecordKind::GuardUnknown);
  REQUIRE(unknown.size() == 1);
  CHECK(Driver::text(unknown[0], "guard") == "avg");
  CHECK(Driver::slot(unknown[0]) == 5 * kMinute);
}

TEST_CASE("a window finds every sample before the start, and those of a run that was down") {
  const bool crashes = GENERATE(false, true);
  TestPlan plan;
  const auto level = plan.metric("level", ValueKind::Number, 15 * kSecond);
  rollout::plan::Guard guard;
  // 240 samples of an hour, each 1.
  guard.condition = window_above(plan, level, Aggregate::Sum, plan.build.duration_routine(kHour), 239.5);
  guard.response = plan.response(rollout::plan::OutcomeKind::Rollback);
  guard.metrics = {level};
  guard.text = "sum(level, 1h) > 239.5";
  plan.build.block(plan.rollout).guards.push_back(plan.build.add(std::move(guard)));
  plan.hold(kHour);
  Driver driver(plan.finish());
  // One sample is missing until ten minutes after the start, when it leaves the window.
  driver.metric(level, [](Nanoseconds since) { return since == -50 * kMinute ? Value{} : Value::number(1); });
  driver.run_until(5 * kMinute);
  if (crashes) driver.crash(3 * kMinute);
  driver.run_until(20 * kMinute);
  REQUIRE(driver.first(RecordKind::GuardFired));
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 10 * kMinute);
}

TEST_CASE("a window as long as a parameter says reaches that far before the start") {
  TestPlan plan;
  const auto level = plan.metric("level", ValueKind::Number, kMinute);
  const auto variable = plan.build.variable("length", ValueKind::Duration);
  plan.build.add(rollout::plan::Parameter{.name = "length",
                                          .documentation = {},
                                          .variable = variable,
                                          .kind = ValueKind::Duration,
                                          .labels = {},
                                          .default_value = plan.build.duration_routine(3 * kHour),
                                          .pattern = {}});
  rollout::plan::Guard guard;
  guard.condition = window_above(plan, level, Aggregate::Count, plan.build.load_routine(variable), 179.5);
  guard.response = plan.response(rollout::plan::OutcomeKind::Rollback);
  guard.metrics = {level};
  guard.text = "count(level, length) > 179.5";
  plan.build.block(plan.rollout).guards.push_back(plan.build.add(std::move(guard)));
  plan.hold(kHour);
  Driver driver(plan.finish());
  driver.metric(level, [](Nanoseconds) { return Value::number(1); });
  driver.run_until(0);
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 0);
}
