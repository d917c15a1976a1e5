#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::EffectClass;
using rollout::plan::GateKind;
using rollout::plan::OutcomeKind;

namespace {

using Texts = std::vector<std::string>;

// `within LIMIT { ... }` is open until end_within.
rollout::plan::BlockId begin_within(TestPlan& plan, Nanoseconds limit) {
  const auto otherwise = plan.response(OutcomeKind::Abort);
  const auto block = plan.build.begin_block(BlockKind::Within, "within");
  plan.build.block(block).within = plan.build.duration_routine(limit);
  plan.build.block(block).otherwise = otherwise;
  return block;
}

void end_within(TestPlan& plan) {
  plan.build.emit(Op::Run, plan.build.end_block());
}

// `pause REASON [until METRIC]`
rollout::plan::ResponseId pause(TestPlan& plan, const std::string& reason, rollout::plan::MetricId until = kNone) {
  const auto response = plan.response(OutcomeKind::Pause, reason);
  if (until == kNone) return response;
  rollout::plan::Hold hold;
  hold.least = plan.build.duration_routine(0);
  hold.until.push_back({plan.is_true(until, "good"), kNone, {until}, "good"});
  plan.build.plan().responses[response].until = plan.build.add(std::move(hold));
  return response;
}

// `ask ROLE QUESTION { "yes" -> continue } else rollback`, as a response.
rollout::plan::ResponseId question(TestPlan& plan) {
  rollout::plan::Gate row;
  row.kind = GateKind::Ask;
  row.text = plan.build.string_routine("Go on?");
  row.role = plan.role("managers", {"dana"});
  row.within = plan.build.duration_routine(kHour);
  row.answers = {{"yes", plan.response(OutcomeKind::Continue)}};
  row.otherwise = plan.response(OutcomeKind::Rollback);
  const auto steps = plan.build.begin_block(BlockKind::Response);
  plan.build.emit(Op::Gate, plan.build.add(std::move(row)));
  plan.build.end_block();
  const auto response = plan.response(OutcomeKind::None);
  plan.build.plan().responses[response].steps = steps;
  return response;
}

}  // namespace

TEST_CASE("what ends at its block's limit ends in time, and nothing begins at it") {
  const bool one_more = GENERATE(false, true);
  TestPlan plan;
  begin_within(plan, 10 * kMinute);
  plan.hold(10 * kMinute);
  if (one_more) plan.step("next");
  end_within(plan);
  Driver driver = plan.drive();
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (one_more ? RunState::Aborted : RunState::Succeeded));
  CHECK(driver.started.empty());
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == 10 * kMinute);
}

TEST_CASE("an effect or a branch that ends at the limit ends in time") {
  const Nanoseconds takes = GENERATE(10 * kMinute, 10 * kMinute + 1);
  TestPlan plan;
  begin_within(plan, 10 * kMinute);
  const auto branch = plan.build.begin_block(BlockKind::Branch);
  plan.build.block(plan.step("a")).timeout = plan.build.duration_routine(kHour);
  plan.build.end_block();
  const auto branches = plan.build.begin_block(BlockKind::Branches);
  plan.build.emit(Op::Run, branch);
  plan.build.end_block();
  plan.build.emit(Op::Parallel, branches);
  end_within(plan);
  Driver driver = plan.drive();
  driver.effects = [&](const StartEffect&) { return Answer{.after = takes}; };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (takes == 10 * kMinute ? RunState::Succeeded : RunState::Aborted));
}

TEST_CASE("a hold that is over but held back by a pause does not keep its block's limit") {
  TestPlan plan;
  begin_within(plan, 10 * kMinute);
  plan.hold(5 * kMinute);
  end_within(plan);
  Driver driver = plan.drive();
  driver.say(2 * kMinute, {Verb::Pause, "dana", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Aborted);
}

TEST_CASE("a question that was outranked in its slot is not asked") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto asks = plan.guard(bad, 0, question(plan), "asks");
  const auto pauses = plan.guard(bad, 0, plan.response(OutcomeKind::Pause), "pauses");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {asks, pauses};
  plan.hold(10 * kMinute);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since >= 3 * kMinute); });
  driver.run_until(5 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.count(RecordKind::GateOpened) == 0);
  REQUIRE(driver.count(RecordKind::GuardOutranked) == 1);
  CHECK(Driver::text(driver.first(RecordKind::GuardOutranked), "guard") == "asks");
}

TEST_CASE("of two questions in one slot the first is asked") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto one = plan.guard(bad, 0, question(plan), "one");
  const auto two = plan.guard(bad, 0, question(plan), "two");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {one, two};
  plan.hold(10 * kMinute);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(true); });
  driver.run_until(5 * kMinute);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::GateOpened) == 1);
  CHECK(driver.machine().view().gates.size() == 1);
}

