#include "driver.hpp"

// What became of an effect that nobody heard the end of, where more than one thing is under way.

namespace rollout::machine::test {

namespace {

using plan::BlockId;
using plan::BlockKind;
using plan::EffectClass;
using plan::HookKind;
using Texts = std::vector<std::string>;

// The last block that was added is asked whether its effect is there, by the command `probe`.
void probe(TestPlan& plan, BlockId block, const std::string& command) {
  const BlockId check = plan.command_block(BlockKind::Check, command, command);
  plan.build.block(block).probe = check;
}

std::optional<Answer> hangs(const StartEffect& request, const Texts& names) {
  if (std::ranges::find(names, request.callable) != names.end()) return std::nullopt;
  return Answer{};
}

Texts settled(const Driver& driver) {
  Texts texts;
  for (const Record* record : driver.all(RecordKind::Settled)) texts.push_back(Driver::text(record, "how"));
  return texts;
}

}  // namespace

TEST_CASE("a doubt ends with the step that it is in, when a restart finds the step next to it past its limit") {
  TestPlan plan;
  const BlockId branches = plan.build.begin_block(BlockKind::Branches, "parallel");
  const BlockId limited = plan.step("b", "undo b", EffectClass::Idempotent);
  plan.build.block(limited).timeout = plan.build.duration_routine(5 * kMinute);
  plan.step("a", "undo a");
  plan.build.end_block();
  plan.build.emit(Op::Parallel, branches);
  Driver driver = plan.drive();
  driver.cancels_answer = false;
  driver.effects = [](const StartEffect& request) { return hangs(request, {"a", "b"}); };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  driver.run_until(10 * kMinute);
  REQUIRE(driver.state() == RunState::Paused);
  REQUIRE(driver.cancelled.size() == 1);
  driver.crash(kMinute);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(settled(driver) ==
        Texts{"started again under the same key", "left: its step was being stopped", "left: its step was stopped"});
  CHECK(driver.state() == RunState::RolledBack);
  Texts names = driver.callables();
  std::ranges::sort(names);
  CHECK(names == Texts{"a", "b", "b", "undo a", "undo b"});
  CHECK(driver.machine().finished());
}

TEST_CASE("a notification in doubt is sent again, and nobody is asked about it") {
  TestPlan plan;
  const BlockId channel = plan.command_block(BlockKind::Channel, "ops", "send");
  plan::Notification note;
  note.channel = plan.build.add(plan::Channel{"ops", channel, kNone, {}, {}});
  note.text = plan.build.string_routine("hello");
  plan.build.emit(Op::Notify, plan.build.add(note));
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.again) return Answer{};
    return std::nullopt;
  };
  driver.run_until(kSecond);
  driver.crash(kMinute);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"send", "send"});
  CHECK(driver.started[0].key == driver.started[1].key);
  CHECK(driver.count(RecordKind::Notified) == 1);
  CHECK(driver.count(RecordKind::Paused) == 0);
  CHECK(driver.machine().finished());
}

TEST_CASE("a person's word about one effect ends its probe, and leaves the other's alone") {
  TestPlan plan;
  const BlockId branches = plan.build.begin_block(BlockKind::Branches, "parallel");
  for (const char* name : {"a", "b"}) probe(plan, plan.step(name), std::string("probe ") + name);
  plan.build.end_block();
  plan.build.emit(Op::Parallel, branches);
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) { return hangs(request, {"a", "b", "probe a", "probe b"}); };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  REQUIRE(driver.callables() == Texts{"a", "b", "probe a", "probe b"});
  driver.say(3 * kMinute, {Verb::Promote, "dana", "a", ""});
  driver.run_until(4 * kMinute);
  CHECK(driver.cancelled == std::vector{driver.started[2].effect});
  CHECK_FALSE(driver.machine().finished());
  driver.finish_effect(driver.started[3].effect, EffectStatus::Succeeded);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(settled(driver) == Texts{"it happened, by a person's word", "its probe says that it happened"});
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.started.size() == 4);
}

