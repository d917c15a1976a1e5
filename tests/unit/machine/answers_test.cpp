#include "driver.hpp"
#include "runtime/machine/guard_clock.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::Aggregate;
using rollout::plan::EffectClass;
using rollout::plan::MetricProvider;
using rollout::plan::OutcomeKind;

// Answers that nobody waits for, that come late, or that are no sample; and checks as metrics.

namespace {

// A stage of an hour under `avg(load, 5m) > 100` with a slot each minute.
struct Averaged {
  TestPlan plan;
  rollout::plan::MetricId load;

  explicit Averaged(std::vector<std::string> by = {}) {
    load = plan.metric("load", ValueKind::Number);
    plan.build.plan().metrics[load].by = std::move(by);
    rollout::plan::Guard row;
    plan.build.begin_routine("avg(load, 5m) > 100");
    plan.build.push_constant(Value::duration(5 * kMinute));
    plan.build.push(Op::Window, load, static_cast<std::uint16_t>(Aggregate::Average));
    plan.build.push_constant(Value::number(100));
    plan.build.push(Op::Greater);
    row.condition = plan.build.end_routine(ValueKind::Bool);
    if (!plan.build.plan().metrics[load].by.empty()) row.condition = of_any(row.condition);
    row.response = plan.response(OutcomeKind::Rollback);
    row.metrics = {load};
    row.text = "avg(load, 5m) > 100";
    const auto guard = plan.build.add(std::move(row));
    plan.holding_stage("canary", {guard}, kHour);
  }
  rollout::plan::RoutineId of_any(rollout::plan::RoutineId one) {
    plan.build.begin_routine("any(avg(load, 5m) > 100)");
    plan.build.push(Op::AnySeries, one, 0, load);
    return plan.build.end_routine(ValueKind::Bool);
  }
};

Samples answer(Nanoseconds since_start, Reading reading) {
  return Samples{kStart + since_start, {std::move(reading)}};
}

}  // namespace

TEST_CASE("an answer that nobody asked for changes nothing") {
  Averaged averaged;
  Driver driver = averaged.plan.drive();
  driver.metric(averaged.load, [](Nanoseconds) { return Value::number(1); });
  for (const rollout::plan::MetricId metric : {averaged.load, averaged.load + 7}) {
    driver.at(10 * kMinute + kSecond, answer(10 * kMinute, {metric, ReadingStatus::Value, Value::number(1e9), {}, {}}));
    driver.at(10 * kMinute + kSecond, answer(40 * kMinute, {metric, ReadingStatus::Value, Value::number(1e9), {}, {}}));
  }
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a late answer that is no sample is journalled and counts for nothing") {
  const ReadingStatus status = GENERATE(ReadingStatus::Error, ReadingStatus::NoData, ReadingStatus::Value);
  Averaged averaged;
  Driver driver = averaged.plan.drive();
  driver.metrics[averaged.load] = [&](Nanoseconds slot) {
    return Reading{
        averaged.load, slot < kStart ? ReadingStatus::NoPast : ReadingStatus::Value, Value::number(1), {}, {}};
  };
  driver.run_until(5 * kMinute - kSecond);
  driver.sources_answer = false;
  driver.run_until(7 * kMinute - kSecond);
  driver.sources_answer = true;
  const Value value = status == ReadingStatus::Value ? Value::number(600) : Value();
  driver.at(7 * kMinute - kSecond + 1, answer(5 * kMinute, {averaged.load, status, value, {}, {}}));
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::SampleLate) == 1);
  // 600 and three times 1 in five minutes are more than 100 on average.
  CHECK(driver.count(RecordKind::GuardFired) == (status == ReadingStatus::Value ? 1 : 0));
}

