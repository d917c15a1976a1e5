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

std::string error_of_last(const Driver& driver, RecordKind kind) {
  const auto found = driver.all(kind);
  return found.empty() ? "(none)" : Driver::text(found.back(), "error");
}

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

TEST_CASE("an undo that stopped in its `undo rest` is run again as a whole, without what the rest has undone") {
  TestPlan plan;
  const BlockId undo = undo_with_rest(plan);
  const BlockId stage = plan.begin_stage("one");
  plan.step("a", "undo a");
  plan.step("b", "undo b");
  plan.end_stage();
  plan.build.block(stage).undo = undo;
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = Failing{{"boom", "undo a"}};
  driver.run_until(kMinute);
  REQUIRE(driver.state() == RunState::RollbackIncomplete);
  REQUIRE(driver.callables() == Texts{"a", "b", "boom", "first", "undo b", "undo a"});
  driver.effects = nullptr;
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "b", "boom", "first", "undo b", "undo a", "first", "undo a", "last"});
}

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

TEST_CASE("undos that fail and let the rollback go on are named together at its end") {
  TestPlan plan;
  for (const char* name : {"a", "b"}) {
    plan.build.block(plan.step(name, std::string("undo ") + name)).undo_continues = true;
  }
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = Failing{{"boom", "undo a", "undo b"}};
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(Driver::text(driver.all(RecordKind::UndoFailed).back(), "what") == "`b`, `a`");
  CHECK(error_of_last(driver, RecordKind::UndoFailed) == "left as they are");
}

TEST_CASE("an `on rolling back` that fails is journalled, and everything is undone all the same") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("boom");
  plan.hook(HookKind::RollingBack, "on rolling back");
  Driver driver = plan.drive();
  driver.effects = Failing{{"boom", "on rolling back"}};
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "boom", "on rolling back", "undo a"});
  CHECK(error_of_last(driver, RecordKind::StepFailed) == "`on rolling back` failed: exit 1");
}

TEST_CASE("a hook outside of a rollback that fails is journalled, and changes nothing") {
  TestPlan plan;
  plan.hold(10 * kMinute);
  plan.hook(HookKind::Pause, "on pause");
  Driver driver = plan.drive();
  driver.effects = Failing{{"on pause"}};
  driver.say(kMinute, {Verb::Pause, "lee", "", ""});
  driver.say(2 * kMinute, {Verb::Resume, "lee", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(error_of_last(driver, RecordKind::StepFailed) == "`on pause` failed: exit 1");
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.machine().finished());
}

TEST_CASE("a rollback to a stage ends at that stage's end, however many there are") {
  const std::size_t target = GENERATE(0, 1);
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto back = plan.response(OutcomeKind::RollbackTo);
  const auto guard = plan.guard(bad, 0, back, "bad");
  std::vector<plan::StageId> stages;
  for (const std::string name : {"one", "two", "three"}) {
    const BlockId stage = plan.begin_stage(name);
    plan.step(name, "undo " + name);
    if (name == "three") {
      plan.build.block(stage).guards = {guard};
      plan.hold(10 * kMinute);
    }
    stages.push_back(plan.end_stage());
  }
  plan.hook(HookKind::Fallback, "on fallback");
  plan.build.plan().responses[back].stage = stages[target];
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds since) { return Value::boolean(since == 3 * kMinute); });
  // The hook after it fails once, and is run again when a person takes the rollback up again.
  driver.effects = Failing{{"on fallback"}};
  driver.run_until(5 * kMinute);
  CHECK(driver.state() == RunState::RollbackIncomplete);
  driver.effects = nullptr;
  driver.say(6 * kMinute, {Verb::Rollback, "lee", "", ""});
  driver.run_until(7 * kMinute);
  const Texts undone = target == 0 ? Texts{"undo three", "undo two"} : Texts{"undo three"};
  Texts expected{"one", "two", "three"};
  expected.insert(expected.end(), undone.begin(), undone.end());
  expected.insert(expected.end(), {"on fallback", "on fallback"});
  CHECK(driver.callables() == expected);
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.machine().view().stage == (target == 0 ? "one" : "two"));
  driver.say(8 * kMinute, {Verb::Resume, "lee", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  if (target == 0) expected.emplace_back("two");
  expected.emplace_back("three");
  CHECK(driver.callables() == expected);
}

TEST_CASE("a rollback overtakes a limit whose step is still being stopped") {
  TestPlan plan;
  plan.step("a", "undo a");
  const BlockId slow = plan.step("slow", "undo slow");
  plan.build.block(slow).timeout = plan.build.duration_routine(kMinute);
  plan.build.block(slow).retries = 3;
  Driver driver = plan.drive();
  driver.cancels_answer = false;
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "slow") return std::nullopt;
    return Answer{};
  };
  driver.say(2 * kMinute, {Verb::Rollback, "lee", "", ""});
  driver.say(3 * kMinute, {Verb::Abort, "lee", "", ""});
  const bool aborted = GENERATE(false, true);
  driver.run_until(aborted ? 4 * kMinute : 2 * kMinute + kSecond);
  REQUIRE(driver.cancelled.size() == 1);
  REQUIRE(driver.callables() == Texts{"a", "slow"});
  driver.finish_effect(driver.cancelled.front(), EffectStatus::Cancelled);
  driver.run_until(aborted ? kHour : 2 * kMinute + 2 * kSecond);
  INFO(driver.journal());
  CHECK(driver.callables() == (aborted ? Texts{"a", "slow"} : Texts{"a", "slow", "undo slow", "undo a"}));
  CHECK(driver.state() == (aborted ? RunState::Aborted : RunState::RolledBack));
  CHECK(driver.machine().finished());
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
  const BlockId block = plan.command_block(BlockKind::Hook, "report", "report");
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

