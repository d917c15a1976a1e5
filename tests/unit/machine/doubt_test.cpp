#include "driver.hpp"

// What became of an effect that nobody heard the end of, where more than one thing is under way.

namespace rollout::machine::test {

namespace {

using plan::BlockId;
using plan::BlockKind;
using plan::EffectClass;
using plan::HookKind;
using Texts = std::vector<std::string>;

Texts settled(const Driver& driver) {
  Texts texts;
  for (const Record* record : driver.all(RecordKind::Settled)) texts.push_back(Driver::text(record, "how"));
  return texts;
}

}  // namespace

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

}  // namespace rollout::machine::test