TEST_CASE("late samples count for the series that are known, in the metric's unit") {
  const auto [name, value, fires] = GENERATE(table<std::string, Value, bool>({{"a", Value::number(900), true},
                                                                              {"a", Value::duration(900), false},
                                                                              {"another", Value::number(900), false},
                                                                              {"A", Value::number(900), false}}));
  Averaged averaged({"instance"});
  Driver driver = averaged.plan.drive();
  driver.metrics[averaged.load] = [&](Nanoseconds slot) {
    Reading reading{averaged.load, ReadingStatus::Value, {}, {}, {}};
    if (slot < kStart) reading.status = ReadingStatus::NoPast;
    reading.series.push_back({"a", Value::number(1), slot});
    return reading;
  };
  driver.run_until(5 * kMinute - kSecond);
  driver.sources_answer = false;
  driver.run_until(7 * kMinute - kSecond);
  driver.sources_answer = true;
  Reading reading{averaged.load, ReadingStatus::Value, {}, {}, {}};
  reading.series.push_back({name, value, kStart + 5 * kMinute});
  driver.at(7 * kMinute - kSecond + 1, answer(5 * kMinute, reading));
  driver.run_until(20 * kMinute);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::SampleLate) == 1);
  CHECK(driver.count(RecordKind::GuardFired) == (fires ? 1 : 0));
}

TEST_CASE("a late answer about something that no window looks back on is journalled, and that is all") {
  TestPlan plan;
  const auto load = plan.metric("load", ValueKind::Any);
  plan.build.plan().metrics[load].by = {"instance"};
  const auto above = plan.build.comparison_routine(load, Op::Greater, Value::number(100));
  rollout::plan::Guard row;
  plan.build.begin_routine("any(load > 100)");
  plan.build.push(Op::AnySeries, above, 0, load);
  row.condition = plan.build.end_routine(ValueKind::Bool);
  row.response = plan.response(OutcomeKind::Rollback);
  row.metrics = {load};
  row.text = "any(load > 100)";
  const auto guard = plan.build.add(std::move(row));
  plan.holding_stage("canary", {guard}, 20 * kMinute);
  Driver driver = plan.drive();
  driver.metrics[load] = [load](Nanoseconds slot) {
    Reading reading{load, ReadingStatus::Value, {}, {}, {}};
    reading.series.push_back({"a", Value::number(1), slot});
    return reading;
  };
  driver.run_until(5 * kMinute - kSecond);
  driver.sources_answer = false;
  driver.run_until(7 * kMinute - kSecond);
  driver.sources_answer = true;
  Reading late{load, ReadingStatus::Value, {}, {}, {}};
  late.series.push_back({"a", Value::number(900), kStart + 5 * kMinute});
  driver.at(7 * kMinute - kSecond + 1, answer(5 * kMinute, late));
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::SampleLate) == 1);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a sample without a value says why") {
  Averaged averaged;
  const auto why = GENERATE(std::string(), std::string("the shard is rebalanced"));
  Driver driver = averaged.plan.drive();
  driver.metrics[averaged.load] = [&](Nanoseconds) {
    return Reading{averaged.load, ReadingStatus::Value, why.empty() ? Value() : Value::missing(why), {}, {}};
  };
  driver.run_until(10 * kMinute);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::GuardBlind) == 1);
}

TEST_CASE("of a series without a value no sample is kept, and its window ends") {
  Averaged averaged({"instance"});
  averaged.plan.build.plan().metrics[averaged.load].stale_after = averaged.plan.build.duration_routine(2 * kMinute);
  Driver driver = averaged.plan.drive();
  driver.metrics[averaged.load] = [&](Nanoseconds slot) {
    Reading reading{averaged.load, ReadingStatus::Value, {}, {}, {}};
    // From the tenth minute on its samples are as old as that.
    const Nanoseconds seen = std::min(slot, kStart + 10 * kMinute);
    reading.series.push_back({"a", Value::number(slot > kStart + 10 * kMinute ? 500 : 1), seen});
    return reading;
  };
  driver.run_until(40 * kMinute);
  INFO(driver.journal());
  // What came while it was fresh enough, 500 three times, counts; afterwards nothing does.
  CHECK(driver.count(RecordKind::GuardFired) == 1);
}