TEST_CASE("traffic that cannot be sent back stops the rollback, and is sent back when a person takes it up again") {
  TestPlan plan;
  plan.traffic_via();
  plan.step("a", "undo a");
  plan.traffic(0.1);
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) {
    const bool back = request.callable == "GET weight" && request.arguments[1].second == Value::ratio(0);
    return Answer{.status = back || request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  REQUIRE(driver.state() == RunState::RollbackIncomplete);
  CHECK(driver.callables() == Texts{"a", "GET weight", "boom", "GET weight"});
  CHECK(driver.machine().view().traffic == Value::ratio(0.1));
  driver.effects = nullptr;
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"a", "GET weight", "boom", "GET weight", "GET weight", "undo a"});
  CHECK(driver.machine().view().traffic == Value::ratio(0));
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("after the last try of `rollback to ... and retry` its `else` answers") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto back = plan.response(OutcomeKind::RollbackTo);
  const auto guard = plan.guard(bad, kMinute, back, "bad");
  plan.begin_stage("one");
  plan.step("a", "undo a");
  plan.build.plan().responses[back].stage = plan.end_stage();
  const BlockId two = plan.begin_stage("two");
  plan.build.block(two).guards = {guard};
  plan.step("b", "undo b");
  plan.hold(kHour);
  plan.end_stage();
  const auto instead = plan.response(OutcomeKind::Rollback, "it stays bad");
  plan.build.plan().responses[back].retry = true;
  plan.build.plan().responses[back].at_most = plan.build.constant_routine(Value::number(1));
  plan.build.plan().responses[back].otherwise = instead;
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(true); });
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "b", "undo b", "b", "undo b", "undo a"});
  CHECK(driver.machine().view().reason == "it stays bad (bad)");
}

TEST_CASE("a rollback leaves a notification alone that is being sent") {
  TestPlan plan;
  const BlockId channel = plan.command_block(BlockKind::Channel, "ops", "send");
  plan::Notification note;
  note.channel = plan.build.add(plan::Channel{"ops", channel, kNone, {}, {}});
  note.text = plan.build.string_routine("hello");
  plan.build.emit(Op::Notify, plan.build.add(note));
  plan.hold(kHour);
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.after = 5 * kMinute}; };
  driver.say(kMinute, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kMinute);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.count(RecordKind::Notified) == 0);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::Notified) == 1);
  CHECK(driver.cancelled.empty());
  CHECK(driver.machine().finished());
}

}  // namespace rollout::machine::test
