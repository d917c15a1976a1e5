#include "tests/unit/machine/driver.hpp"

// What a run waits for before it begins: other rollouts, its window, the start that was planned.

namespace rollout::machine::test {
namespace {

using plan::Anchor;
using plan::BlockKind;

// kStart is 2027-01-15T08:00Z.
constexpr Nanoseconds kDay = 24 * kHour;

plan::Plan with_stage(const std::function<void(TestPlan&)>& more) {
  TestPlan plan;
  plan.begin_stage("one");
  plan.step("a");
  plan.end_stage();
  more(plan);
  return plan.finish();
}

void notify_before_start(TestPlan& plan, Nanoseconds offset) {
  const auto block = plan.command_block(BlockKind::Hook, "at start - D", "early");
  plan::Schedule schedule;
  schedule.anchor = Anchor::Start;
  schedule.offset = plan.build.duration_routine(offset);
  schedule.block = block;
  schedule.text = "at start - D";
  plan.build.rollout().schedules.push_back(std::move(schedule));
}

std::string refusal(const plan::Plan& plan, const RunOptions& options) {
  const auto machine = Machine::create(Driver::verified(plan), options, kStart);
  return machine ? "" : machine.error().message;
}

RunOptions planned(Nanoseconds after_start) {
  return {.run_id = "r1", .parameters = {}, .start_at = kStart + after_start};
}

}  // namespace

TEST_CASE("nothing begins before what the rollout requires has succeeded") {
  Driver driver(with_stage([](TestPlan& plan) {
    plan.build.rollout().requirements = {"database", "cache"};
    notify_before_start(plan, -kHour);
  }));
  driver.restore_always = GENERATE(false, true);
  driver.at(kMinute, RequirementMet{"database", "database-3"});
  driver.at(2 * kMinute, RequirementMet{"other", "other-1"});
  driver.at(3 * kMinute, RequirementMet{"database", "database-3"});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::RequirementOpened) == 2);
  CHECK(driver.count(RecordKind::RequirementMet) == 1);
  CHECK(driver.machine().open_requirements() == std::vector<std::string>{"cache"});
  CHECK(driver.machine().view().requirements == std::vector<std::string>{"cache"});
  CHECK(driver.state() == RunState::Waiting);
  CHECK(driver.started.empty());
  CHECK(!driver.machine().next_wakeup());
  driver.at(2 * kHour, RequirementMet{"cache", "cache-9"});
  driver.run_until(3 * kHour);
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables() == std::vector<std::string>{"a", "early"});
  CHECK(driver.first(RecordKind::StageEntered)->at == kStart + 2 * kHour);
}

