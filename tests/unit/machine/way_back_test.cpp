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

}  // namespace

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
