#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::EffectClass;
using rollout::plan::OutcomeKind;

namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("steps run one after the other and the run succeeds") {
  TestPlan plan;
  plan.begin_stage("one");
  plan.step("a");
  plan.step("b");
  plan.end_stage();
  plan.step("c");
  plan.hook(rollout::plan::HookKind::Start, "on start");
  plan.hook(rollout::plan::HookKind::StageEntered, "on stage");
  plan.hook(rollout::plan::HookKind::StageDone, "on stage done");
  plan.hook(rollout::plan::HookKind::Success, "on success");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.after = kSecond}; };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"on start", "on stage", "a", "b", "on stage done", "c", "on success"});
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.machine().finished());
  CHECK_FALSE(driver.machine().next_wakeup());
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == 7 * kSecond);
  CHECK(driver.count(RecordKind::Intent) == 7);
  CHECK(driver.count(RecordKind::Outcome) == 7);
}

TEST_CASE("an effect's key names the run, the way to it and the attempt") {
  TestPlan plan;
  plan.begin_stage("one");
  const auto block = plan.step("a");
  plan.build.block(block).retries = 2;
  plan.build.block(block).retry_every = plan.build.duration_routine(10 * kSecond);
  plan.step("b");
  plan.end_stage();
  Driver driver = plan.drive();
  int calls = 0;
  driver.effects = [&](const StartEffect&) {
    return Answer{.status = ++calls < 3 ? EffectStatus::Failed : EffectStatus::Succeeded, .error = "exit 1"};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  REQUIRE(driver.started.size() == 4);
  const auto before_attempt = [](const std::string& key) { return key.substr(0, key.rfind('/')); };
  CHECK(driver.started[0].key.starts_with("r1/demo/one.0/a.0/"));
  CHECK(driver.started[0].key.ends_with("/1"));
  CHECK(driver.started[1].key == before_attempt(driver.started[0].key) + "/2");
  CHECK(driver.started[3].key.starts_with("r1/demo/one.0/b.1/"));
  CHECK(driver.now() == kHour);
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == 20 * kSecond);
}

TEST_CASE("a retry waits at least a millisecond") {
  TestPlan plan;
  const auto block = plan.step("a");
  plan.build.block(block).retries = 5;
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.status = EffectStatus::Failed}; };
  driver.run_until(kHour);
  CHECK(driver.started.size() == 6);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == 5'000'000);
}

TEST_CASE("`within` bounds the whole, retries included") {
  TestPlan plan;
  const auto block = plan.step("a");
  plan.build.block(block).retries = 100;
  plan.build.block(block).retry_every = plan.build.duration_routine(kMinute);
  plan.build.block(block).within = plan.build.duration_routine(3 * kMinute + kSecond);
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.status = EffectStatus::Failed}; };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.started.size() == 4);
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == 3 * kMinute);
}

TEST_CASE("a try that would begin at the limit of `within` is not waited for: the last one's reason is the step's") {
  TestPlan plan;
  const auto block = plan.step("a");
  plan.build.block(block).retries = 100;
  plan.build.block(block).retry_every = plan.build.duration_routine(kMinute);
  plan.build.block(block).within = plan.build.duration_routine(3 * kMinute);
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.status = EffectStatus::Failed, .error = "no route"}; };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.started.size() == 3);
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == 2 * kMinute);
  CHECK(driver.machine().view().reason.find("no route") != std::string::npos);
}

TEST_CASE("`timeout` bounds each attempt: the effect is cancelled, then the block is tried again") {
  TestPlan plan;
  const auto block = plan.step("a");
  plan.build.block(block).retries = 1;
  plan.build.block(block).timeout = plan.build.duration_routine(kMinute);
  Driver driver = plan.drive();
  int calls = 0;
  driver.effects = [&](const StartEffect&) -> std::optional<Answer> {
    if (++calls == 1) return std::nullopt;
    return Answer{};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.cancelled.size() == 1);
  CHECK(driver.started.size() == 2);
  CHECK(driver.started[0].timeout == kMinute);
}

