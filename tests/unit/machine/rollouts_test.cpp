#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::EffectClass;
using rollout::plan::HookKind;
using rollout::plan::OutcomeKind;

namespace {

using Texts = std::vector<std::string>;

// `name` with a step, a stage that holds ten minutes, its hooks, and a guard that takes it back.
rollout::plan::RolloutId add_child(TestPlan& plan, const std::string& name, rollout::plan::MetricId bad) {
  const auto id = plan.begin_child(name);
  plan.build.block(plan.build.rollout(id).block).guards = {
      plan.guard(bad, 0, plan.response(OutcomeKind::Rollback, name + " is bad"), name + " is bad")};
  plan.step(name, "undo " + name);
  plan.begin_stage(name + ".only");
  plan.traffic(0.1);
  plan.hold(10 * kMinute);
  plan.end_stage();
  plan.hook(HookKind::RollingBack, name + " rolling back");
  plan.hook(HookKind::Rollback, name + " rollback");
  plan.hook(HookKind::Success, name + " success");
  plan.end_child();
  return id;
}

// The child as a step that goes on whatever comes of it.
void add_forgiven_child(TestPlan& plan, const std::string& name, rollout::plan::MetricId bad) {
  const auto step = plan.build.begin_block(BlockKind::Step, "rollout " + name);
  add_child(plan, name, bad);
  plan.build.end_block();
  plan.build.block(step).otherwise = plan.response(OutcomeKind::Continue);
  plan.build.emit(Op::Run, step);
}

// Two children side by side.
void add_branches(TestPlan& plan, rollout::plan::MetricId a_bad, rollout::plan::MetricId b_bad) {
  plan.parallel({"a", "b"}, [&](const std::string& name) { add_child(plan, name, name == "a" ? a_bad : b_bad); });
}

std::function<Value(Nanoseconds)> from(Nanoseconds begin) {
  return [begin](Nanoseconds at) { return Value::boolean(at >= begin); };
}

std::string state_of(const Driver& driver, const std::string& path) {
  for (const ChildView& child : const_cast<Driver&>(driver).machine().view().children) {
    if (child.path == path) return std::string(child.state);
  }
  return "(none)";
}

}  // namespace

TEST_CASE("a child that goes back on its own fails its step, and the parent may go on", "[children]") {
  const bool restored = GENERATE(false, true);
  TestPlan plan;
  const auto bad = plan.metric("bad");
  add_forgiven_child(plan, "a", bad);
  plan.step("after", "undo after");
  Driver driver = plan.drive();
  driver.restore_always = restored;
  driver.metric(bad, from(3 * kMinute));
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables() == Texts{"a", "a rolling back", "undo a", "a rollback", "after"});
  CHECK(state_of(driver, "a") == "rolled back");
  CHECK(Driver::text(driver.first(RecordKind::RollbackStarted), "rollout") == "a");
  CHECK(Driver::text(driver.first(RecordKind::RollbackStarted), "stage") == "a.only");
}

TEST_CASE("a child's failure that nobody answers takes the parent back, last first", "[children]") {
  const bool restored = GENERATE(false, true);
  TestPlan plan;
  const auto good = plan.metric("good"), bad = plan.metric("bad");
  plan.step("before", "undo before");
  add_child(plan, "a", good);
  add_child(plan, "b", bad);
  plan.hook(HookKind::RollingBack, "rolling back");
  plan.hook(HookKind::Rollback, "rollback");
  Driver driver = plan.drive();
  driver.restore_always = restored;
  driver.metric(good, from(kHour));
  driver.metric(bad, from(15 * kMinute));
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"before", "a", "a success", "b", "b rolling back", "undo b", "b rollback",
                                    "rolling back", "a rolling back", "undo a", "a rollback", "undo before",
                                    "rollback"});
  CHECK(driver.machine().view().reason == "`b` was rolled back: b is bad (b is bad)");
  CHECK(state_of(driver, "a") == "rolled back");
  CHECK(driver.machine().finished());
}

TEST_CASE("siblings go on while one child goes back, until its failure cancels them", "[children]") {
  const bool restored = GENERATE(false, true);
  TestPlan plan;
  const auto good = plan.metric("good"), bad = plan.metric("bad");
  add_branches(plan, bad, good);
  Driver driver = plan.drive();
  driver.restore_always = restored;
  driver.metric(good, from(kHour));
  driver.metric(bad, from(3 * kMinute));
  driver.effects = [](const StartEffect& request) {
    return Answer{.after = request.callable == "undo a" ? 2 * kMinute : 0};
  };
  driver.run_until(4 * kMinute);
  CHECK(driver.state() == RunState::Running);
  CHECK(state_of(driver, "a") == "rolling back");
  CHECK(state_of(driver, "b") == "running");
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() ==
        Texts{"a", "b", "a rolling back", "undo a", "a rollback", "b rolling back", "undo b", "b rollback"});
}

TEST_CASE("each child has its own traffic", "[children]") {
  TestPlan plan;
  const auto good = plan.metric("good"), bad = plan.metric("bad");
  add_branches(plan, bad, good);
  Driver driver = plan.drive();
  driver.metric(good, from(kHour));
  driver.metric(bad, from(kHour));
  driver.run_until(kMinute);
  const View view = driver.machine().view();
  REQUIRE(view.children.size() == 2);
  CHECK(view.traffic.is_missing());
  CHECK(view.children[0].traffic == Value::ratio(0.1));
  CHECK(view.children[0].stage == "a.only");
  CHECK(view.children[1].stage == "b.only");
}

