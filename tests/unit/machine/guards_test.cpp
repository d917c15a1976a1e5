#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::OutcomeKind;

namespace {

// A rollout of one stage that holds for an hour under one guard on `bad`, whose slots are the ticks.
struct OneGuard {
  TestPlan plan;
  rollout::plan::MetricId bad;

  explicit OneGuard(Nanoseconds needed = 3 * kMinute, OutcomeKind outcome = OutcomeKind::Rollback) {
    bad = plan.metric("bad");
    const auto guard = plan.guard(bad, needed, plan.response(outcome), "bad for 3m");
    plan.holding_stage("canary", {guard}, kHour);
  }
};

Value tick(const std::string& ticks, Nanoseconds since) {
  const auto index = static_cast<std::size_t>(since / kMinute);
  const char letter = index < ticks.size() ? ticks[index] : '0';
  if (letter == 'X' || letter == '0') return Value::boolean(letter == 'X');
  return {};
}

}  // namespace

TEST_CASE("the golden table through a whole machine") {
  const auto [ticks, fires, blind] = GENERATE(table<std::string, int, int>({
      {"XXXX", 4, 0},
      {"XXX0XXXX", 8, 0},
      {"XX-XXXX", 6, 0},
      {"XXEXXXX", 6, 0},
      {"XEEEX", 0, 4},
      {"XX-----", 0, 5},
      {"-------", 0, 3},
  }));
  CAPTURE(ticks);
  OneGuard one;
  Driver driver = one.plan.drive();
  driver.poll_latency = GENERATE(Nanoseconds{0}, 300'000'000);
  driver.metrics[one.bad] = [world = ticks, &one](Nanoseconds slot) {
    Reading reading{one.bad, ReadingStatus::Value, tick(world, slot - kStart), {}, {}};
    if (reading.value.is_missing()) reading.status = ReadingStatus::NoData;
    const auto index = static_cast<std::size_t>((slot - kStart) / kMinute);
    if (index < world.size() && world[index] == 'E')
      reading = {one.bad, ReadingStatus::Error, {}, {}, "the server is gone"};
    return reading;
  };
  driver.run_until(20 * kMinute);
  INFO(driver.journal());
  if (fires > 0) {
    REQUIRE(driver.count(RecordKind::GuardFired) == 1);
    CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == (fires - 1) * kMinute);
    CHECK(driver.state() == RunState::RolledBack);
  } else {
    CHECK(driver.count(RecordKind::GuardFired) == 0);
  }
  if (blind > 0) {
    REQUIRE(driver.count(RecordKind::GuardBlind) >= 1);
    CHECK(Driver::slot(driver.first(RecordKind::GuardBlind)) == (blind - 1) * kMinute);
  }
}

TEST_CASE("records come on transitions only") {
  OneGuard one;
  Driver driver = one.plan.drive();
  driver.metric(one.bad, [](Nanoseconds since) { return tick("00XX00000", since); });
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.count(RecordKind::GuardPending) == 1);
  CHECK(driver.count(RecordKind::GuardReset) == 1);
  CHECK(driver.records.size() < 16);
}

TEST_CASE("an unanswered poll is unknown at its deadline") {
  OneGuard one;
  Driver driver = one.plan.drive();
  driver.sources_answer = false;
  driver.run_until(10 * kMinute);
  INFO(driver.journal());
  REQUIRE(driver.count(RecordKind::GuardUnknown) == 1);
  CHECK(driver.first(RecordKind::GuardUnknown)->at - kStart == kMinute - kMinute / 64);
  CHECK(driver.count(RecordKind::GuardBlind) == 1);
  CHECK(driver.state() == RunState::Paused);
}

TEST_CASE("the run pauses when a guard has seen nothing for five minutes") {
  OneGuard one;
  Driver driver = one.plan.drive();
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  REQUIRE(driver.count(RecordKind::Paused) == 1);
  CHECK(driver.first(RecordKind::Paused)->at - kStart == 5 * kMinute);
}

TEST_CASE("nothing is promoted while a guard is blind") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad");
  plan.build.rollout().missing_for = plan.build.duration_routine(kHour);
  plan.holding_stage("canary", {guard}, 4 * kMinute);
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) {
    return since >= 2 * kMinute && since < 8 * kMinute ? Value() : Value::boolean(false);
  });
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.first(RecordKind::HoldEnded)->at - kStart == 8 * kMinute);
  CHECK(Driver::slot(driver.first(RecordKind::HoldEnded)) == 4 * kMinute);
}

