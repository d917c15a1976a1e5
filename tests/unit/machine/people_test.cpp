#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::GateKind;
using rollout::plan::HookKind;
using rollout::plan::OutcomeKind;

namespace {

using Texts = std::vector<std::string>;

rollout::plan::Gate gate(TestPlan& plan, GateKind kind, const std::string& text, rollout::plan::RoleId role) {
  rollout::plan::Gate row;
  row.kind = kind;
  row.text = plan.build.string_routine(text);
  row.role = role;
  return row;
}

struct Approval {
  TestPlan plan;

  explicit Approval(double needed = 1) {
    const auto role = plan.role("release_manager", {"dana", "kim"});
    auto row = gate(plan, GateKind::Approve, "Go / no-go", role);
    row.needed = plan.build.constant_routine(Value::number(needed));
    row.within = plan.build.duration_routine(kHour);
    row.otherwise = plan.response(OutcomeKind::Abort);
    plan.build.emit(Op::Gate, plan.build.add(std::move(row)));
    plan.step("a");
  }
};

// The answer of a guard that asks dana whether to go on.
rollout::plan::ResponseId question(TestPlan& plan) {
  const auto role = plan.role("managers", {"dana"});
  auto row = gate(plan, GateKind::Ask, "It is slow. Go on?", role);
  row.answers = {{"yes", plan.response(OutcomeKind::Continue)}, {"no", plan.response(OutcomeKind::Rollback)}};
  const auto steps = plan.build.begin_block(BlockKind::Response);
  plan.build.emit(Op::Gate, plan.build.add(std::move(row)));
  plan.build.end_block();
  const auto response = plan.response(OutcomeKind::None);
  plan.build.plan().responses[response].steps = steps;
  return response;
}

}  // namespace

TEST_CASE("an approval by a member lets the run go on") {
  Approval approval;
  Driver driver = approval.plan.drive();
  driver.say(kMinute, {Verb::Approve, "dana", "", ""});
  driver.run_until(30 * kSecond);
  REQUIRE(driver.machine().view().gates.size() == 1);
  CHECK(driver.machine().view().gates[0].members == Texts{"dana", "kim"});
  CHECK(driver.machine().next_wakeup() == kStart + kHour);
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(Driver::text(driver.first(RecordKind::GateAnswered), "who") == "dana");
}

TEST_CASE("an approval by somebody outside the role has no effect and says why") {
  Approval approval;
  Driver driver = approval.plan.drive();
  driver.say(kMinute, {Verb::Approve, "mallory", "Go / no-go", ""});
  driver.run_until(2 * kMinute);
  INFO(driver.journal());
  REQUIRE(driver.count(RecordKind::PersonIgnored) == 1);
  const std::string why = Driver::text(driver.first(RecordKind::PersonIgnored), "why");
  CHECK(why == "mallory is not in the role release_manager that \"Go / no-go\" asks for; its members: dana, kim");
  CHECK(driver.started.empty());
}

TEST_CASE("N of a role counts different people") {
  Approval approval(2);
  Driver driver = approval.plan.drive();
  driver.say(kMinute, {Verb::Approve, "dana", "", ""});
  driver.say(2 * kMinute, {Verb::Approve, "dana", "", ""});
  driver.run_until(3 * kMinute);
  CHECK(driver.started.empty());
  CHECK(driver.count(RecordKind::PersonIgnored) == 1);
  driver.say(4 * kMinute, {Verb::Approve, "kim", "*", ""});
  driver.run_until(5 * kMinute);
  CHECK(driver.state() == RunState::Succeeded);
  driver.say(6 * kMinute, {Verb::Approve, "kim", "Go / no-go", ""});
  driver.run_until(7 * kMinute);
  CHECK(driver.count(RecordKind::PersonIgnored) == 2);
}

TEST_CASE("the `else` of an approval covers a refusal and a time-out") {
  Approval approval;
  Driver driver = approval.plan.drive();
  const bool refused = GENERATE(false, true);
  if (refused) driver.say(kMinute, {Verb::Reject, "kim", "", "not today"});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.machine().view().reason == (refused ? "\"Go / no-go\" was rejected by kim: not today"
                                                   : "\"Go / no-go\" was not approved by release_manager within 1h"));
}