TEST_CASE("a parent's rollback waits for a child that goes back already", "[children]") {
  const bool restored = GENERATE(false, true);
  TestPlan plan;
  const auto good = plan.metric("good"), bad = plan.metric("bad");
  add_branches(plan, bad, good);
  plan.hook(HookKind::RollingBack, "rolling back");
  Driver driver = plan.drive();
  driver.restore_always = restored;
  driver.metric(good, from(kHour));
  driver.metric(bad, from(3 * kMinute));
  driver.effects = [](const StartEffect& request) {
    return Answer{.after = request.callable == "undo a" ? 2 * kMinute : 0};
  };
  driver.say(4 * kMinute, {Verb::Rollback, "lee", "", "enough"});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.cancelled.empty());
  CHECK(driver.callables() == Texts{"a", "b", "a rolling back", "undo a", "a rollback", "rolling back",
                                    "b rolling back", "undo b", "b rollback"});
}

TEST_CASE("a child whose rollback stays incomplete stops everything until a person takes it up again", "[children]") {
  const bool restored = GENERATE(false, true);
  TestPlan plan;
  const auto good = plan.metric("good"), bad = plan.metric("bad");
  add_branches(plan, bad, good);
  Driver driver = plan.drive();
  driver.restore_always = restored;
  driver.metric(good, from(kHour));
  driver.metric(bad, from(3 * kMinute));
  int tries = 0;
  driver.effects = [&](const StartEffect& request) {
    const bool fails = request.callable == "undo a" && tries++ == 0;
    return Answer{.status = fails ? EffectStatus::Failed : EffectStatus::Succeeded, .error = "no answer"};
  };
  driver.run_until(20 * kMinute);
  CHECK(driver.state() == RunState::RollbackIncomplete);
  CHECK(driver.callables() == Texts{"a", "b", "a rolling back", "undo a"});
  CHECK(state_of(driver, "a") == "rollback incomplete");
  driver.say(30 * kMinute, {Verb::Rollback, "lee", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() ==
        Texts{"a", "b", "a rolling back", "undo a", "undo a", "a rollback", "b rolling back", "undo b", "b rollback"});
}

TEST_CASE("an abort ends a child's rollback too", "[children]") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  add_child(plan, "a", bad);
  Driver driver = plan.drive();
  driver.metric(bad, from(3 * kMinute));
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "undo a") return std::nullopt;
    return Answer{};
  };
  driver.say(5 * kMinute, {Verb::Abort, "lee", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Aborted);
  CHECK(driver.callables() == Texts{"a", "a rolling back", "undo a"});
  CHECK(driver.cancelled.size() == 1);
}

TEST_CASE("a child that is retried begins anew", "[children]") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto step = plan.build.begin_block(BlockKind::Step, "rollout a");
  add_child(plan, "a", bad);
  plan.build.end_block();
  plan.build.block(step).retries = 1;
  plan.build.block(step).retry_every = plan.build.duration_routine(5 * kMinute);
  plan.build.emit(Op::Run, step);
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds at) { return Value::boolean(at == 3 * kMinute); });
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables() == Texts{"a", "a rolling back", "undo a", "a rollback", "a", "a success"});
}

TEST_CASE("a parent's guard outranks its children's in one slot, and siblings do not outrank each other",
          "[children]") {
  TestPlan plan;
  const auto good = plan.metric("good"), bad = plan.metric("bad");
  const bool parent_too = GENERATE(false, true);
  if (parent_too) {
    plan.build.block(plan.rollout).guards = {
        plan.guard(bad, 0, plan.response(OutcomeKind::Rollback, "the parent"), "parent")};
  }
  add_branches(plan, bad, bad);
  Driver driver = plan.drive();
  driver.metric(good, from(kHour));
  driver.metric(bad, from(3 * kMinute));
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.count(RecordKind::GuardFired) == (parent_too ? 3 : 2));
  CHECK(driver.count(RecordKind::GuardOutranked) == (parent_too ? 2 : 0));
  CHECK(driver.count(RecordKind::RollbackStarted) == (parent_too ? 1 : 3));
}

TEST_CASE("no data in one child holds up that child alone", "[children]") {
  TestPlan plan;
  const auto good = plan.metric("good"), silent = plan.metric("silent");
  plan.build.rollout().missing_for = plan.build.duration_routine(kHour);
  add_branches(plan, silent, good);
  for (rollout::plan::RolloutId id = 1; id <= 2; ++id) {
    plan.build.rollout(id).missing_for = plan.build.duration_routine(kHour);
  }
  Driver driver = plan.drive();
  driver.metric(good, from(kHour));
  driver.metric(silent, [](Nanoseconds at) { return at < 5 * kMinute ? Value::boolean(false) : Value{}; });
  driver.run_until(20 * kMinute);
  INFO(driver.journal());
  CHECK(state_of(driver, "a") == "running");
  CHECK(state_of(driver, "b") == "succeeded");
  CHECK(driver.state() == RunState::Running);
}

TEST_CASE("a runtime that dies anywhere in a child's way back reaches the same end", "[children]") {
  const Nanoseconds at = GENERATE(range(1, 9)) * kMinute;
  TestPlan plan;
  const auto good = plan.metric("good"), bad = plan.metric("bad");
  add_branches(plan, bad, good);
  Driver driver = plan.drive();
  driver.metric(good, from(kHour));
  driver.metric(bad, from(3 * kMinute));
  driver.run_until(at);
  driver.crash(30 * kSecond);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  const Texts names = driver.callables();
  CHECK(std::ranges::count(names, "undo a") == 1);
  CHECK(std::ranges::count(names, "undo b") == 1);
}
