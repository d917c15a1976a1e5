#include <catch2/catch.hpp>

#include "tests/unit/machine/driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
namespace plan = rollout::plan;

namespace {

using SeriesAt = std::map<std::string, std::function<std::optional<double>(Nanoseconds since)>>;

// `when any(up == 0) for 1m then rollback`, on a grouped metric with a slot each minute.
struct Fleet : TestPlan {
  plan::MetricId up = kNone;

  Fleet() {
    plan::Metric row;
    row.name = row.declaration = "up";
    row.provider = plan::MetricProvider::None;
    row.kind = ValueKind::Number;
    row.by = {"instance"};
    row.every = build.duration_routine(kMinute);
    up = build.add(std::move(row));
    const plan::RoutineId down = build.comparison_routine(up, Op::Equal, Value::number(0));
    plan::Guard watch;
    build.begin_routine("any(up == 0)");
    build.push(Op::AnySeries, down, 0, up);
    watch.condition = build.end_routine(ValueKind::Bool);
    build.begin_routine();
    build.push(Op::WhichSeries, down, 0, up);
    build.push(Op::MakeList, 1);
    watch.series = build.end_routine(ValueKind::List);
    watch.for_duration = build.duration_routine(kMinute);
    watch.response = response(plan::OutcomeKind::Rollback);
    watch.metrics = {up};
    watch.text = "any(up == 0) for 1m";
    build.block(rollout).guards.push_back(build.add(std::move(watch)));
    hold(kHour);
  }
};

void answer(Driver& driver, plan::MetricId metric, SeriesAt series) {
  driver.metrics[metric] = [metric, series = std::move(series)](Nanoseconds slot) {
    Reading reading;
    reading.metric = metric;
    reading.status = ReadingStatus::Value;
    for (const auto& [name, value_at] : series) {
      if (const auto value = value_at(slot - kStart)) reading.series.push_back({name, Value::number(*value), slot});
    }
    return reading;
  };
}

std::optional<double> always_up(Nanoseconds) {
  return 1;
}

std::string changes(const Driver& driver) {
  std::string text;
  for (const Record* record : driver.all(RecordKind::SeriesChanged)) {
    text += plan::duration_text(Driver::slot(record)) + " " + Driver::text(record, "series") + " " +
            Driver::text(record, "how") + "; ";
  }
  return text;
}

}  // namespace

TEST_CASE("the records and the view name the series that speak for a guard") {
  Fleet plan;
  Driver driver = plan.drive();
  answer(driver, plan.up, {{"a", always_up}, {"b", [](Nanoseconds since) { return since < 3 * kMinute ? 1 : 0; }}});
  driver.run_until(3 * kMinute);
  CHECK(Driver::text(driver.first(RecordKind::GuardPending), "series") == "[\"b\"]");
  REQUIRE(driver.machine().view().guards.size() == 1);
  CHECK(driver.machine().view().guards[0].series == std::vector<std::string>{"b"});
  driver.run_until(5 * kMinute);
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 4 * kMinute);
  CHECK(Driver::text(driver.first(RecordKind::RollbackStarted), "reason") == "any(up == 0) for 1m (b)");
}

TEST_CASE("a series that vanishes is unknown until it is gone, also through restarts") {
  Fleet plan;
  Driver driver = plan.drive();
  driver.restore_always = GENERATE(false, true);
  // Stale after three intervals.
  answer(driver, plan.up, {{"a", always_up}, {"b", [](Nanoseconds since) {
                                                return since < 5 * kMinute ? std::optional(1.0) : std::nullopt;
                                              }}});
  driver.run_until(20 * kMinute);
  CHECK(changes(driver) == "5m b has vanished; 8m b is gone; ");
  CHECK(driver.count(RecordKind::GuardUnknown) == 1);
  CHECK(driver.count(RecordKind::GuardBlind) == 1);
  CHECK(Driver::slot(driver.first(RecordKind::GuardSeesAgain)) == 8 * kMinute);
  CHECK_THAT(Driver::text(driver.first(RecordKind::GuardUnknown), "why"),
             Catch::Matchers::Contains("b: the series has vanished"));
}

TEST_CASE("a run that was down while a series vanished decides like one that was not") {
  const auto journal = [](Nanoseconds crash_at, Nanoseconds down_for) {
    Fleet plan;
    Driver driver = plan.drive();
    answer(driver, plan.up,
           {{"a", [](Nanoseconds since) { return since < 9 * kMinute ? 1 : 0; }},
            {"b", [](Nanoseconds since) {
               return since < 5 * kMinute || since >= 7 * kMinute ? std::optional(1.0) : std::nullopt;
             }}});
    if (crash_at > 0) {
      driver.run_until(crash_at);
      driver.crash(down_for);
    }
    driver.run_until(15 * kMinute);
    return std::pair(changes(driver), Driver::slot(driver.first(RecordKind::GuardFired)));
  };
  const auto without = journal(0, 0);
  CHECK(without.first == "5m b has vanished; 7m b is back; ");
  CHECK(without.second == 10 * kMinute);
  CHECK(journal(4 * kMinute, 90 * kSecond) == without);
  CHECK(journal(6 * kMinute, 8 * kMinute) == without);
}

TEST_CASE("an answer with more series than anybody looks at is unknown") {
  Fleet plan;
  Driver driver = plan.drive();
  SeriesAt many;
  for (int i = 0; i < 501; ++i) many["s" + std::to_string(i)] = always_up;
  answer(driver, plan.up, std::move(many));
  driver.run_until(0);
  CHECK_THAT(Driver::text(driver.first(RecordKind::GuardUnknown), "why"),
             Catch::Matchers::Contains("501 series, the most is 500"));
}
