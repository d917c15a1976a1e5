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
  return checks.passes(built.check, 0, [&](plan::MetricId metric, Nanoseconds) { return metric == 0 ? errors : slow; });
}

}  // namespace

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
