#include "changed_state.hpp"

// A stored state is untrusted: one that contradicts itself is refused, or leads to a run that people can still end.

namespace rollout::machine::test {

namespace {

using plan::BlockId;
using plan::BlockKind;
using plan::HookKind;
using plan::OutcomeKind;
using plan::RolloutId;
using Texts = std::vector<std::string>;

auto hangs(const Texts& names) {
  return [names](const StartEffect& request) -> std::optional<Answer> {
    if (std::ranges::find(names, request.callable) != names.end() && !request.again) return std::nullopt;
    return Answer{.status = request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
}

Task& only(State& state, TaskKind kind) {
  Task* found = nullptr;
  for (auto& [id, task] : state.tasks) {
    if (task.kind == kind) found = &task;
  }
  REQUIRE(found);
  return *found;
}

void remove(State& state, TaskKind kind) {
  state.tasks.erase(only(state, kind).id);
}

// `a`, then `boom`: the run goes back and waits for `undo a`, within its `on rolling back` or its undo.
Driver going_back(const std::string& waits_for) {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("boom");
  plan.hook(HookKind::RollingBack, "on rolling back");
  Driver driver = plan.drive();
  driver.effects = hangs({waits_for});
  driver.run_until(kMinute);
  REQUIRE(driver.state() == RunState::RollingBack);
  return driver;
}

// A child whose undo `undo a` is under way; its parent is not going back.
Driver child_going_back(bool in_branch = false) {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  BlockId branches = kNone, branch = kNone;
  plan.step("before", "undo before");
  if (in_branch) {
    branches = plan.build.begin_block(BlockKind::Branches, "parallel");
    branch = plan.build.begin_block(BlockKind::Branch, "branch");
  }
  const RolloutId child = plan.begin_child("child");
  plan.build.block(plan.build.rollout(child).block).guards = {
      plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad")};
  plan.begin_stage("one");
  plan.step("a", "undo a");
  plan.hold(kHour);
  plan.end_stage();
  plan.end_child();
  if (in_branch) {
    plan.build.end_block();
    plan.build.emit(Op::Run, branch);
    plan.build.end_block();
    plan.build.emit(Op::Parallel, branches);
  }
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds at) { return Value::boolean(at >= 3 * kMinute); });
  driver.effects = hangs({"undo a"});
  driver.run_until(4 * kMinute);
  REQUIRE(driver.started.back().callable == "undo a");
  return driver;
}

// A step is in doubt since a restart, and the probe that is asked about it hangs.
Driver asking_a_probe() {
  TestPlan plan;
  const BlockId probe = plan.command_block(BlockKind::Check, "probe", "probe");
  plan.build.block(plan.step("a")).probe = probe;
  Driver driver = plan.drive();
  driver.effects = hangs({"a", "probe"});
  driver.run_until(kMinute);
  driver.crash(kMinute);
  REQUIRE(driver.callables() == Texts{"a", "probe"});
  return driver;
}

}  // namespace

TEST_CASE("an effect of a task that is not there is left when the runtime comes back") {
  TestPlan plan;
  plan.step("a", "undo a");
  Driver driver = plan.drive();
  driver.effects = hangs({"a"});
  driver.run_until(kMinute);
  change_state(driver, [](State& state) { remove(state, TaskKind::Main); });
  driver.crash(kMinute);
  INFO(driver.journal());
  CHECK(Driver::text(driver.first(RecordKind::Settled), "how") == "left: its step was being stopped");
  CHECK(driver.machine().view().effects.empty());
  driver.say(kHour, {Verb::Abort, "lee", "", ""});
  driver.run_until(2 * kHour);
  CHECK(driver.machine().finished());
}

TEST_CASE("an effect of a task that is not there may end in doubt, and is left") {
  TestPlan plan;
  plan.step("a", "undo a");
  Driver driver = plan.drive();
  driver.effects = hangs({"a"});
  driver.run_until(kMinute);
  change_state(driver, [](State& state) { remove(state, TaskKind::Main); });
  driver.finish_effect(driver.started.front().effect, EffectStatus::InDoubt);
  driver.run_until(2 * kMinute);
  INFO(driver.journal());
  CHECK(Driver::text(driver.first(RecordKind::Settled), "how") == "left: its step was being stopped");
  CHECK(driver.machine().view().effects.empty());
}

TEST_CASE("people settle a doubt whose task is not there") {
  const auto verb = GENERATE(Verb::Retry, Verb::Promote);
  TestPlan plan;
  plan.step("a", "undo a");
  Driver driver = plan.drive();
  driver.effects = hangs({"a"});
  driver.run_until(kMinute);
  driver.crash(kMinute);
  REQUIRE(driver.state() == RunState::Paused);
  change_state(driver, [](State& state) { remove(state, TaskKind::Main); });
  driver.say(kHour, {verb, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::Settled) == 1);
  CHECK(driver.started.size() == (verb == Verb::Retry ? 2 : 1));
  CHECK(driver.machine().view().effects.empty());
  CHECK(driver.state() == RunState::Running);
}

TEST_CASE("a probe answers for a task that is not there, or runs nothing: the doubt stays for people") {
  const bool there = GENERATE(false, true);
  Driver driver = asking_a_probe();
  change_state(driver, [&](State& state) {
    if (there) only(state, TaskKind::Main).frames.clear();
    if (!there) remove(state, TaskKind::Main);
  });
  driver.finish_effect(driver.started.back().effect, EffectStatus::Succeeded);
  driver.run_until(3 * kMinute);
  INFO(driver.journal());
  REQUIRE(driver.machine().view().effects.size() == 1);
  CHECK(driver.machine().view().effects.front().in_doubt);
  driver.say(kHour, {Verb::Promote, "lee", "", ""});
  driver.run_until(2 * kHour);
  CHECK(driver.machine().view().effects.empty());
}

TEST_CASE("a probe of an effect that is not in doubt settles nothing") {
  const bool there = GENERATE(false, true);
  Driver driver = asking_a_probe();
  change_state(driver, [&](State& state) {
    only(state, TaskKind::DoubtProbe).subject += there ? 0 : 99;
    state.effects.at(driver.started.front().effect).in_doubt = !there;
  });
  driver.finish_effect(driver.started.back().effect, EffectStatus::Succeeded);
  driver.run_until(3 * kMinute);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::Settled) == 0);
  driver.finish_effect(driver.started.front().effect, EffectStatus::Succeeded);
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a run that is said to have ended never goes back by itself") {
  TestPlan plan;
  plan.step("a", "undo a");
  Driver driver = plan.drive();
  driver.effects = hangs({"a"});
  driver.run_until(kMinute);
  change_state(driver, [](State& state) {
    state.has_ended = true;
    state.run_state = RunState::Succeeded;
  });
  driver.finish_effect(driver.started.front().effect, EffectStatus::Failed);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.count(RecordKind::RollbackStarted) == 0);
  CHECK(driver.callables() == Texts{"a"});
}

