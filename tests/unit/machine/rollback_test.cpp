#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::EffectClass;
using rollout::plan::HookKind;
using rollout::plan::OutcomeKind;

namespace {

using Texts = std::vector<std::string>;

std::optional<Answer> fail_named(const StartEffect& request, const std::string& name) {
  return Answer{.status = request.callable == name ? EffectStatus::Failed : EffectStatus::Succeeded, .error = "exit 1"};
}

// An action whose body binds `previous` before the change, and whose undo puts it back.
void set_image(TestPlan& plan, const std::string& name, const std::string& before) {
  const auto previous = plan.build.variable("previous_" + name, ValueKind::String);
  const auto undo = plan.build.begin_block(BlockKind::Undo, "undo " + name);
  rollout::plan::Effect back;
  back.kind = rollout::plan::EffectKind::Shell;
  back.text = "back";
  back.arguments.push_back({"script", plan.build.load_routine(previous)});
  plan.build.emit(Op::Effect, plan.build.add(std::move(back)));
  plan.build.end_block();
  const auto action = plan.build.begin_block(BlockKind::Action, name);
  plan.build.emit(Op::Let, previous, plan.build.string_routine(before));
  plan.build.emit(Op::Effect, plan.run("set " + name));
  plan.build.end_block();
  plan.build.block(action).undo = undo;
  plan.build.block(action).captures = {previous};
  plan.build.emit(Op::Run, action);
}

}  // namespace

TEST_CASE("everything done is undone in reverse, with the values that it captured") {
  TestPlan plan;
  plan.begin_stage("one");
  set_image(plan, "x", "x:1");
  plan.step("plain");
  set_image(plan, "y", "y:1");
  plan.end_stage();
  plan.step("boom");
  plan.hook(HookKind::RollingBack, "on rolling back");
  plan.hook(HookKind::Rollback, "on rollback");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) { return fail_named(request, "boom"); };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"set x", "plain", "set y", "boom", "on rolling back", "y:1", "x:1", "on rollback"});
  CHECK(driver.machine().finished());
}

TEST_CASE("no two undos share a key, whatever they are called") {
  TestPlan plan;
  plan.step("a", "undo step");
  plan.step("b", "undo step");
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) {
    return Answer{.status = request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  REQUIRE(driver.callables() == Texts{"a", "b", "boom", "undo step", "undo step"});
  CHECK(driver.started[3].key != driver.started[4].key);
}

TEST_CASE("a step whose effect was started is undone whatever its outcome") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("b", "undo b");
  const auto status = GENERATE(EffectStatus::Failed, EffectStatus::TimedOut, EffectStatus::NotStarted);
  Driver driver = plan.drive();
  driver.effects = [status](const StartEffect& request) {
    return Answer{.status = request.callable == "b" ? status : EffectStatus::Succeeded};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  const bool began = status != EffectStatus::NotStarted;
  CHECK(driver.callables() == (began ? Texts{"a", "b", "undo b", "undo a"} : Texts{"a", "b", "undo a"}));
}

TEST_CASE("a rollback cancels what runs and waits for its end") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("slow", "undo slow");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "slow") return std::nullopt;
    return Answer{};
  };
  driver.say(kMinute, {Verb::Rollback, "lee", "", "wrong version"});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.cancelled.size() == 1);
  CHECK(driver.callables() == Texts{"a", "slow", "undo slow", "undo a"});
  CHECK(driver.machine().view().reason == "wrong version (asked for by lee)");
}

TEST_CASE("several changes of traffic are undone by one call, to the share before the first") {
  TestPlan plan;
  plan.traffic_via();
  plan.begin_stage("one");
  plan.traffic(0.05);
  plan.end_stage();
  plan.begin_stage("two");
  plan.step("a", "undo a");
  plan.traffic(0.25);
  plan.end_stage();
  plan.begin_stage("three");
  plan.traffic(0.5);
  plan.step("boom");
  plan.end_stage();
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) { return fail_named(request, "boom"); };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  REQUIRE(driver.callables() == Texts{"GET weight", "a", "GET weight", "GET weight", "boom", "GET weight", "undo a"});
  CHECK(driver.started[5].arguments[1].second == Value::ratio(0));
  CHECK(driver.machine().view().traffic == Value::ratio(0));
  CHECK(driver.count(RecordKind::TrafficChanged) == 4);
}

TEST_CASE("an irreversible step that was done is not crossed silently") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("delete", "", EffectClass::Irreversible);
  plan.step("b", "undo b");
  plan.step("boom");
  plan.hook(HookKind::RollbackIncomplete, "page");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) { return fail_named(request, "boom"); };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RollbackIncomplete);
  CHECK(driver.callables() == Texts{"a", "delete", "b", "boom", "undo b", "page"});
  CHECK_FALSE(driver.machine().finished());
  CHECK_FALSE(driver.machine().next_wakeup());
  driver.say(2 * kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(3 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables().back() == "undo a");
}