TEST_CASE("a run that waits for a requirement can be paused, aborted and rolled back, and survives a restart") {
  Driver driver(with_stage([](TestPlan& plan) { plan.build.rollout().requirements = {"database"}; }));
  const std::string how = GENERATE("abort", "rollback", "pause", "crash");
  if (how == "abort") driver.say(kMinute, {Verb::Abort, "dana", "", ""});
  if (how == "rollback") driver.say(kMinute, {Verb::Rollback, "dana", "", ""});
  if (how == "pause") driver.say(kMinute, {Verb::Pause, "dana", "", ""});
  driver.run_until(2 * kMinute);
  if (how == "crash") driver.crash(kMinute);
  driver.at(kHour, RequirementMet{"database", "database-1"});
  driver.run_until(2 * kHour);
  INFO(how << "\n" << driver.journal());
  if (how == "abort") CHECK(driver.state() == RunState::Aborted);
  if (how == "rollback") CHECK(driver.state() == RunState::RolledBack);
  if (how == "pause") {
    CHECK(driver.state() == RunState::Paused);
    CHECK(driver.started.empty());
    driver.say(3 * kHour, {Verb::Resume, "dana", "", ""});
    driver.run_until(4 * kHour);
    CHECK(driver.state() == RunState::Succeeded);
  }
  if (how == "crash") CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a planned start holds back the first stage, and what comes before it is due before it") {
  Driver driver(Driver::verified(with_stage([](TestPlan& plan) { notify_before_start(plan, -2 * kHour); })),
                planned(5 * kHour));
  driver.restore_always = GENERATE(false, true);
  driver.run_until(4 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Waiting);
  CHECK(driver.machine().view().reason == "its start is planned for 2027-01-15T13:00:00Z");
  REQUIRE(driver.first(RecordKind::ScheduleRun));
  CHECK(driver.first(RecordKind::ScheduleRun)->at == kStart + 3 * kHour);
  driver.run_until(6 * kHour);
  CHECK(driver.first(RecordKind::StageEntered)->at == kStart + 5 * kHour);
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("a rollout without stages starts when it may, too") {
  TestPlan plan;
  plan.step("a");
  const bool by_window = GENERATE(false, true);
  if (by_window) plan.build.rollout().windows.push_back({10 * kHour, 11 * kHour, "UTC", {}});
  Driver driver(Driver::verified(plan.finish()),
                by_window ? RunOptions{.run_id = "r1", .parameters = {}} : planned(2 * kHour));
  driver.restore_always = GENERATE(false, true);
  driver.say(kMinute, {Verb::Pause, "dana", "", ""});
  driver.say(3 * kMinute, {Verb::Resume, "dana", "", ""});
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Waiting);
  CHECK(driver.started.empty());
  driver.run_until(3 * kHour);
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.first(RecordKind::StepStarted)->at == kStart + 2 * kHour);
}

TEST_CASE("a start that cannot be is refused, with the way out") {
  const auto early = [](TestPlan& plan) { notify_before_start(plan, -2 * kHour); };
  const auto night = [](TestPlan& plan) { plan.build.rollout().windows.push_back({2 * kHour, 4 * kHour, "UTC", {}}); };
  const auto never = [](TestPlan& plan) {
    plan.build.rollout().windows.push_back({2 * kHour, 4 * kHour, "UTC", {}});
    plan.build.plan().stages[0].windows.push_back({5 * kHour, 6 * kHour, "UTC", {}});
  };
  const auto elsewhere = [](TestPlan& plan) {
    plan.build.rollout().windows.push_back({2 * kHour, 4 * kHour, "Europe/Amsterdam", {}});
  };
  CHECK(refusal(with_stage(early), planned(-kMinute)) ==
        "the start is planned for 2027-01-15T07:59:00Z, which has passed: it is 2027-01-15T08:00:00Z");
  CHECK(refusal(with_stage(early), planned(kHour)) ==
        "with the start at 2027-01-15T09:00:00Z, `at start - D` would have to run at 2027-01-15T07:00:00Z, which has "
        "passed; "
        "plan it for 2027-01-15T10:00:00Z or later");
  CHECK(refusal(with_stage(early), planned(2 * kHour)).empty());
  CHECK(refusal(with_stage(night), planned(kHour)) ==
        "the start is planned for 2027-01-15T09:00:00Z, when the rollout may not start; it may from "
        "2027-01-16T02:00:00Z on");
  CHECK(refusal(with_stage(night), planned(kDay - 5 * kHour)).empty());
  CHECK(refusal(with_stage(never), {.run_id = "r1", .parameters = {}}) ==
        "no window of this rollout opens any more: its freezes and windows leave no instant");
  CHECK(refusal(with_stage(elsewhere), {.run_id = "r1", .parameters = {}}) ==
        "the rules of the time zone \"Europe/Amsterdam\" are missing");
}

TEST_CASE("windows in other zones go by the rules that the run was created with") {
  const plan::Zone zone{"Europe/Amsterdam", kHour, {}};
  Driver driver(Driver::verified(with_stage([](TestPlan& plan) {
                  plan.build.rollout().windows.push_back({10 * kHour, 11 * kHour, "Europe/Amsterdam", {}});
                })),
                {.run_id = "r1", .parameters = {}, .zones = {zone}});
  driver.restore_always = true;
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.first(RecordKind::StageEntered)->at == kStart + kHour);
}

}  // namespace rollout::machine::test
