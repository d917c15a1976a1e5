#include "runtime/scenario/checks.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/scenario/plans.hpp"

using namespace plans;
using plan::BlockKind;
using plan::Op;

namespace {

struct Built {
  plan::Plan plan;
  plan::BlockId check = plan::kNone;
};

// check budget { require errors < 5%; require slow < 5% } with errors and slow as metrics 0 and 1.
Built budget() {
  plan::PlanBuilder build;
  plan::Metric metric;
  metric.kind = plan::ValueKind::Ratio;
  metric.provider = plan::MetricProvider::None;
  metric.name = metric.declaration = "errors";
  const auto errors = build.add(metric);
  metric.name = metric.declaration = "slow";
  const auto slow = build.add(metric);
  Built built;
  built.check = build.begin_block(BlockKind::Check, "budget");
  build.emit(Op::Require, build.comparison_routine(errors, Op::Less, Value::ratio(0.05)), plan::kNone);
  build.emit(Op::Require, build.comparison_routine(slow, Op::Less, Value::ratio(0.05)), plan::kNone);
  build.end_block();
  built.plan = build.finish();
  return built;
}

std::optional<bool> passes(const Built& built, Value errors, Value slow) {
  const scenario::Scenario none;
  const scenario::Checks checks(built.plan, none);
  const auto sample = [&](plan::MetricId metric, plan::Nanoseconds) { return metric == 0 ? errors : slow; };
  return checks.passes({built.check, 0, std::nullopt, sample});
}

}  // namespace

TEST_CASE("windows in a check look back on the signals, at the metric's cadence", "[scenario]") {
  plan::PlanBuilder build;
  plan::Metric metric;
  metric.kind = plan::ValueKind::Ratio;
  metric.provider = plan::MetricProvider::None;
  metric.name = metric.declaration = "errors";
  metric.every = build.duration_routine(plan::kMinute);
  const auto errors = build.add(metric);
  build.begin_routine("max(errors, 3m) < 1%");
  build.push_constant(Value::duration(3 * plan::kMinute));
  build.push(Op::Window, errors, static_cast<std::uint16_t>(plan::Aggregate::Maximum));
  build.push_constant(Value::ratio(0.01));
  build.push(Op::Less);
  const auto condition = build.end_routine(plan::ValueKind::Bool);
  const auto check = build.begin_block(BlockKind::Check, "calm");
  build.emit(Op::Require, condition, plan::kNone);
  build.end_block();
  const plan::Plan built = build.finish();
  const scenario::Scenario none;
  const scenario::Checks checks(built, none);
  const auto peak_at = [&](plan::Nanoseconds peak) {
    const auto sample = [peak](plan::MetricId, plan::Nanoseconds at) { return Value::ratio(at == peak ? 0.5 : 0); };
    return checks.passes({check, 10 * plan::kMinute, std::nullopt, sample});
  };
  CHECK(peak_at(10 * plan::kMinute) == false);
  CHECK(peak_at(8 * plan::kMinute) == false);
  CHECK(peak_at(7 * plan::kMinute) == true);
}

TEST_CASE("a check on metrics alone follows from the signals", "[scenario]") {
  const Built built = budget();
  CHECK(passes(built, Value::ratio(0), Value::ratio(0)) == true);
  CHECK(passes(built, Value::ratio(0), Value::ratio(0.5)) == false);
  CHECK_FALSE(passes(built, Value::missing(), Value::ratio(0)).has_value());
  CHECK(passes(built, Value::missing(), Value::ratio(0.5)) == false);
  const scenario::Scenario none;
  CHECK(scenario::Checks(built.plan, none).decided_by_signals(built.check));
  CHECK_FALSE(scenario::Checks(built.plan, none).decided_by_signals(plan::kNone));
}