TEST_CASE("an irreversible step of which nothing began is no obstacle") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("delete", "", EffectClass::Irreversible);
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) {
    return Answer{.status = request.callable == "delete" ? EffectStatus::NotStarted : EffectStatus::Succeeded};
  };
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("the first undo that fails stops the rollback, unless it says so") {
  TestPlan plan;
  plan.step("a", "undo a");
  const auto block = plan.step("b", "undo b");
  plan.step("boom");
  const bool goes_on = GENERATE(false, true);
  plan.build.block(block).undo_continues = goes_on;
  Driver driver = plan.drive();
  bool mended = false;
  driver.effects = [&](const StartEffect& request) {
    const bool bad = request.callable == "boom" || (request.callable == "undo b" && !mended);
    return Answer{.status = bad ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  if (goes_on) {
    CHECK(driver.state() == RunState::RolledBack);
    CHECK(driver.callables() == Texts{"a", "b", "boom", "undo b", "undo a"});
    return;
  }
  REQUIRE(driver.state() == RunState::RollbackIncomplete);
  mended = true;
  driver.say(2 * kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(3 * kHour);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "b", "boom", "undo b", "undo b", "undo a"});
}

TEST_CASE("a failing `on rollback` makes the rollback incomplete") {
  TestPlan plan;
  plan.step("boom");
  plan.hook(HookKind::Rollback, "verify");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.status = EffectStatus::Failed}; };
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::RollbackIncomplete);
  driver.effects = nullptr;
  driver.say(2 * kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(3 * kHour);
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("a block's own undo replaces what would be undone inside, and `undo rest` runs that") {
  const bool rest = GENERATE(false, true);
  TestPlan plan;
  const auto undo = plan.build.begin_block(BlockKind::Undo, "undo stage");
  plan.build.emit(Op::Effect, plan.run("first"));
  if (rest) plan.build.emit(Op::UndoRest);
  plan.build.emit(Op::Effect, plan.run("last"));
  plan.build.end_block();
  const auto stage = plan.begin_stage("one");
  plan.step("a", "undo a");
  plan.step("b", "undo b");
  plan.end_stage();
  plan.build.block(stage).undo = undo;
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) { return fail_named(request, "boom"); };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == (rest ? Texts{"a", "b", "boom", "first", "undo b", "undo a", "last"}
                                    : Texts{"a", "b", "boom", "first", "last"}));
}

TEST_CASE("the rollback's budget is watched and never stops it") {
  TestPlan plan;
  plan.build.rollout().rollback_within = plan.build.duration_routine(kMinute);
  plan.step("a", "undo a");
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) {
    return Answer{.status = request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded,
                  .after = request.callable == "undo a" ? 2 * kMinute : 0};
  };
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.count(RecordKind::RollbackBreached) == 1);
}

TEST_CASE("`rollback to STAGE` stands at that stage's end, with its guards armed") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto never = plan.metric("never");
  const auto back = plan.response(OutcomeKind::RollbackTo);
  const auto watch = plan.guard(never, 0, plan.response(OutcomeKind::Rollback), "never");
  const auto guard = plan.guard(bad, 0, back, "bad");
  const bool retry = GENERATE(false, true);
  plan.traffic_via();
  const auto one = plan.begin_stage("one");
  plan.build.block(one).guards = {watch};
  plan.traffic(0.05);
  const auto first = plan.end_stage();
  const auto two = plan.begin_stage("two");
  plan.build.block(two).guards = {guard};
  plan.step("a", "undo a");
  plan.traffic(0.25);
  plan.hold(10 * kMinute);
  plan.end_stage();
  plan.hook(HookKind::Fallback, "on fallback");
  plan.hook(HookKind::Rollback, "on rollback");
  plan.build.plan().responses[back].stage = first;
  plan.build.plan().responses[back].retry = retry;
  plan.build.plan().responses[back].after = plan.build.duration_routine(30 * kMinute);
  Driver driver = plan.drive();
  driver.metric(never, [](Nanoseconds) { return Value::boolean(false); });
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since == 3 * kMinute); });
  driver.run_until(20 * kMinute);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"GET weight", "a", "GET weight", "GET weight", "undo a", "on fallback"});
  CHECK(driver.machine().view().traffic == Value::ratio(0.05));
  CHECK(driver.machine().view().stage == "one");
  REQUIRE(driver.machine().view().guards.size() == 1);
  CHECK(driver.machine().view().guards[0].text == "never");
  CHECK(driver.state() == (retry ? RunState::Running : RunState::Paused));
  if (!retry) driver.say(30 * kMinute, {Verb::Resume, "dana", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.started.size() == 8);
  // The same statements again, under new keys.
  CHECK(driver.started[1].key != driver.started[6].key);
}

TEST_CASE("after the last try of `rollback to ... and retry` the run pauses") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto back = plan.response(OutcomeKind::RollbackTo);
  const auto guard = plan.guard(bad, 0, back, "bad");
  plan.begin_stage("one");
  plan.step("a");
  const auto first = plan.end_stage();
  const auto two = plan.begin_stage("two");
  plan.build.block(two).guards = {guard};
  plan.step("b");
  plan.end_stage();
  plan.build.plan().responses[back].stage = first;
  plan.build.plan().responses[back].retry = true;
  plan.build.plan().responses[back].at_most = plan.build.constant_routine(Value::number(2));
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(true); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.count(RecordKind::GuardFired) == 3);
}

TEST_CASE("abort changes nothing more") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("slow");
  plan.hook(HookKind::Rollback, "on rollback");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "slow") return std::nullopt;
    return Answer{};
  };
  driver.say(kMinute, {Verb::Abort, "lee", "", ""});
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.callables() == Texts{"a", "slow"});
  CHECK(driver.cancelled.size() == 1);
  CHECK(driver.machine().finished());
}

TEST_CASE("past its time every automatic rollback becomes a pause, a person's does not") {
  TestPlan plan;
  plan.begin_stage("one");
  plan.step("a", "undo a");
  const auto stage = plan.end_stage();
  plan.hold(2 * kHour);
  plan.step("boom");
  plan.build.rollout().rollback_expires = plan.build.duration_routine(kHour);
  plan.build.rollout().expires_after_stage = stage;
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) { return fail_named(request, "boom"); };
  driver.run_until(3 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  driver.say(4 * kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(5 * kHour);
  CHECK(driver.state() == RunState::RolledBack);
}
