#include "driver.hpp"

// Children that go back where something else is asked of them, or of what is around them, at the same time.

namespace rollout::machine::test {

namespace {

using plan::BlockId;
using plan::BlockKind;
using plan::HookKind;
using plan::MetricId;
using plan::OutcomeKind;
using plan::RolloutId;
using Texts = std::vector<std::string>;

void guard(TestPlan& plan, RolloutId child, MetricId bad, plan::ResponseId response) {
  plan.build.block(plan.build.rollout(child).block).guards.push_back(plan.guard(bad, 0, response, "bad"));
}

std::function<Value(Nanoseconds)> from(Nanoseconds begin) {
  return [begin](Nanoseconds at) { return Value::boolean(at >= begin); };
}

std::function<Value(Nanoseconds)> only_at(Nanoseconds instant) {
  return [instant](Nanoseconds at) { return Value::boolean(at == instant); };
}

// The command hangs; everything else is done at once.
auto hangs(const std::string& name) {
  return [name](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == name) return std::nullopt;
    return Answer{};
  };
}

}  // namespace

TEST_CASE("a child waits for the child in it that goes back already, then undoes the rest", "[children]") {
  const bool restored = GENERATE(false, true);
  TestPlan plan;
  const auto worse = plan.metric("worse"), bad = plan.metric("bad");
  const RolloutId outer = plan.begin_child("outer");
  guard(plan, outer, worse, plan.response(OutcomeKind::Rollback));
  plan.step("o", "undo o");
  const RolloutId inner = plan.begin_child("inner");
  guard(plan, inner, bad, plan.response(OutcomeKind::Rollback));
  plan.step("i", "undo i");
  plan.hold(kHour);
  plan.end_child();
  plan.end_child();
  Driver driver = plan.drive();
  driver.restore_always = restored;
  driver.metric(worse, from(4 * kMinute));
  driver.metric(bad, from(3 * kMinute));
  driver.effects = [](const StartEffect& request) {
    return Answer{.after = request.callable == "undo i" ? 5 * kMinute : 0};
  };
  driver.run_until(6 * kMinute);
  CHECK(driver.count(RecordKind::RollbackStarted) == 2);
  CHECK(driver.callables() == Texts{"o", "i", "undo i"});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"o", "i", "undo i", "undo o"});
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.machine().finished());
}

TEST_CASE("a child goes back when its step has ended, and its parent's rollback comes after that", "[children]") {
  const bool parent_too = GENERATE(false, true);
  TestPlan plan;
  const auto bad = plan.metric("bad");
  plan.step("before", "undo before");
  const RolloutId child = plan.begin_child("child");
  guard(plan, child, bad, plan.response(OutcomeKind::Rollback));
  plan.step("slow", "undo slow");
  plan.end_child();
  plan.hook(HookKind::RollingBack, "rolling back");
  Driver driver = plan.drive();
  driver.cancels_answer = false;
  driver.metric(bad, from(3 * kMinute));
  driver.effects = hangs("slow");
  if (parent_too) driver.say(4 * kMinute, {Verb::Rollback, "lee", "", "enough"});
  driver.run_until(5 * kMinute);
  CHECK(driver.cancelled.size() == 1);
  CHECK(driver.callables() == Texts{"before", "slow"});
  driver.finish_effect(driver.cancelled.front(), EffectStatus::Cancelled);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"before", "slow", "undo slow", "rolling back", "undo before"});
  CHECK(driver.machine().view().reason == (parent_too ? "enough (asked for by lee)" : "`child` was rolled back: bad"));
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("nothing of a child is undone while its companion still runs", "[children]") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const BlockId beat = plan.command_block(BlockKind::Every, "beat", "beat");
  plan.build.block(beat).every = plan.build.duration_routine(kMinute);
  const RolloutId child = plan.begin_child("child");
  guard(plan, child, bad, plan.response(OutcomeKind::Rollback));
  plan.build.block(plan.build.rollout(child).block).companions = {beat};
  plan.step("a", "undo a");
  plan.hold(kHour);
  plan.end_child();
  Driver driver = plan.drive();
  driver.cancels_answer = false;
  driver.metric(bad, from(3 * kMinute));
  driver.effects = hangs("beat");
  driver.run_until(5 * kMinute);
  REQUIRE(driver.cancelled.size() == 1);
  CHECK(std::ranges::count(driver.callables(), "undo a") == 0);
  driver.finish_effect(driver.cancelled.front(), EffectStatus::Cancelled);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(std::ranges::count(driver.callables(), "undo a") == 1);
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("a child goes back while a companion of its parent runs on", "[children]") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const BlockId beat = plan.command_block(BlockKind::Every, "beat", "beat");
  plan.build.block(beat).every = plan.build.duration_routine(kMinute);
  plan.build.block(plan.rollout).companions = {beat};
  const BlockId forgiven = plan.build.begin_block(BlockKind::Step, "forgiven");
  const RolloutId child = plan.begin_child("child");
  guard(plan, child, bad, plan.response(OutcomeKind::Rollback));
  plan.step("a", "undo a");
  plan.hold(kHour);
  plan.end_child();
  plan.build.end_block();
  plan.build.block(forgiven).otherwise = plan.response(OutcomeKind::Continue);
  plan.build.emit(Op::Run, forgiven);
  plan.step("after");
  Driver driver = plan.drive();
  driver.metric(bad, from(3 * kMinute));
  driver.effects = hangs("beat");
  driver.run_until(4 * kMinute);
  INFO(driver.journal());
  Texts names = driver.callables();
  std::erase(names, "beat");
  CHECK(names == Texts{"a", "undo a", "after"});
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("an answer that says `rollback` too late does not take a child back twice", "[children]") {
  TestPlan plan;
  const auto odd = plan.metric("odd"), bad = plan.metric("bad");
  const auto back = plan.response(OutcomeKind::Rollback, "too late");
  const BlockId steps = plan.build.begin_block(BlockKind::Response, "answer");
  plan.build.emit(Op::Effect, plan.run("look into it"));
  plan.build.emit(Op::Outcome, back);
  plan.build.end_block();
  const auto looks = plan.response(OutcomeKind::None);
  plan.build.plan().responses[looks].steps = steps;
  const BlockId forgiven = plan.build.begin_block(BlockKind::Step, "forgiven");
  const RolloutId child = plan.begin_child("child");
  guard(plan, child, odd, looks);
  guard(plan, child, bad, plan.response(OutcomeKind::Rollback, "bad"));
  plan.step("a", "undo a");
  plan.hold(kHour);
  plan.end_child();
  plan.build.end_block();
  plan.build.block(forgiven).otherwise = plan.response(OutcomeKind::Continue);
  plan.build.emit(Op::Run, forgiven);
  Driver driver = plan.drive();
  driver.metric(odd, from(2 * kMinute));
  driver.metric(bad, from(3 * kMinute));
  driver.effects = [](const StartEffect& request) {
    if (request.callable == "look into it") return Answer{.after = 2 * kMinute};
    return Answer{.after = request.callable == "undo a" ? 5 * kMinute : 0};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::RollbackStarted) == 1);
  CHECK(driver.callables() == Texts{"a", "look into it", "undo a"});
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.machine().finished());
}