TEST_CASE("two series that are ahead of the clock are told of once") {
  Averaged averaged({"instance"});
  Driver driver = averaged.plan.drive();
  driver.metrics[averaged.load] = [&](Nanoseconds slot) {
    Reading reading{averaged.load, ReadingStatus::Value, {}, {}, {}};
    for (const char* name : {"a", "b"}) reading.series.push_back({name, Value::number(1), slot + kHour});
    return reading;
  };
  driver.run_until(10 * kMinute);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::ClockSkew) == 1);
}

TEST_CASE("the series that stands for none is gone when there is one") {
  Averaged averaged({"instance"});
  averaged.plan.build.plan().metrics[averaged.load].absent = averaged.plan.build.constant(Value::number(0));
  Driver driver = averaged.plan.drive();
  driver.metrics[averaged.load] = [&](Nanoseconds slot) {
    Reading reading{averaged.load, ReadingStatus::Value, {}, {}, {}};
    const Nanoseconds since = slot - kStart;
    if (since >= 10 * kMinute && since < 20 * kMinute) reading.series.push_back({"a", Value::number(1), slot});
    return reading;
  };
  driver.restore_always = true;
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.count(RecordKind::GuardBlind) == 0);
}

TEST_CASE("a check as a metric is a yes or a no, and unknown where it cannot be asked") {
  // A probe that cannot be carried out has not passed; one that cannot even be asked says nothing.
  struct Row {
    MetricProvider provider;
    EffectStatus status;
    bool has_command;
    RunState ends;
  };
  const Row row = GENERATE(Row{MetricProvider::Check, EffectStatus::Succeeded, true, RunState::Succeeded},
                           Row{MetricProvider::Check, EffectStatus::NotStarted, true, RunState::Paused},
                           Row{MetricProvider::Check, EffectStatus::Succeeded, false, RunState::Paused},
                           Row{MetricProvider::Probe, EffectStatus::Succeeded, true, RunState::Succeeded},
                           Row{MetricProvider::Probe, EffectStatus::NotStarted, true, RunState::RolledBack},
                           Row{MetricProvider::Probe, EffectStatus::Succeeded, false, RunState::Paused});
  const MetricProvider provider = row.provider;
  TestPlan plan;
  const bool probe = provider == MetricProvider::Probe;
  const auto healthy = plan.metric("healthy", probe ? ValueKind::Ratio : ValueKind::Bool);
  const auto block = plan.build.begin_block(rollout::plan::BlockKind::Check, "healthy");
  const auto effect = plan.run("curl", EffectClass::ReadOnly);
  if (!row.has_command)
    plan.build.plan().effects[effect].arguments[0].value = plan.build.constant_routine(Value::missing("no address"));
  plan.build.emit(Op::Effect, effect);
  plan.build.end_block();
  auto& metric = plan.build.plan().metrics[healthy];
  metric.provider = provider;
  metric.check = block;
  if (probe) metric.over = plan.build.duration_routine(5 * kMinute);
  rollout::plan::Guard guard;
  guard.condition = plan.build.comparison_routine(healthy, probe ? Op::Less : Op::Equal,
                                                  probe ? Value::ratio(0.9) : Value::boolean(false));
  guard.for_duration = plan.build.duration_routine(2 * kMinute);
  guard.response = plan.response(OutcomeKind::Rollback);
  guard.metrics = {healthy};
  guard.text = "not healthy";
  const auto id = plan.build.add(std::move(guard));
  plan.holding_stage("canary", {id}, kHour);
  Driver driver = plan.drive();
  driver.restore_always = true;
  driver.effects = [&](const StartEffect&) { return Answer{.status = row.status, .error = "no such command"}; };
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == row.ends);
}

