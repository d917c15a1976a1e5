#include "driver.hpp"

// The way back where something on it fails, is asked for twice, or has to wait.

namespace rollout::machine::test {

namespace {

using plan::BlockId;
using plan::BlockKind;
using plan::EffectClass;
using plan::HookKind;
using plan::OutcomeKind;
using Texts = std::vector<std::string>;

// The world fails what is named here.
struct Failing {
  Texts names;
  std::optional<Answer> operator()(const StartEffect& request) const {
    const bool fails = std::ranges::find(names, request.callable) != names.end();
    return Answer{.status = fails ? EffectStatus::Failed : EffectStatus::Succeeded, .error = "exit 1"};
  }
};

// An undo `first`, `undo rest`, `last`.
BlockId undo_with_rest(TestPlan& plan) {
  const BlockId undo = plan.build.begin_block(BlockKind::Undo, "undo stage");
  plan.build.emit(Op::Effect, plan.run("first"));
  plan.build.emit(Op::UndoRest);
  plan.build.emit(Op::Effect, plan.run("last"));
  plan.build.end_block();
  return undo;
}

}  // namespace

TEST_CASE("a person's word crosses what cannot be undone in an `undo rest` too") {
  const bool restored = GENERATE(false, true);
  TestPlan plan;
  const BlockId undo = undo_with_rest(plan);
  const BlockId stage = plan.begin_stage("one");
  plan.traffic(0.1);
  plan.step("a", "undo a");
  plan.step("delete", "", EffectClass::Irreversible);
  plan.traffic(0.2);
  plan.step("b", "undo b");
  plan.end_stage();
  plan.build.block(stage).undo = undo;
  plan.step("boom");
  Driver driver = plan.drive();
  driver.restore_always = restored;
  driver.effects = Failing{{"boom"}};
  driver.run_until(kMinute);
  REQUIRE(driver.state() == RunState::RollbackIncomplete);
  REQUIRE(driver.callables() == Texts{"a", "delete", "b", "boom", "first", "undo b"});
  CHECK(driver.machine().view().traffic == Value::ratio(0.1));
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "delete", "b", "boom", "first", "undo b", "first", "undo a", "last"});
  CHECK(driver.machine().view().traffic == Value::ratio(0));
}

TEST_CASE("a barrier that the rollback had not reached is not crossed by the word that takes it up again") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("delete", "", EffectClass::Irreversible);
  plan.step("b", "undo b");
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = Failing{{"boom", "undo b"}};
  driver.run_until(kMinute);
  REQUIRE(driver.machine().view().reason == "undoing `b` failed: `undo b` failed: exit 1");
  driver.effects = nullptr;
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RollbackIncomplete);
  CHECK(driver.callables() == Texts{"a", "delete", "b", "boom", "undo b", "undo b"});
  driver.say(3 * kHour, {Verb::Retry, "lee", "", ""});
  driver.run_until(4 * kHour);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables().back() == "undo a");
}

TEST_CASE("a question in a branch of a guard's answer is withdrawn by a rollback, and the answer ends") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const BlockId steps = plan.build.begin_block(BlockKind::Response, "answer");
  const BlockId branches = plan.build.begin_block(BlockKind::Branches, "parallel");
  const BlockId branch = plan.build.begin_block(BlockKind::Branch, "question");
  plan::Gate gate;
  gate.kind = plan::GateKind::Approve;
  gate.text = plan.build.string_routine("go?");
  gate.role = plan.role("managers", {"dana"});
  plan.build.emit(Op::Gate, plan.build.add(gate));
  plan.build.end_block();
  plan.build.emit(Op::Run, branch);
  plan.build.end_block();
  plan.build.emit(Op::Parallel, branches);
  plan.build.emit(Op::Effect, plan.run("tell"));
  plan.build.end_block();
  const auto response = plan.response(OutcomeKind::None);
  plan.build.plan().responses[response].steps = steps;
  plan.build.block(plan.rollout).guards = {plan.guard(bad, 0, response, "bad")};
  plan.step("a", "undo a");
  plan.hold(kHour);
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since == 3 * kMinute); });
  driver.say(5 * kMinute, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(Driver::text(driver.first(RecordKind::GateClosed), "how") == "withdrawn");
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.machine().finished());
}

TEST_CASE("an abort ends a schedule that runs, and the run is over") {
  TestPlan plan;
  const BlockId block = plan.build.begin_block(BlockKind::Hook, "report");
  plan.build.emit(Op::Effect, plan.run("report"));
  plan.build.end_block();
  plan::Schedule schedule;
  schedule.anchor = plan::Anchor::Start;
  schedule.offset = plan.build.duration_routine(kMinute);
  schedule.block = block;
  schedule.text = "at start + 1m";
  plan.build.rollout().schedules = {schedule};
  plan.hold(kHour);
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) -> std::optional<Answer> { return std::nullopt; };
  driver.say(2 * kMinute, {Verb::Abort, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.cancelled.size() == 1);
  CHECK(driver.machine().finished());
}

}  // namespace rollout::machine::test