TEST_CASE("`blind RESPONSE` answers at the slot at which the guard goes blind") {
  OneGuard one;
  one.plan.build.plan().guards[0].blind = one.plan.response(OutcomeKind::Abort, "no data");
  Driver driver = one.plan.drive();
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == 2 * kMinute);
}

TEST_CASE("`blind continue` lifts the freeze") {
  OneGuard one;
  one.plan.build.plan().guards[0].blind = one.plan.response(OutcomeKind::Continue);
  Driver driver = one.plan.drive();
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("unusable samples are unknown") {
  OneGuard one;
  Driver driver = one.plan.drive();
  const int kind = GENERATE(0, 1, 2, 3);
  driver.metrics[one.bad] = [&one, kind](Nanoseconds slot) {
    Reading reading{one.bad, ReadingStatus::Value, Value::boolean(true), slot, {}};
    if (kind == 0) reading.sampled_at = slot - 3 * kMinute - 1;
    if (kind == 1) reading.sampled_at = slot + kMinute + 1;
    if (kind == 2) reading.value = Value::number(1);
    if (kind == 3) reading.status = ReadingStatus::NoPast;
    return reading;
  };
  driver.run_until(4 * kMinute);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::GuardFired) == 0);
  CHECK(driver.count(RecordKind::GuardBlind) == 1);
  CHECK(driver.count(RecordKind::ClockSkew) == (kind == 1 ? 1 : 0));
}

TEST_CASE("samples at the edge of freshness count") {
  OneGuard one;
  Driver driver = one.plan.drive();
  const Nanoseconds age = GENERATE(3 * kMinute, Nanoseconds{0}, -kMinute);
  driver.metrics[one.bad] = [&one, age](Nanoseconds slot) {
    return Reading{one.bad, ReadingStatus::Value, Value::boolean(true), slot - age, {}};
  };
  driver.run_until(10 * kMinute);
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("`absent is` replaces no data and nothing else") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  plan.build.plan().metrics[bad].absent = plan.build.constant(Value::boolean(true));
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad");
  plan.holding_stage("canary", {guard}, kMinute);
  Driver driver = plan.drive();
  const bool error = GENERATE(false, true);
  driver.metrics[bad] = [bad, error](Nanoseconds) {
    return Reading{bad, error ? ReadingStatus::Error : ReadingStatus::NoData, {}, {}, "down"};
  };
  driver.run_until(30 * kSecond);
  CHECK((driver.state() == RunState::RolledBack) == !error);
}

TEST_CASE("of several outcomes at one slot the strongest takes effect and the others are journalled") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto pause = plan.guard(bad, 0, plan.response(OutcomeKind::Pause), "first");
  const auto rollback = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback, "too slow"), "second");
  const auto again = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "third");
  const auto stage = plan.begin_stage("canary");
  plan.build.block(stage).guards = {pause, rollback, again};
  plan.step("deploy");
  plan.end_stage();
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(true); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.count(RecordKind::GuardFired) == 3);
  CHECK(driver.count(RecordKind::GuardOutranked) == 2);
  CHECK(Driver::text(driver.first(RecordKind::RollbackStarted), "reason") == "too slow (second)");
  // A block's first slot comes before its first step.
  CHECK(driver.started.empty());
}

TEST_CASE("a guard's last slot may be the instant at which its block ends") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad");
  const auto stage = plan.begin_stage("canary");
  plan.build.block(stage).guards = {guard};
  plan.hold(5 * kMinute);
  plan.end_stage();
  plan.step("after");
  Driver driver = plan.drive();
  driver.poll_latency = GENERATE(Nanoseconds{0}, 900'000'000);
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since == 5 * kMinute); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.started.empty());
}