TEST_CASE("the `else` of a step") {
  const auto outcome = GENERATE(OutcomeKind::Continue, OutcomeKind::Pause, OutcomeKind::Rollback, OutcomeKind::Abort);
  TestPlan plan;
  plan.begin_stage("one");
  const auto block = plan.step("a");
  plan.build.block(block).otherwise = plan.response(outcome, "why not");
  plan.step("b");
  plan.end_stage();
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) {
    return Answer{.status = request.callable == "a" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  if (outcome == OutcomeKind::Continue) CHECK(driver.state() == RunState::Succeeded);
  if (outcome == OutcomeKind::Rollback) CHECK(driver.state() == RunState::RolledBack);
  if (outcome == OutcomeKind::Abort) CHECK(driver.state() == RunState::Aborted);
  if (outcome != OutcomeKind::Pause) return;
  REQUIRE(driver.state() == RunState::Paused);
  const bool retry = GENERATE(false, true);
  driver.say(kHour + kMinute, {retry ? Verb::Retry : Verb::Resume, "dana", "", ""});
  driver.effects = nullptr;
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables() == (retry ? Texts{"a", "a", "b"} : Texts{"a", "b"}));
}

TEST_CASE("an `else` of steps alone handles the failure") {
  TestPlan plan;
  const auto steps = plan.build.begin_block(BlockKind::Response);
  plan.build.emit(Op::Effect, plan.run("clean up"));
  plan.build.end_block();
  const auto response = plan.response(OutcomeKind::None);
  plan.build.plan().responses[response].steps = steps;
  const auto block = plan.step("a");
  plan.build.block(block).otherwise = response;
  plan.step("b");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) {
    return Answer{.status = request.callable == "a" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"a", "clean up", "b"});
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("an effect with an unknown argument is not started") {
  TestPlan plan;
  const auto variable = plan.build.variable("previous");
  rollout::plan::Effect row;
  row.kind = rollout::plan::EffectKind::Shell;
  row.text = "shell";
  row.arguments.push_back({"script", plan.build.load_routine(variable)});
  plan.build.emit(Op::Effect, plan.build.add(std::move(row)));
  Driver driver = plan.drive();
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.started.empty());
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("`let`, `if` and `require`") {
  TestPlan plan;
  const auto variable = plan.build.variable("x", ValueKind::Bool);
  const int truth = GENERATE(0, 1, 2);
  const auto value = truth == 2 ? plan.build.load_routine(plan.build.variable("never", ValueKind::Bool))
                                : plan.build.constant_routine(Value::boolean(truth == 1));
  plan.build.emit(Op::Let, variable, value);
  const auto label = plan.build.new_label();
  plan.build.jump_unless(label, plan.build.load_routine(variable));
  plan.step("then");
  plan.build.bind(label);
  plan.step("after");
  Driver driver = plan.drive();
  driver.run_until(kHour);
  INFO(driver.journal());
  if (truth == 0) CHECK(driver.callables() == Texts{"after"});
  if (truth == 1) CHECK(driver.callables() == Texts{"then", "after"});
  if (truth == 2) {
    CHECK(driver.callables().empty());
    CHECK(driver.state() == RunState::RolledBack);
  }
}

TEST_CASE("verify asks for samples of its own instant") {
  TestPlan plan;
  const auto good = plan.metric("good");
  const auto check = plan.build.begin_block(BlockKind::Verify, "all good");
  plan.build.emit(Op::Require, plan.is_true(good, "good"), kNone);
  plan.build.end_block();
  plan.build.block(check).retries = 1;
  plan.build.block(check).retry_every = plan.build.duration_routine(kMinute);
  plan.build.emit(Op::Run, check);
  Driver driver = plan.drive();
  driver.poll_latency = 200'000'000;
  const int world = GENERATE(0, 1, 2);
  driver.metric(good, [world](Nanoseconds since) {
    if (world == 2) return Value();
    return Value::boolean(world == 1 || since > kMinute);
  });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (world == 2 ? RunState::RolledBack : RunState::Succeeded));
  CHECK(driver.polls.size() == (world == 1 ? 1 : 2));
  if (world == 2)
    CHECK(Driver::text(driver.first(RecordKind::CheckFailed), "error").find("unknown") != std::string::npos);
}