TEST_CASE("a person's `retry` ends the probe: it would answer for the call before") {
  TestPlan plan;
  probe(plan, plan.step("a"), "probe");
  Driver driver = plan.drive();
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "probe" || !request.again) return std::nullopt;
    return Answer{};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  driver.say(3 * kMinute, {Verb::Retry, "dana", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"a", "probe", "a"});
  CHECK(driver.cancelled == std::vector{driver.started[1].effect});
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.machine().finished());
}

TEST_CASE("a probe answers for all of its block: what it says is missing runs again from the block's beginning") {
  const bool there = GENERATE(false, true);
  TestPlan plan;
  const BlockId branches = plan.build.begin_block(BlockKind::Branches, "parallel");
  const BlockId outer = plan.build.begin_block(BlockKind::Step, "outer");
  plan.step("a");
  plan.step("b");
  plan.build.end_block();
  plan.build.emit(Op::Run, outer);
  plan.build.end_block();
  plan.build.emit(Op::Parallel, branches);
  probe(plan, outer, "probe");
  Driver driver = plan.drive();
  int tries = 0;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "b" && ++tries == 1) return std::nullopt;
    const bool missing = request.callable == "probe" && !there;
    return Answer{.status = missing ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables() == (there ? Texts{"a", "b", "probe"} : Texts{"a", "b", "probe", "a", "b"}));
}

TEST_CASE("a hook of unknown outcome stops a rollback for people, and never keeps the run from its end") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("boom");
  plan.hook(HookKind::Failure, "on failure");
  Driver driver = plan.drive();
  bool hang = true;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (hang && (request.callable == "on failure" || request.callable == "undo a")) return std::nullopt;
    return Answer{.status = request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  CHECK(driver.state() == RunState::RollbackIncomplete);
  CHECK(driver.machine().view().reason == "unknown outcome of `on failure`");
  CHECK(settled(driver) ==
        Texts{"left: the run goes back, and this step does not run again", "left: its step was being stopped"});
  hang = false;
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "boom", "on failure", "undo a", "undo a"});
  CHECK(driver.machine().finished());
}

TEST_CASE("what an incomplete rollback tells people is not asked about when its outcome is lost") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("delete", "", EffectClass::Irreversible);
  plan.step("boom");
  plan.hook(HookKind::RollbackIncomplete, "page");
  Driver driver = plan.drive();
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "page") return std::nullopt;
    return Answer{.status = request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  CHECK(driver.state() == RunState::RollbackIncomplete);
  CHECK(driver.machine().view().reason == "`delete` cannot be undone, and the rollback does not cross it by itself");
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "delete", "boom", "page", "undo a"});
  CHECK(driver.machine().finished());
}

TEST_CASE("an undo that is being stopped has ended before the rollback goes on") {
  TestPlan plan;
  const BlockId undo = plan.build.begin_block(BlockKind::Undo, "undo");
  const BlockId branches = plan.build.begin_block(BlockKind::Branches, "parallel");
  plan.step("back x", "", EffectClass::Idempotent);
  plan.step("back y");
  plan.build.end_block();
  plan.build.emit(Op::Parallel, branches);
  plan.build.end_block();
  plan.build.block(plan.step("a")).undo = undo;
  plan.step("boom");
  Driver driver = plan.drive();
  driver.cancels_answer = false;
  bool hang = true;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (hang && request.callable.starts_with("back")) return std::nullopt;
    return Answer{.status = request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  REQUIRE(driver.state() == RunState::RollbackIncomplete);
  REQUIRE(driver.cancelled == std::vector{driver.started[2].effect});
  hang = false;
  driver.say(3 * kMinute, {Verb::Rollback, "lee", "", ""});
  driver.run_until(5 * kMinute);
  CHECK(driver.callables() == Texts{"a", "boom", "back x", "back y", "back x"});
  driver.finish_effect(driver.cancelled.front(), EffectStatus::Cancelled);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"a", "boom", "back x", "back y", "back x", "back x", "back y"});
  CHECK(driver.state() == RunState::RolledBack);
}

}  // namespace rollout::machine::test