TEST_CASE("a checklist is ticked by people and by checks, and not by an approval") {
  TestPlan plan;
  const auto managers = plan.role("managers", {"dana"});
  const auto engineers = plan.role("engineers", {"bo"});
  const auto check = plan.command_block(BlockKind::Check, "health_ok", "curl");
  auto row = gate(plan, GateKind::Checklist, "Before", managers);
  row.items = {{plan.build.string_routine("validated"), kNone, kNone, kNone},
               {plan.build.string_routine("on call"), engineers, kNone, kNone},
               {plan.build.string_routine("healthy"), kNone, kNone, check}};
  plan.build.emit(Op::Gate, plan.build.add(std::move(row)));
  plan.step("a");
  Driver driver = plan.drive();
  driver.effects = [&](const StartEffect& request) {
    const bool bad = request.callable == "curl" && driver.now() < 50 * kSecond;
    return Answer{.status = bad ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.say(10 * kSecond, {Verb::Approve, "dana", "Before", ""});
  driver.say(20 * kSecond, {Verb::Tick, "dana", "Before", "*"});
  driver.say(25 * kSecond, {Verb::Tick, "dana", "", "healthy"});
  driver.say(2 * kMinute, {Verb::Tick, "bo", "Before", "on call"});
  driver.run_until(90 * kSecond);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::PersonIgnored) == 3);
  CHECK(Driver::text(driver.first(RecordKind::PersonIgnored), "why") ==
        "\"Before\" is a checklist: tick its items one by one, or all with `*`");
  // Failed at 0s and 30s with the same error: one record; passed at 60s.
  CHECK(driver.count(RecordKind::CheckFailed) == 1);
  CHECK(driver.callables() == Texts(3, "curl"));
  CHECK(driver.machine().view().gates[0].items[2].ticked_by == std::vector<std::string>{"check"});
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("an item that several people tick") {
  TestPlan plan;
  const auto engineers = plan.role("engineers", {"ana", "bo", "chris"});
  auto row = gate(plan, GateKind::Checklist, "Before", engineers);
  row.items = {{plan.build.string_routine("reviewed"), engineers, plan.build.constant_routine(Value::number(2)), kNone},
               {plan.build.string_routine("on call"), kNone, kNone, kNone}};
  plan.build.emit(Op::Gate, plan.build.add(std::move(row)));
  plan.step("a");
  Driver driver = plan.drive();
  driver.restore_always = GENERATE(false, true);
  driver.say(1 * kSecond, {Verb::Tick, "ana", "Before", "*"});
  driver.say(2 * kSecond, {Verb::Tick, "ana", "Before", "reviewed"});
  driver.say(3 * kSecond, {Verb::Tick, "mallory", "Before", "reviewed"});
  driver.run_until(10 * kSecond);
  INFO(driver.journal());
  {
    const auto items = driver.machine().view().gates[0].items;
    CHECK(items[0].ticked_by == Texts{"ana"});
    CHECK(!items[0].ticked);
    CHECK(items[1].ticked);
  }
  REQUIRE(driver.count(RecordKind::PersonIgnored) == 2);
  CHECK(Driver::text(driver.all(RecordKind::PersonIgnored)[0], "why") ==
        "ana has ticked \"reviewed\" already; it needs 2 different people");
  CHECK(driver.state() == RunState::Running);
  driver.say(20 * kSecond, {Verb::Tick, "chris", "Before", "reviewed"});
  driver.run_until(30 * kSecond);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a question's answer is a response") {
  TestPlan plan;
  const auto role = plan.role("managers", {"dana"});
  auto row = gate(plan, GateKind::Ask, "Go on?", role);
  row.answers = {{"yes", plan.response(OutcomeKind::Continue)},
                 {"no", plan.response(OutcomeKind::Rollback, "said no")}};
  plan.build.emit(Op::Gate, plan.build.add(std::move(row)));
  plan.step("a");
  const std::string answer = GENERATE("yes", "no");
  Driver driver = plan.drive();
  driver.say(kSecond, {Verb::Answer, "dana", "Go on?", "maybe"});
  driver.say(2 * kSecond, {Verb::Answer, "dana", "", answer});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::PersonIgnored) == 1);
  CHECK(driver.state() == (answer == "yes" ? RunState::Succeeded : RunState::RolledBack));
}

