#include "driver.hpp"

// What the simulator found: each was a seed once.

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::EffectClass;
using rollout::plan::GateKind;
using rollout::plan::OutcomeKind;

namespace {

using Texts = std::vector<std::string>;

// `ask ops "what now?" within 5m { "on" -> continue, "back" -> rollback } else pause`, as a guard's answer.
rollout::plan::ResponseId question(TestPlan& plan) {
  rollout::plan::Gate row;
  row.kind = GateKind::Ask;
  row.role = plan.role("on_call", {"dana"});
  row.text = plan.build.string_routine("what now?");
  row.within = plan.build.duration_routine(5 * kMinute);
  row.answers = {{"on", plan.response(OutcomeKind::Continue)}, {"back", plan.response(OutcomeKind::Rollback)}};
  row.otherwise = plan.response(OutcomeKind::Pause, "nobody decided");
  rollout::plan::Response response;
  response.steps = plan.build.begin_block(BlockKind::Response, "ask");
  plan.build.emit(Op::Gate, plan.build.add(std::move(row)));
  plan.build.end_block();
  return plan.build.add(response);
}

}  // namespace

TEST_CASE("what could not be started again after a crash is undone: it may have been done before") {
  TestPlan plan;
  plan.step("a", "undo a", EffectClass::Idempotent);
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable != "a") return Answer{};
    return request.again ? std::optional(Answer{.status = EffectStatus::NotStarted}) : std::nullopt;
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "a", "undo a"});
}

TEST_CASE("an answer `continue` ends no pause for an effect in doubt") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  plan.build.block(plan.rollout).guards = {plan.guard(bad, 0, question(plan), "bad")};
  plan.step("a", "undo a");
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds at) { return Value::boolean(at >= 10 * kMinute && at < 11 * kMinute); });
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    return request.again ? std::optional(Answer{}) : std::nullopt;
  };
  driver.run_until(kSecond);
  driver.crash(kSecond);
  REQUIRE(driver.state() == RunState::Paused);
  driver.say(12 * kMinute, {Verb::Answer, "dana", "what now?", "on"});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.machine().view().reason == "unknown outcome of `a`");
  CHECK(driver.count(RecordKind::Resumed) == 0);
  driver.say(kHour + kMinute, {Verb::Retry, "dana", "", ""});
  driver.run_until(2 * kHour);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a doubt behind another pause outlasts it") {
  TestPlan plan;
  plan.step("a", "undo a");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    return request.again ? std::optional(Answer{}) : std::nullopt;
  };
  driver.say(kSecond, {Verb::Pause, "dana", "", "lunch"});
  driver.run_until(2 * kSecond);
  driver.crash(kSecond);
  REQUIRE(driver.state() == RunState::Paused);
  driver.say(kMinute, {Verb::Resume, "dana", "", ""});
  driver.run_until(2 * kMinute);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  driver.say(3 * kMinute, {Verb::Retry, "dana", "", ""});
  driver.say(4 * kMinute, {Verb::Resume, "dana", "", ""});
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("an undo in doubt is settled in the journal, and run again by whoever takes the rollback up") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("b");
  Driver driver = plan.drive();
  int undone = 0;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "b") return Answer{.status = EffectStatus::Failed};
    if (request.callable == "undo a" && ++undone == 1) return std::nullopt;
    return Answer{};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  INFO(driver.journal());
  REQUIRE(driver.state() == RunState::RollbackIncomplete);
  CHECK(driver.count(RecordKind::InDoubt) == 1);
  CHECK(driver.count(RecordKind::Settled) == 1);
  driver.say(kHour, {Verb::Rollback, "dana", "", ""});
  driver.run_until(2 * kHour);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "b", "undo a", "undo a"});
}

TEST_CASE("an abort ends a child that was on its way back, also where the rollout around it had been stopped") {
  TestPlan plan;
  plan.parallel({"one"}, [&](const std::string&) {
    plan.begin_child("child");
    plan.step("a", "undo a");
    plan.step("b");
    plan.end_child();
  });
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    const bool fails = request.callable == "b" || request.callable == "undo a";
    return Answer{.status = fails ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  INFO(driver.journal());
  REQUIRE(driver.state() == RunState::RollbackIncomplete);
  driver.say(2 * kMinute, {Verb::Abort, "dana", "", ""});
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.machine().finished());
}

TEST_CASE("a step that was done in time stays done, however long the run is paused then") {
  TestPlan plan;
  const auto step = plan.step("a", "undo a");
  plan.build.block(step).timeout = plan.build.duration_routine(kMinute);
  plan.build.block(step).retries = 2;
  plan.build.block(step).retry_every = plan.build.duration_routine(kSecond);
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.after = 30 * kSecond}; };
  driver.say(kSecond, {Verb::Pause, "dana", "", "lunch"});
  driver.say(kHour, {Verb::Resume, "dana", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables() == Texts{"a"});
}

TEST_CASE("a rollback ends the answer of a guard that had paused the run") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  plan.build.block(plan.rollout).guards = {plan.guard(bad, 0, question(plan), "bad")};
  plan.step("a", "undo a");
  plan.hold(kHour);
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds at) { return Value::boolean(at >= 10 * kMinute && at < 11 * kMinute); });
  driver.run_until(20 * kMinute);
  REQUIRE(driver.state() == RunState::Paused);
  driver.say(30 * kMinute, {Verb::Rollback, "dana", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.machine().finished());
}
