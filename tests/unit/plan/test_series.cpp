#include <catch2/catch.hpp>
#include <map>

#include "runtime/plan/builder.hpp"
#include "runtime/plan/evaluate.hpp"
#include "runtime/plan/series.hpp"
#include "sample_plan.hpp"

namespace rollout::plan {

namespace {

// The truths of series a, b, c, ...: X true, 0 false, - unknown.
Value folded(Op op, const std::string& truths, std::uint16_t form = 0) {
  std::vector<SeriesTruth> series;
  for (std::size_t i = 0; i < truths.size(); ++i) {
    series.push_back({std::string(1, static_cast<char>('a' + i)),
                      truths[i] == '-' ? Value::missing("no data") : Value::boolean(truths[i] == 'X')});
  }
  return fold_series({.op = op, .a = form}, series);
}

std::string text(const Value& value) {
  return value.is_missing() ? "unknown" : to_literal(value);
}

Metric grouped(const std::string& name, std::vector<std::string> by) {
  Metric metric;
  metric.name = metric.declaration = name;
  metric.provider = MetricProvider::None;
  metric.by = std::move(by);
  return metric;
}

}  // namespace

TEST_CASE("any and all are Kleene's") {
  struct Row {
    std::string truths, any, all;
  };
  const Row row = GENERATE(values<Row>({{"X", "true", "true"},
                                        {"0", "false", "false"},
                                        {"-", "unknown", "unknown"},
                                        {"0X0", "true", "false"},
                                        {"000", "false", "false"},
                                        {"XXX", "true", "true"},
                                        {"0-0", "unknown", "false"},
                                        {"X-X", "true", "unknown"},
                                        {"X-0", "true", "false"},
                                        {"", "unknown", "unknown"}}));
  CAPTURE(row.truths);
  CHECK(text(folded(Op::AnySeries, row.truths)) == row.any);
  CHECK(text(folded(Op::AllSeries, row.truths)) == row.all);
}

TEST_CASE("a count is known where every series is, and lies between its bounds otherwise") {
  const auto least = static_cast<std::uint16_t>(SeriesCount::Least),
             most = static_cast<std::uint16_t>(SeriesCount::Most);
  CHECK(text(folded(Op::CountSeries, "X0X")) == "2");
  CHECK(text(folded(Op::CountSeries, "X-0")) == "unknown");
  CHECK(text(folded(Op::CountSeries, "X-0", least)) == "1");
  CHECK(text(folded(Op::CountSeries, "X-0", most)) == "2");
  CHECK(text(folded(Op::ShareSeries, "X0X0")) == "50%");
  CHECK(text(folded(Op::ShareSeries, "X-0-", least)) == "25%");
  CHECK(text(folded(Op::ShareSeries, "X-0-", most)) == "75%");
  CHECK(text(folded(Op::ShareSeries, "")) == "unknown");
}

TEST_CASE("what is unknown says of which series, and why") {
  CHECK(folded(Op::AnySeries, "0-").as_string() == "b: no data");
  CHECK(folded(Op::CountSeries, "X--").as_string() == "b: no data, and 1 more unknown");
}

TEST_CASE("series are named by what they are") {
  CHECK(text(folded(Op::WhichSeries, "X-0X", static_cast<std::uint16_t>(SeriesChoice::True))) == "[\"a\", \"d\"]");
  CHECK(text(folded(Op::WhichSeries, "X-0X", static_cast<std::uint16_t>(SeriesChoice::False))) == "[\"c\"]");
  CHECK(text(folded(Op::WhichSeries, "X-0X", static_cast<std::uint16_t>(SeriesChoice::NotTrue))) == "[\"b\", \"c\"]");
  CHECK(series_phrase({"a", "b", "c", "d", "e", "f", "g"}) == "a, b, c, d, e and 2 more");
}

TEST_CASE("different series have different names") {
  const std::string one[] = {"a,b", "c"}, two[] = {"a", "b,c"}, three[] = {"a\\", "b"}, four[] = {"a", "\\b"};
  CHECK(series_name(one) == "a\\,b,c");
  CHECK(series_name(two) == "a,b\\,c");
  CHECK(series_name(three) != series_name(four));
}

TEST_CASE("metrics that are read are listed in order, each once, those of folds too") {
  PlanBuilder build;
  for (const char* name : {"a", "b"}) build.add(grouped(name, {}));
  const MetricId up = build.add(grouped("up", {"instance"}));
  build.begin_routine();
  build.push(Op::Metric, up);
  const RoutineId condition = build.end_routine(ValueKind::Bool);
  build.begin_routine();
  build.push(Op::Metric, 1);
  build.push(Op::MetricMissing, 0);
  build.push(Op::Window, 1);
  build.push(Op::Baseline, 0);
  build.push(Op::AnySeries, condition, 0, up);
  const RoutineId routine = build.end_routine(ValueKind::Bool);
  CHECK(metrics_read(build.plan(), routine) == std::vector<MetricId>{0, 1, 2});
  CHECK(metrics_read(build.plan(), kNone).empty());
}

TEST_CASE("a condition is asked of each series of all metrics in it") {
  PlanBuilder build;
  const MetricId up = build.add(grouped("up", {"instance"}));
  const MetricId errors = build.add(grouped("errors", {"instance"}));
  build.begin_routine("up == 0 or errors > 5");
  build.push(Op::Metric, up);
  build.push_constant(Value::number(0));
  build.push(Op::Equal);
  build.push(Op::Metric, errors);
  build.push_constant(Value::number(5));
  build.push(Op::Greater);
  build.push(Op::Or);
  const RoutineId condition = build.end_routine(ValueKind::Bool);
  build.begin_routine();
  build.push(Op::AnySeries, condition, 0, up);
  const RoutineId any = build.end_routine(ValueKind::Bool);
  build.begin_routine();
  build.push(Op::WhichSeries, condition, 0, up);
  const RoutineId which = build.end_routine(ValueKind::List);
  build.begin_routine();
  build.push(Op::Metric, up);
  const RoutineId alone = build.end_routine(ValueKind::Number);

  Value of_up = Value::map({{"a", Value::number(1)}, {"b", Value::number(1)}});
  Value of_errors = Value::map({{"b", Value::number(9)}, {"c", Value::number(1)}});
  int asked = 0;
  Environment environment;
  environment.metric = [&](MetricId metric) {
    ++asked;
    return metric == up ? of_up : of_errors;
  };
  CHECK(evaluate(build.plan(), any, environment) == Value::boolean(true));
  CHECK(to_literal(evaluate(build.plan(), which, environment)) == "[\"b\"]");
  of_errors = Value::map({{"c", Value::number(1)}});
  CHECK(evaluate(build.plan(), any, environment).as_string().starts_with("a: "));
  // What no data means is known: nobody is down, and nobody fails.
  build.plan().metrics[errors].absent = build.constant(Value::number(0));
  build.plan().metrics[up].absent = build.constant(Value::number(1));
  CHECK(evaluate(build.plan(), any, environment) == Value::boolean(false));
  of_up = Value::missing("the source failed");
  of_errors = Value::missing("the source failed");
  CHECK(evaluate(build.plan(), any, environment).as_string() == "the source failed");
  of_up = of_errors = Value::map({});
  CHECK(evaluate(build.plan(), any, environment).as_string() == "there is no series");
  CHECK(evaluate(build.plan(), alone, environment).is_missing());
  // Each metric is asked for once for its names and once for its values, not once a series.
  of_up = of_errors = Value::map({{"a", Value::number(1)}, {"b", Value::number(1)}, {"c", Value::number(1)}});
  asked = 0;
  evaluate(build.plan(), any, environment);
  CHECK(asked == 4);
}

TEST_CASE("code about series that is not in its place is refused") {
  struct Row {
    std::string reason;
    void (*damage)(Plan&);
  };
  static const auto find = [](Plan& plan, Op op) -> Instruction& {
    return *std::ranges::find(plan.code, op, &Instruction::op);
  };
  static const auto up = [](Plan& plan) -> Metric& { return *std::ranges::find(plan.metrics, "up", &Metric::name); };
  const Row row = GENERATE(values<Row>({
      {"metric 0 is not grouped", [](Plan& plan) { find(plan, Op::WhichSeries).c = 0; }},
      {"it names metric 99", [](Plan& plan) { find(plan, Op::WhichSeries).c = 99; }},
      {"it names routine 9999", [](Plan& plan) { find(plan, Op::AnySeries).b = 9999; }},
      {"its form 1 does not exist", [](Plan& plan) { find(plan, Op::AnySeries).a = 1; }},
      {"its form 3 does not exist", [](Plan& plan) { find(plan, Op::WhichSeries).a = 3; }},
      {"which is grouped, outside of a question",
       [](Plan& plan) {
         find(plan, Op::WhichSeries).op = Op::AnySeries;
         plan.metrics[0].by = {"x"};
       }},
      {"it is grouped by a label twice", [](Plan& plan) { up(plan).by = {"a", "a"}; }},
      {"it is grouped by a label twice", [](Plan& plan) { up(plan).by = {""}; }},
      {"never ends, and others follow",
       [](Plan& plan) { plan.blocks[plan.rollout.block].sampling.front().for_duration = kNone; }},
      {"which is asked for each series",
       [](Plan& plan) {
         plan.guards[0].condition = find(plan, Op::AnySeries).b;
         plan.guards[0].metrics = plan.guards.back().metrics;
       }},
  }));
  Plan plan = sample_plan();
  REQUIRE(verify(plan));
  row.damage(plan);
  const auto verified = verify(std::move(plan));
  REQUIRE_FALSE(verified);
  CAPTURE(verified.error().message);
  CHECK(verified.error().message.find(row.reason) != std::string::npos);
}

}  // namespace rollout::plan