TEST_CASE("a guard's question freezes promotion while it is open") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto response = question(plan);
  const auto guard = plan.guard(bad, 0, response, "bad");
  plan.holding_stage("one", {guard}, 5 * kMinute);
  const std::string answer = GENERATE("yes", "no");
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since >= 2 * kMinute); });
  driver.say(20 * kMinute, {Verb::Answer, "dana", "", answer});
  driver.run_until(15 * kMinute);
  CHECK(driver.state() == RunState::Running);
  CHECK(driver.machine().view().gates.size() == 1);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (answer == "yes" ? RunState::Succeeded : RunState::RolledBack));
  CHECK(driver.count(RecordKind::GuardFired) == 1);
  CHECK(driver.machine().finished());
}

TEST_CASE("holds do not count paused time") {
  TestPlan plan;
  plan.begin_stage("one");
  plan.hold(10 * kMinute);
  plan.end_stage();
  plan.hook(HookKind::Pause, "on pause");
  plan.hook(HookKind::Resume, "on resume");
  Driver driver = plan.drive();
  driver.say(4 * kMinute, {Verb::Pause, "lee", "", "lunch"});
  driver.say(5 * kMinute, {Verb::Pause, "lee", "", ""});
  driver.say(34 * kMinute, {Verb::Resume, "lee", "", ""});
  driver.say(35 * kMinute, {Verb::Resume, "lee", "", ""});
  driver.run_until(20 * kMinute);
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.machine().view().reason == "lunch (asked for by lee)");
  CHECK_FALSE(driver.machine().next_wakeup());
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::PersonIgnored) == 2);
  CHECK(driver.first(RecordKind::HoldEnded)->at - kStart == 40 * kMinute);
  CHECK(Driver::text(driver.first(RecordKind::HoldEnded), "held") == "10m");
  CHECK(driver.callables() == Texts{"on pause", "on resume"});
}

TEST_CASE("limits count paused time, and guards go on") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad");
  const bool guarded = GENERATE(false, true);
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard};
  const auto within = plan.build.begin_block(BlockKind::Within, "within");
  plan.hold(10 * kMinute);
  plan.build.end_block();
  plan.build.block(within).within = plan.build.duration_routine(30 * kMinute);
  plan.build.block(within).otherwise = plan.response(OutcomeKind::Abort);
  plan.build.emit(Op::Run, within);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.metric(bad, [guarded](Nanoseconds since) { return Value::boolean(guarded && since >= 20 * kMinute); });
  driver.say(kMinute, {Verb::Pause, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (guarded ? RunState::RolledBack : RunState::Aborted));
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == (guarded ? 20 : 30) * kMinute);
}

TEST_CASE("a pause ends by its own `until`, or by its limit") {
  TestPlan plan;
  const auto good = plan.metric("good");
  rollout::plan::Hold hold;
  hold.least = plan.build.duration_routine(0);
  hold.until.push_back({plan.is_true(good, "good"), plan.build.duration_routine(2 * kMinute), {good}, "good for 2m"});
  const auto response = plan.response(OutcomeKind::Pause, "wait");
  plan.build.plan().responses[response].until = plan.build.add(std::move(hold));
  plan.build.plan().responses[response].within = plan.build.duration_routine(30 * kMinute);
  plan.build.plan().responses[response].otherwise = plan.response(OutcomeKind::Rollback);
  plan.build.emit(Op::Outcome, response);
  plan.step("a");
  const bool comes = GENERATE(false, true);
  Driver driver = plan.drive();
  driver.metric(good, [comes](Nanoseconds since) { return Value::boolean(comes && since >= 5 * kMinute); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (comes ? RunState::Succeeded : RunState::RolledBack));
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == (comes ? 7 : 30) * kMinute);
}

TEST_CASE("promote ends a hold and lifts the freeze of a blind guard") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard};
  plan.hold(kHour);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.say(4 * kMinute + kSecond, {Verb::Promote, "dana", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.first(RecordKind::RunEnded)->at - kStart == 4 * kMinute + kSecond);
}