TEST_CASE("branches run side by side, in waves, and the first failure cancels the rest") {
  TestPlan plan;
  const auto branches =
      plan.parallel({"a", "b", "c"}, [&](const std::string& name) { plan.step(name, "undo " + name); });
  plan.step("after");
  const bool waves = GENERATE(false, true);
  const bool fails = GENERATE(false, true);
  plan.build.block(branches).at_most = waves ? 2 : 0;
  Driver driver = plan.drive();
  driver.effects = [&](const StartEffect& request) {
    const bool bad = fails && request.callable == "b";
    return Answer{.status = bad ? EffectStatus::Failed : EffectStatus::Succeeded,
                  .after = request.callable == "b" ? kSecond : 5 * kSecond};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  if (!fails) {
    CHECK(driver.state() == RunState::Succeeded);
    CHECK(driver.first(RecordKind::RunEnded)->at - kStart == (waves ? 11 : 10) * kSecond);
    return;
  }
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.cancelled.size() == (waves ? 1 : 2));
  const Texts names = driver.callables();
  CHECK(std::ranges::count(names, "undo a") == 1);
  CHECK(std::ranges::count(names, "undo b") == 1);
  CHECK(std::ranges::count(names, "undo c") == (waves ? 0 : 1));
  CHECK(std::ranges::count(names, "after") == 0);
}

TEST_CASE("a window holds back the entry of a stage, not what comes before") {
  TestPlan plan;
  // The start is 08:00 UTC on a Friday.
  plan.build.rollout().windows.push_back({2 * kHour, 4 * kHour, "UTC", {}});
  plan.step("before");
  plan.begin_stage("one");
  plan.step("a");
  plan.end_stage();
  Driver driver = plan.drive();
  driver.run_until(17 * kHour);
  CHECK(driver.state() == RunState::Waiting);
  CHECK(driver.callables() == Texts{"before"});
  driver.run_until(24 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.first(RecordKind::StageEntered)->at - kStart == 18 * kHour);
}

TEST_CASE("schedules run after the success, before the end") {
  TestPlan plan;
  const auto block = plan.command_block(BlockKind::Hook, "later", "look again");
  rollout::plan::Schedule row;
  row.anchor = rollout::plan::Anchor::Success;
  row.offset = plan.build.duration_routine(24 * kHour);
  row.block = block;
  plan.build.rollout().schedules.push_back(row);
  row.anchor = rollout::plan::Anchor::Rollback;
  plan.build.rollout().schedules.push_back(row);
  plan.step("a");
  Driver driver = plan.drive();
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::FollowingUp);
  CHECK_FALSE(driver.machine().finished());
  driver.run_until(48 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables() == Texts{"a", "look again"});
  CHECK(driver.machine().finished());
}

TEST_CASE("companions run each period while their block runs") {
  TestPlan plan;
  const auto companion = plan.command_block(BlockKind::Every, "beat", "beat", EffectClass::ReadOnly);
  plan.build.block(companion).every = plan.build.duration_routine(kMinute);
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).companions = {companion};
  plan.hold(5 * kMinute + kSecond);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts(5, "beat"));
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a notification is tried three times and never fails the run") {
  TestPlan plan;
  const auto channel = plan.command_block(BlockKind::Channel, "ops", "send");
  const auto id = plan.build.add(rollout::plan::Channel{"ops", channel, kNone, {}, {}});
  rollout::plan::Notification row;
  row.channel = id;
  row.text = plan.build.string_routine("hello");
  plan.build.emit(Op::Notify, plan.build.add(row));
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.status = EffectStatus::Failed, .error = "refused"}; };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.started.size() == 3);
  CHECK(driver.count(RecordKind::NotifyFailed) == 1);
  CHECK(driver.count(RecordKind::Notified) == 0);
  CHECK(driver.machine().finished());
}