TEST_CASE("a run that was paused twice goes on when both pauses are over") {
  TestPlan plan;
  const auto good = plan.metric("good");
  const auto calm = plan.metric("calm");
  const auto first = plan.metric("first");
  const auto second = plan.metric("second");
  const bool by_itself = GENERATE(false, true);
  const auto two = pause(plan, "two", by_itself ? good : kNone);
  const auto guard_one = plan.guard(first, 0, pause(plan, "one", calm), "first");
  const auto guard_two = plan.guard(second, 0, two, "second");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard_one, guard_two};
  plan.hold(10 * kMinute);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.restore_always = true;
  // The first pause ends by itself at 5 m, after the second one has begun.
  driver.metric(first, [](Nanoseconds since) { return Value::boolean(since == 2 * kMinute); });
  driver.metric(calm, [](Nanoseconds since) { return Value::boolean(since >= 5 * kMinute); });
  driver.metric(second, [](Nanoseconds since) { return Value::boolean(since == 3 * kMinute); });
  driver.metric(good, [](Nanoseconds since) { return Value::boolean(since >= 20 * kMinute); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::Paused) == 2);
  CHECK(driver.state() == (by_itself ? RunState::Succeeded : RunState::Paused));
  if (by_itself) return;
  CHECK(driver.machine().view().reason == "two (second)");
  driver.say(2 * kHour, {Verb::Resume, "dana", "", ""});
  driver.run_until(5 * kHour);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a person's rollback makes a whole one of a rollback to a stage") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto back = plan.response(OutcomeKind::RollbackTo);
  const auto guard = plan.guard(bad, 0, back, "bad");
  plan.begin_stage("one");
  plan.step("a", "undo a");
  const auto first = plan.end_stage();
  const auto two = plan.begin_stage("two");
  plan.build.block(two).guards = {guard};
  plan.step("b", "undo b");
  plan.hold(10 * kMinute);
  plan.end_stage();
  plan.hook(rollout::plan::HookKind::Fallback, "on fallback");
  plan.hook(rollout::plan::HookKind::Rollback, "on rollback");
  plan.build.plan().responses[back].stage = first;
  const bool in_hook = GENERATE(false, true);
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since >= 2 * kMinute); });
  driver.effects = [&](const StartEffect& request) {
    const bool slow = request.callable == (in_hook ? "on fallback" : "undo b");
    return Answer{.after = slow ? 30 * kSecond : 0};
  };
  driver.say(2 * kMinute + 10 * kSecond, {Verb::Rollback, "dana", "", "all of it"});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  const Texts expected = in_hook ? Texts{"a", "b", "undo b", "on fallback", "undo a", "on rollback"}
                                 : Texts{"a", "b", "undo b", "undo a", "on rollback"};
  CHECK(driver.callables() == expected);
}

TEST_CASE("an abort ends what was planned for later") {
  TestPlan plan;
  const auto block = plan.command_block(BlockKind::Hook, "later", "later");
  rollout::plan::Schedule row;
  row.anchor = rollout::plan::Anchor::Start;
  row.offset = plan.build.duration_routine(5 * kMinute);
  row.block = block;
  plan.build.rollout().schedules.push_back(row);
  plan.hold(kHour);
  Driver driver = plan.drive();
  driver.say(4 * kMinute, {Verb::Abort, "dana", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.started.empty());
  CHECK(driver.machine().finished());
}

TEST_CASE("a newer run ends the schedules of one that is over, unless they are for always") {
  const bool over = GENERATE(false, true);
  TestPlan plan;
  const auto add = [&](const std::string& command, bool always) {
    const auto block = plan.command_block(BlockKind::Hook, command, command);
    rollout::plan::Schedule row;
    row.anchor = rollout::plan::Anchor::Success;
    row.offset = plan.build.duration_routine(2 * kHour);
    row.always = always;
    row.text = command;
    row.block = block;
    plan.build.rollout().schedules.push_back(row);
  };
  add("look again", false);
  add("clean up", true);
  plan.hold(10 * kMinute);
  Driver driver = plan.drive();
  driver.at(over ? kHour : kMinute, Superseded{"demo-2"});
  driver.run_until(5 * kHour);
  INFO(driver.journal());
  // While it is live there can be no newer one: whoever says so is wrong.
  CHECK(driver.callables() == (over ? Texts{"clean up"} : Texts{"look again", "clean up"}));
  CHECK(driver.count(RecordKind::ScheduleCancelled) == (over ? 1 : 0));
  CHECK(driver.machine().finished());
}

TEST_CASE("the time of an attempt does not run while its outcome is in doubt") {
  const auto effect_class = GENERATE(EffectClass::Opaque, EffectClass::Idempotent);
  TestPlan plan;
  plan.build.block(plan.step("a", {}, effect_class)).timeout = plan.build.duration_routine(10 * kMinute);
  Driver driver = plan.drive();
  driver.effects = [&](const StartEffect&) { return Answer{.after = 9 * kMinute}; };
  driver.run_until(8 * kMinute);
  driver.crash(kHour);
  if (effect_class == EffectClass::Opaque) {
    driver.run_until(4 * kHour);
    CHECK(driver.state() == RunState::Paused);
    driver.say(5 * kHour, {Verb::Retry, "dana", "", ""});
  }
  driver.run_until(6 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.started.size() == 2);
}

TEST_CASE("a scripted world is asked again at an instant in which it may have changed") {
  const bool scripted = GENERATE(false, true);
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto watch = plan.guard(bad, kHour, plan.response(OutcomeKind::Abort), "watch");
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "guard");
  plan.build.block(plan.rollout).guards = {watch};
  plan.begin_stage("one");
  plan.hold(2 * kMinute);
  plan.end_stage();
  const auto two = plan.begin_stage("two");
  plan.build.block(two).guards = {guard};
  plan.hold(90 * kSecond);
  plan.end_stage();
  Driver driver(Driver::verified(plan.finish()), {.run_id = "r1", .parameters = {}, .scripted_world = scripted});
  // It turns bad with the entry of the second stage, for half a minute.
  driver.metric(bad, [&](Nanoseconds since) {
    return Value::boolean(driver.count(RecordKind::StageEntered) == 2 && since < 3 * kMinute);
  });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (scripted ? RunState::RolledBack : RunState::Succeeded));
}