TEST_CASE("the rollout's guards span its stages") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 6 * kMinute, plan.response(OutcomeKind::Rollback), "bad for 6m");
  plan.build.block(plan.rollout).guards = {guard};
  plan.step("before");
  plan.begin_stage("one");
  plan.hold(4 * kMinute);
  plan.end_stage();
  plan.begin_stage("two");
  plan.hold(4 * kMinute);
  plan.end_stage();
  plan.step("after");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.after = 10 * kMinute}; };
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(true); });
  driver.run_until(kHour);
  INFO(driver.journal());
  REQUIRE(driver.count(RecordKind::GuardFired) == 1);
  CHECK(Driver::slot(driver.first(RecordKind::GuardArmed)) == 10 * kMinute);
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 16 * kMinute);
  CHECK(Driver::text(driver.first(RecordKind::GuardFired), "stage") == "two");
}

TEST_CASE("a guard that only tells fires once an episode") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto channel = plan.build.add(rollout::plan::Channel{"ops", kNone, kNone, {}, {}});
  rollout::plan::Notification row;
  row.channel = channel;
  row.text = plan.build.string_routine("look");
  const auto notification = plan.build.add(row);
  const auto steps = plan.build.begin_block(rollout::plan::BlockKind::Response);
  plan.build.emit(Op::Notify, notification);
  plan.build.end_block();
  const auto response = plan.response(OutcomeKind::None);
  plan.build.plan().responses[response].steps = steps;
  const auto guard = plan.guard(bad, 0, response, "bad");
  const bool repeat = GENERATE(false, true);
  if (repeat) plan.build.plan().guards[guard].repeat_every = plan.build.duration_routine(2 * kMinute);
  plan.holding_stage("canary", {guard}, 10 * kMinute);
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return tick("XXXXX0XX0", since); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.count(RecordKind::Notified) == (repeat ? 4 : 2));
}

TEST_CASE("after a resume a fired guard starts a new episode") {
  OneGuard one(3 * kMinute, OutcomeKind::Pause);
  Driver driver = one.plan.drive();
  driver.metric(one.bad, [](Nanoseconds) { return Value::boolean(true); });
  driver.say(5 * kMinute, {Verb::Resume, "dana", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  REQUIRE(driver.count(RecordKind::GuardFired) == 2);
  CHECK(Driver::slot(driver.all(RecordKind::GuardFired)[1]) == 8 * kMinute);
}

TEST_CASE("an answer after the deadline is journalled as late and decides nothing") {
  OneGuard one(0);
  Driver driver = one.plan.drive();
  driver.metric(one.bad, [](Nanoseconds since) { return Value::boolean(since == 0); });
  driver.poll_latency = kMinute + kSecond;
  driver.run_until(4 * kMinute);
  INFO(driver.journal());
  REQUIRE(driver.count(RecordKind::SampleLate) >= 1);
  CHECK(Driver::slot(driver.first(RecordKind::SampleLate)) == 0);
  CHECK(Driver::text(driver.first(RecordKind::SampleLate), "delay") == "1m1s");
  CHECK(driver.count(RecordKind::GuardFired) == 0);
}

TEST_CASE("a source that hangs does not hold up limits, nor a run that may go on without it") {
  const bool waived = GENERATE(false, true);
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad");
  if (waived) plan.build.plan().guards[guard].blind = plan.response(OutcomeKind::Continue);
  plan.build.rollout().missing_for = plan.build.duration_routine(10 * kHour);
  const auto stage = plan.begin_stage("canary");
  plan.build.block(stage).guards = {guard};
  const auto within = plan.build.begin_block(rollout::plan::BlockKind::Within, "within");
  plan.hold(20 * kMinute);
  plan.build.end_block();
  plan.build.block(within).within = plan.build.duration_routine(30 * kMinute);
  plan.build.block(within).otherwise = plan.response(OutcomeKind::Abort);
  plan.build.emit(Op::Run, within);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.sources_answer = false;
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (waived ? RunState::Succeeded : RunState::Aborted));
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart <= (waived ? 21 : 31) * kMinute);
}

TEST_CASE("a blind guard's `continue` does not end a pause") {
  OneGuard one;
  one.plan.build.plan().guards[0].blind = one.plan.response(OutcomeKind::Continue);
  Driver driver = one.plan.drive();
  driver.say(kSecond, {Verb::Pause, "dana", "", "a look at the logs"});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::GuardBlind) == 1);
  CHECK(driver.state() == RunState::Paused);
}