TEST_CASE("a failed step under `on failure pause` waits for people") {
  TestPlan plan;
  plan.begin_stage("one");
  plan.step("a", "undo a");
  plan.step("b");
  plan.end_stage();
  plan.build.rollout().on_failure = plan.response(OutcomeKind::Pause);
  const auto verb = GENERATE(Verb::Retry, Verb::Promote, Verb::Rollback, Verb::Abort);
  Driver driver = plan.drive();
  int calls = 0;
  driver.effects = [&](const StartEffect& request) {
    const bool bad = request.callable == "a" && ++calls == 1;
    return Answer{.status = bad ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.say(kHour, {verb, "dana", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  if (verb == Verb::Retry) CHECK(driver.callables() == Texts{"a", "a", "b"});
  if (verb == Verb::Promote) CHECK(driver.callables() == Texts{"a", "b"});
  if (verb == Verb::Rollback) CHECK(driver.callables() == Texts{"a", "undo a"});
  if (verb == Verb::Abort) CHECK(driver.callables() == Texts{"a"});
  CHECK(driver.machine().finished());
}

TEST_CASE("a notification that nobody acknowledges is followed up") {
  TestPlan plan;
  const auto channel = plan.build.add(rollout::plan::Channel{"ops", kNone, kNone, {}, {}});
  rollout::plan::Notification page;
  page.channel = channel;
  page.text = plan.build.string_routine("page");
  const auto steps = plan.build.begin_block(BlockKind::Response);
  plan.build.emit(Op::Notify, plan.build.add(page));
  plan.build.end_block();
  const auto response = plan.response(OutcomeKind::None);
  plan.build.plan().responses[response].steps = steps;
  page.text = plan.build.string_routine("hello");
  page.acknowledge_within = plan.build.duration_routine(10 * kMinute);
  page.otherwise = response;
  plan.build.emit(Op::Notify, plan.build.add(page));
  plan.hold(kHour);
  const bool acknowledged = GENERATE(false, true);
  Driver driver = plan.drive();
  if (acknowledged) driver.say(kMinute, {Verb::Acknowledge, "dana", "ops", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::Notified) == (acknowledged ? 1 : 2));
}

TEST_CASE("what `on rollback` asks of people comes after the state is reached") {
  TestPlan plan;
  const auto role = plan.role("managers", {"dana"});
  auto row = gate(plan, GateKind::Checklist, "Afterwards", role);
  row.items = {{plan.build.string_routine("told the others"), kNone, kNone, kNone}};
  const auto hook = plan.build.begin_block(BlockKind::Hook, "on rollback");
  plan.build.emit(Op::Effect, plan.run("look"));
  plan.build.emit(Op::Gate, plan.build.add(std::move(row)));
  plan.build.emit(Op::Effect, plan.run("tell"));
  plan.build.end_block();
  plan.build.rollout().hooks.push_back({HookKind::Rollback, hook});
  plan.build.rollout().rollback_within = plan.build.duration_routine(kMinute);
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) {
    return Answer{.status = request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.say(kHour, {Verb::Tick, "dana", "", "*"});
  driver.run_until(kMinute);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK_FALSE(driver.machine().finished());
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"boom", "look", "tell"});
  CHECK(driver.count(RecordKind::RollbackBreached) == 0);
  CHECK(driver.machine().finished());
}

TEST_CASE("a question about one child holds up that child and not its sibling") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto response = question(plan);
  plan.parallel({"asked", "quiet"}, [&](const std::string& name) {
    plan.begin_child(name);
    const auto stage = plan.begin_stage("only");
    if (name == "asked") plan.build.block(stage).guards = {plan.guard(bad, 0, response, "bad")};
    plan.hold(5 * kMinute);
    plan.step("finish " + name);
    plan.end_stage();
    plan.end_child();
  });
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since >= 2 * kMinute); });
  driver.run_until(15 * kMinute);
  INFO(driver.journal());
  CHECK(driver.callables() == std::vector<std::string>{"finish quiet"});
  driver.say(20 * kMinute, {Verb::Answer, "dana", "", "yes"});
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables().size() == 2);
}