TEST_CASE("a child that is said to go back while nothing runs it does not go back") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.begin_child("child");
  plan.step("b");
  plan.end_child();
  Driver driver = plan.drive();
  driver.effects = hangs({"a"});
  driver.run_until(kMinute);
  change_state(driver, [](State& state) { state.rollouts[1].rollback.emplace(); });
  driver.finish_effect(driver.started.front().effect, EffectStatus::Succeeded);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"a", "b"});
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("an undo that its rollback does not wait for moves nothing on") {
  const auto change = GENERATE(
      as<std::function<void(State&)>>(),
      [](State& state) { state.main().rollback->task = only(state, TaskKind::Undo).id + 1; },
      [](State& state) { only(state, TaskKind::Undo).item = 99; },
      [](State& state) {
        state.main().rollback->phase = RollbackPhase::HookAfter;
        state.main().rollback->spans.clear();
      });
  Driver driver = going_back("undo a");
  change_state(driver, change);
  driver.finish_effect(driver.started.back().effect, EffectStatus::Succeeded);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::UndoDone) <= 1);
  driver.say(2 * kHour, {Verb::Abort, "lee", "", ""});
  driver.run_until(3 * kHour);
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.machine().finished());
}

TEST_CASE("a child whose task is not there any more ends its rollback, and a person takes the rest back") {
  const bool to_stage = GENERATE(false, true);
  Driver driver = child_going_back();
  change_state(driver, [&](State& state) {
    remove(state, TaskKind::Main);
    if (!to_stage) return;
    state.rollouts[1].rollback->to = 0;
    state.rollouts[1].rollback->response = 0;
  });
  driver.finish_effect(driver.started.back().effect, EffectStatus::Succeeded);
  driver.run_until(5 * kMinute);
  CHECK(driver.count(RecordKind::UndoDone) == 1);
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.machine().finished());
}

TEST_CASE("a branch without the task that forked it ends with an abort") {
  Driver driver = child_going_back(true);
  change_state(driver, [](State& state) { remove(state, TaskKind::Main); });
  driver.say(kHour, {Verb::Abort, "lee", "", ""});
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.machine().finished());
}

TEST_CASE("an undo that is lost while it waits for the rest is run again") {
  TestPlan plan;
  const BlockId undo = plan.build.begin_block(BlockKind::Undo, "undo stage");
  plan.build.emit(Op::UndoRest);
  plan.build.emit(Op::Effect, plan.run("last"));
  plan.build.end_block();
  const BlockId stage = plan.begin_stage("one");
  plan.step("a", "undo a");
  plan.end_stage();
  plan.build.block(stage).undo = undo;
  plan.step("boom");
  Driver driver = plan.drive();
  driver.effects = hangs({"undo a"});
  driver.run_until(kMinute);
  REQUIRE(driver.callables() == Texts{"a", "boom", "undo a"});
  change_state(driver, [](State& state) {
    std::erase_if(state.tasks, [](const auto& entry) { return entry.second.wait == Wait::Span; });
  });
  driver.finish_effect(driver.started.back().effect, EffectStatus::Succeeded);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"a", "boom", "undo a", "last"});
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("a rollback that has lost its place is refused: it would say that it undid everything") {
  Driver driver = going_back(GENERATE("undo a", "on rolling back"));
  const auto change = GENERATE(
      as<std::function<void(RollbackRun&)>>(), [](RollbackRun& run) { run.spans.clear(); },
      [](RollbackRun& run) { run.spans.front().task = 1; }, [](RollbackRun& run) { run.spans.front().rollout = 0; },
      [](RollbackRun& run) { run.phase = RollbackPhase::Stopping; },
      [](RollbackRun& run) { run.spans.front().cursor = 99; },
      [](RollbackRun& run) { run.spans.push_back({.rollout = 0, .entry = 99}); },
      [](RollbackRun& run) { run.barrier = 99; }, [](RollbackRun& run) { run.log.front().captures = {{99, Value{}}}; },
      [](RollbackRun& run) {
        run.resume_phase = RollbackPhase::Undoing;
        run.phase = RollbackPhase::Incomplete;
        run.spans.clear();
      });
  CHECK(refused(driver, [&](State& state) { change(*state.main().rollback); }) ==
        "the stored state is damaged: a rollout");
  CHECK(refused(driver, [&](State& state) {
          state.next_id = 0;
          state.tasks.clear();
          state.effects.clear();
          state.scopes.clear();
          state.holds.clear();
          state.gates.clear();
        }) == "the stored state is damaged: the next id");
}

}  // namespace rollout::machine::test