TEST_CASE("while one slot waits for its answer, the others are asked for at their own time") {
  TestPlan plan;
  const auto slow = plan.metric("slow", ValueKind::Bool, 5 * kMinute);
  const auto quick = plan.metric("quick", ValueKind::Bool, kMinute);
  const auto stage = plan.begin_stage("canary");
  plan.build.block(stage).guards = {plan.guard(slow, 0, plan.response(OutcomeKind::Rollback), "slow"),
                                    plan.guard(quick, 0, plan.response(OutcomeKind::Rollback), "quick")};
  plan.hold(kHour);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.sources_answer = false;
  driver.run_until(3 * kMinute);
  std::vector<Nanoseconds> asked;
  for (const Poll& poll : driver.polls) {
    if (poll.metrics == std::vector<rollout::plan::MetricId>{quick}) asked.push_back(poll.slot - kStart);
  }
  CHECK(asked == std::vector<Nanoseconds>{0, kMinute, 2 * kMinute, 3 * kMinute});
}

TEST_CASE("what a guard has seen is said as it was, also where it is no ordinary number") {
  const auto [value, said] = GENERATE(table<double, std::string>(
      {{std::numeric_limits<double>::infinity(), "inf"}, {5e-324, "(0)"}, {1.0 / 3, "0.333333"}, {-0.0, "(0)"}}));
  TestPlan plan;
  const auto load = plan.metric("load", ValueKind::Number);
  rollout::plan::Guard row;
  row.condition = plan.build.comparison_routine(load, Op::GreaterEqual, Value::number(0));
  plan.build.begin_routine();
  plan.build.push(Op::Metric, load);
  row.observed = plan.build.end_routine(ValueKind::Number);
  row.response = plan.response(OutcomeKind::Rollback);
  row.metrics = {load};
  row.text = "load >= 0";
  const auto guard = plan.build.add(std::move(row));
  plan.holding_stage("canary", {guard}, kHour);
  Driver driver = plan.drive();
  driver.metric(load, [sample = value](Nanoseconds) { return Value::number(sample); });
  driver.run_until(kHour);
  INFO(driver.journal());
  REQUIRE(driver.state() == RunState::RolledBack);
  CHECK_THAT(Driver::text(driver.first(RecordKind::RollbackStarted), "reason"), Catch::Contains(said));
}

TEST_CASE("of a rollout and the one around it the stronger answer counts, and an abort counts for all") {
  struct Row {
    OutcomeKind outer, inner;
    RunState ends;
    std::size_t outranked;
  };
  const Row row = GENERATE(Row{OutcomeKind::Rollback, OutcomeKind::Pause, RunState::RolledBack, 1},
                           Row{OutcomeKind::Pause, OutcomeKind::Rollback, RunState::RolledBack, 0},
                           Row{OutcomeKind::Rollback, OutcomeKind::Abort, RunState::Aborted, 1},
                           Row{OutcomeKind::Abort, OutcomeKind::Rollback, RunState::Aborted, 1});
  TestPlan plan;
  const auto bad = plan.metric("bad");
  plan.build.block(plan.rollout).guards = {plan.guard(bad, 0, plan.response(row.outer), "the outer one")};
  const auto child = plan.begin_child("child");
  plan.build.block(plan.build.rollout(child).block).guards = {
      plan.guard(bad, 0, plan.response(row.inner), "the inner one")};
  plan.begin_stage("only");
  plan.hold(kHour);
  plan.end_stage();
  plan.end_child();
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since >= 5 * kMinute); });
  driver.run_until(30 * kMinute);
  INFO(driver.journal());
  CHECK(driver.state() == row.ends);
  CHECK(driver.count(RecordKind::GuardFired) == 2);
  CHECK(driver.count(RecordKind::GuardOutranked) == row.outranked);
}

TEST_CASE("a promotion lifts a freeze once, however often it is said") {
  OneGuard one;
  one.plan.build.rollout().missing_for = one.plan.build.duration_routine(10 * kHour);
  Driver driver = one.plan.drive();
  PersonSaid promote;
  promote.verb = Verb::Promote;
  promote.who = "alice";
  promote.text = "the dashboard is fine";
  driver.say(20 * kMinute, promote);
  driver.say(21 * kMinute, promote);
  driver.run_until(3 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.count(RecordKind::GuardFired) == 0);
}