TEST_CASE("a scripted world is asked for actions as a whole") {
  TestPlan plan;
  const auto action = plan.command_block(BlockKind::Action, "kubernetes.set_image", "kubectl");
  plan.build.block(action).arguments.push_back({"image", plan.build.string_routine("v2")});
  plan.build.emit(Op::Run, action);
  Driver driver(Driver::verified(plan.finish()), {.run_id = "r1", .parameters = {}, .scripted_world = true});
  const bool descend = GENERATE(false, true);
  driver.effects = [&](const StartEffect& request) {
    return Answer{.status =
                      descend && request.kind == RequestKind::Call ? EffectStatus::Descend : EffectStatus::Succeeded};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == (descend ? Texts{"kubernetes.set_image", "kubectl"} : Texts{"kubernetes.set_image"}));
  CHECK(driver.started[0].arguments.size() == 1);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a probe metric is the share of passes of a check that the machine runs itself") {
  TestPlan plan;
  const auto check = plan.command_block(BlockKind::Check, "health_ok", "curl");
  const auto health = plan.metric("health", ValueKind::Ratio);
  plan.build.plan().metrics[health].provider = rollout::plan::MetricProvider::Probe;
  plan.build.plan().metrics[health].check = check;
  plan.build.plan().metrics[health].over = plan.build.duration_routine(4 * kMinute);
  rollout::plan::Guard row;
  row.condition = plan.build.comparison_routine(health, Op::Less, Value::ratio(0.5));
  row.response = plan.response(OutcomeKind::Rollback);
  row.metrics = {health};
  row.text = "health < 50%";
  const auto guard = plan.build.add(std::move(row));
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard};
  plan.hold(kHour);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.effects = [&](const StartEffect&) {
    const bool bad = driver.now() >= 10 * kMinute;
    return Answer{.status = bad ? EffectStatus::Failed : EffectStatus::Succeeded, .after = kSecond};
  };
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  // Of the last four answers three failed at 12m: 25 %.
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 12 * kMinute);
  CHECK(driver.count(RecordKind::Intent) == 0);
}

TEST_CASE("a verification of several checks asks all of them and says how many passed") {
  TestPlan plan;
  std::vector<rollout::plan::BlockId> checks;
  for (const char* name : {"a", "b", "c"}) {
    checks.push_back(plan.build.begin_block(BlockKind::Check, name));
    plan.build.emit(Op::Effect, plan.run(name));
    plan.build.end_block();
  }
  const auto verify = plan.build.begin_block(BlockKind::Verify, "verify all of [a, b, c]");
  for (const auto check : checks) plan.build.emit(Op::Run, check);
  plan.build.end_block();
  plan.build.block(verify).retries = 1;
  plan.build.emit(Op::Run, verify);
  const bool mended = GENERATE(false, true);
  Driver driver = plan.drive();
  driver.effects = [&](const StartEffect& request) {
    const bool bad = request.callable != "b" && (!mended || driver.started.size() <= 3);
    return Answer{.status = bad ? EffectStatus::Failed : EffectStatus::Succeeded, .error = "exit 1"};
  };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"a", "b", "c", "a", "b", "c"});
  CHECK(driver.state() == (mended ? RunState::Succeeded : RunState::RolledBack));
  if (!mended) {
    CHECK(driver.machine().view().reason == "1 of 3 checks passed; a: `a` failed: exit 1; c: `c` failed: exit 1");
  }
}