TEST_CASE("what the machine measures itself nobody else answers") {
  TestPlan plan;
  const auto queue = plan.check_metric("queue", "ask");
  const auto guard = plan.guard(queue, 0, plan.response(OutcomeKind::Pause), "queue");
  plan.holding_stage("canary", {guard}, 10 * kMinute);
  Driver driver = plan.drive();
  // The check passes after ten seconds, and so the guard is to fire at once; a stranger's `no` comes before.
  driver.effects = [](const StartEffect&) { return Answer{.after = 10 * kSecond}; };
  driver.at(kSecond, answer(0, {queue, ReadingStatus::Value, Value::boolean(false), {}, {}}));
  driver.run_until(kMinute - kSecond);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
}

TEST_CASE("a check that is under way when its rollout goes back is ended, and holds the others up no longer") {
  TestPlan plan;
  const auto slow = plan.check_metric("slow", "ask");
  const auto other = plan.metric("other", ValueKind::Bool, 50 * kSecond);
  plan.build.block(plan.rollout).guards = {plan.guard(other, 0, plan.response(OutcomeKind::Rollback), "other")};
  const auto step = plan.build.begin_block(rollout::plan::BlockKind::Step, "child");
  plan.begin_child("child");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {plan.guard(slow, 0, plan.response(OutcomeKind::Rollback), "slow")};
  plan.step("deploy");
  plan.end_stage();
  plan.end_child();
  plan.build.end_block();
  plan.build.block(step).otherwise = plan.response(OutcomeKind::Continue);
  plan.build.emit(Op::Run, step);
  plan.hold(10 * kMinute);
  Driver driver = plan.drive();
  driver.metric(other, [](Nanoseconds) { return Value::boolean(false); });
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "deploy") return Answer{.status = EffectStatus::Failed, .after = 125 * kSecond};
    if (driver.now() >= 2 * kMinute) return std::nullopt;
    return Answer{.status = EffectStatus::Failed};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.cancelled.size() == 1);
  CHECK(driver.first(RecordKind::HoldEnded)->at - kStart == 10 * kMinute + 125 * kSecond);
}

TEST_CASE("a step that asks a metric uses an answer that came while the run was paused") {
  TestPlan plan;
  const auto ready = plan.metric("ready");
  plan.begin_stage("canary");
  plan.hold(kMinute);
  plan.build.emit(Op::Require, plan.is_true(ready, "ready"), kNone);
  plan.step("go on");
  plan.end_stage();
  Driver driver = plan.drive();
  driver.restore_always = GENERATE(false, true);
  driver.poll_latency = 10 * kSecond;
  driver.metric(ready, [](Nanoseconds) { return Value::boolean(true); });
  driver.say(kMinute + kSecond, {Verb::Pause, "alice", "wait", {}});
  // Once more, and other than before: what was answered is answered.
  driver.at(kMinute + 11 * kSecond, answer(kMinute, {ready, ReadingStatus::Value, Value::boolean(false), {}, {}}));
  driver.run_until(kMinute + 20 * kSecond);
  const bool crashed = GENERATE(false, true);
  if (crashed) driver.crash(kSecond);
  driver.say(2 * kMinute, {Verb::Resume, "alice", "", {}});
  driver.run_until(10 * kMinute);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.polls.size() == 1);
}

TEST_CASE("a series that was there only before the start is looked back on and no news") {
  Averaged averaged({"instance"});
  Driver driver = averaged.plan.drive();
  driver.metrics[averaged.load] = [&](Nanoseconds slot) {
    Reading reading{averaged.load, ReadingStatus::Value, {}, {}, {}};
    reading.series.push_back({"a", Value::number(1), slot});
    if (slot < kStart - 3 * kMinute) reading.series.push_back({"replaced", Value::number(1), slot});
    return reading;
  };
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  for (const Record* record : driver.all(RecordKind::SeriesChanged)) CHECK(Driver::slot(record) >= 0);
}