TEST_CASE("a child's `on rollback` that fails stops the rollback of its parent, and is run again", "[children]") {
  TestPlan plan;
  plan.step("before", "undo before");
  plan.begin_child("child");
  plan.step("a", "undo a");
  plan.hook(HookKind::Rollback, "child rollback");
  plan.end_child();
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) {
    const bool fails = request.callable == "boom" || request.callable == "child rollback";
    return Answer{.status = fails ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  REQUIRE(driver.state() == RunState::RollbackIncomplete);
  REQUIRE(driver.callables() == Texts{"before", "a", "boom", "undo a", "child rollback"});
  driver.effects = nullptr;
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.callables() ==
        Texts{"before", "a", "boom", "undo a", "child rollback", "child rollback", "undo before"});
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("a child that goes back to a stage is undone as a whole where the run is taken back meanwhile",
          "[children]") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto back = plan.response(OutcomeKind::RollbackTo);
  const RolloutId child = plan.begin_child("child");
  guard(plan, child, bad, back);
  plan.begin_stage("one");
  plan.step("a", "undo a");
  plan.build.plan().responses[back].stage = plan.end_stage();
  plan.begin_stage("two");
  plan.step("b", "undo b");
  plan.hold(kHour);
  plan.end_stage();
  plan.hook(HookKind::Fallback, "on fallback");
  plan.end_child();
  Driver driver = plan.drive();
  driver.metric(bad, only_at(3 * kMinute));
  driver.effects = [](const StartEffect& request) {
    return Answer{.after = request.callable == "undo b" ? 5 * kMinute : 0};
  };
  driver.say(4 * kMinute, {Verb::Rollback, "lee", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"a", "b", "undo b", "on fallback", "undo a"});
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.machine().finished());
}

TEST_CASE("a `rollback to` a stage of another rollout undoes all of its own", "[children]") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto back = plan.response(OutcomeKind::RollbackTo);
  plan.begin_stage("one");
  plan.step("a", "undo a");
  plan.build.plan().responses[back].stage = plan.end_stage();
  const BlockId forgiven = plan.build.begin_block(BlockKind::Step, "forgiven");
  const RolloutId child = plan.begin_child("child");
  guard(plan, child, bad, back);
  plan.begin_stage("two");
  plan.step("b", "undo b");
  plan.hold(kHour);
  plan.end_stage();
  plan.end_child();
  plan.build.end_block();
  plan.build.block(forgiven).otherwise = plan.response(OutcomeKind::Continue);
  plan.build.emit(Op::Run, forgiven);
  Driver driver = plan.drive();
  driver.metric(bad, from(3 * kMinute));
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(Driver::text(driver.first(RecordKind::RollbackStarted), "to").empty());
  CHECK(driver.callables() == Texts{"a", "b", "undo b"});
  CHECK(driver.state() == RunState::Succeeded);
}

}  // namespace rollout::machine::test
