#include "driver.hpp"

// Calls of plugins: an outcome that nobody knows, without a death of the runtime; and after one, that the plugin is
// asked.

namespace rollout::machine::test {

namespace {

using plan::BlockKind;
using plan::EffectClass;
using plan::OutcomeKind;
using Texts = std::vector<std::string>;

// A plan of one step that calls a plugin.
struct PluginStep {
  TestPlan plan;

  explicit PluginStep(EffectClass effect_class, bool probed = false) {
    plan::BlockId probe = kNone;
    if (probed) {
      probe = plan.build.begin_block(BlockKind::Check, "is it there");
      plan.build.emit(Op::Effect, call("probe", EffectClass::ReadOnly));
      plan.build.end_block();
    }
    const plan::BlockId block = plan.build.begin_block(BlockKind::Step, "step");
    plan.build.emit(Op::Effect, call("shift", effect_class));
    plan.build.end_block();
    plan.build.block(block).probe = probe;
    plan.build.block(block).retries = 3;
    plan.build.emit(Op::Run, block);
  }

  plan::EffectId call(const std::string& operation, EffectClass effect_class) {
    plan::Effect row;
    row.kind = plan::EffectKind::Plugin;
    row.effect_class = effect_class;
    row.text = operation;
    row.arguments.push_back({"plugin", plan.build.string_routine("acme")});
    row.arguments.push_back({"method", plan.build.string_routine("call")});
    row.arguments.push_back({"operation", plan.build.string_routine(operation)});
    return plan.build.add(std::move(row));
  }
};

// The plugin dies over the first `shift`, then does what it is told; `asked`: what it says when it is only asked.
auto dies_once(EffectStatus asked = EffectStatus::InDoubt) {
  return [tries = 0, asked](const StartEffect& request) mutable -> std::optional<Answer> {
    if (request.ask) return Answer{.status = asked};
    const bool first = request.callable == "plugin acme.shift" && ++tries == 1;
    return Answer{.status = first ? EffectStatus::InDoubt : EffectStatus::Succeeded, .error = first ? "it died" : ""};
  };
}

}  // namespace

TEST_CASE("a call that a plugin died over is no failure: an idempotent one is made again under its key") {
  PluginStep one(EffectClass::Idempotent);
  Driver driver = one.plan.drive();
  driver.effects = dies_once();
  driver.run_until(kMinute);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  REQUIRE(driver.callables() == Texts{"plugin acme.shift", "plugin acme.shift"});
  CHECK(driver.started[0].key == driver.started[1].key);
  CHECK(driver.started[1].again);
}

TEST_CASE("a call that a plugin died over is never retried by itself: a person decides") {
  PluginStep one(EffectClass::Opaque);
  Driver driver = one.plan.drive();
  driver.effects = dies_once();
  driver.run_until(kMinute);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.callables() == Texts{"plugin acme.shift"});
  const auto verb = GENERATE(Verb::Retry, Verb::Promote);
  driver.say(2 * kMinute, {verb, "lee", "", ""});
  driver.run_until(kHour);
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables().size() == (verb == Verb::Retry ? 2 : 1));
}

TEST_CASE("a call that a plugin died over is settled by its probe") {
  PluginStep one(EffectClass::Opaque, true);
  Driver driver = one.plan.drive();
  driver.effects = dies_once();
  driver.run_until(kMinute);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.callables() == Texts{"plugin acme.shift", "plugin acme.probe"});
}

TEST_CASE("after a death of the runtime the plugin is asked first, and what it says is the outcome") {
  const auto said = GENERATE(EffectStatus::Succeeded, EffectStatus::Failed, EffectStatus::InDoubt);
  PluginStep one(EffectClass::Opaque);
  Driver driver = one.plan.drive();
  driver.effects = [](const StartEffect&) -> std::optional<Answer> { return std::nullopt; };
  driver.run_until(kMinute);
  driver.effects = [said](const StartEffect& request) -> std::optional<Answer> {
    return Answer{.status = request.ask ? said : EffectStatus::Succeeded};
  };
  driver.crash(kMinute);
  driver.run_until(kHour);
  INFO(driver.journal());
  REQUIRE(driver.started.size() >= 2);
  CHECK(driver.started[1].ask);
  CHECK(driver.started[1].key == driver.started[0].key);
  if (said == EffectStatus::InDoubt) {
    CHECK(driver.state() == RunState::Paused);
    CHECK(driver.started.size() == 2);
  } else {
    CHECK(driver.state() == RunState::Succeeded);
    CHECK(driver.started.size() == (said == EffectStatus::Succeeded ? 2 : 3));
  }
}

TEST_CASE("a plugin's call in doubt whose step is being stopped is left, and undone with the rest") {
  TestPlan plan;
  plan::BlockId back = plan.command_block(BlockKind::Undo, "undo", "back");
  plan::Effect row;
  row.kind = plan::EffectKind::Plugin;
  row.text = "shift";
  row.arguments = {{"plugin", plan.build.string_routine("acme")},
                   {"method", plan.build.string_routine("call")},
                   {"operation", plan.build.string_routine("shift")}};
  const plan::BlockId block = plan.build.begin_block(BlockKind::Step, "step");
  plan.build.emit(Op::Effect, plan.build.add(std::move(row)));
  plan.build.end_block();
  plan.build.block(block).undo = back;
  plan.build.emit(Op::Run, block);
  Driver driver = plan.drive();
  driver.cancels_answer = false;
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.kind == RequestKind::Plugin) return std::nullopt;
    return Answer{};
  };
  driver.say(kMinute, {Verb::Rollback, "lee", "", "enough"});
  driver.run_until(2 * kMinute);
  REQUIRE(driver.cancelled.size() == 1);
  driver.finish_effect(driver.cancelled.front(), EffectStatus::InDoubt);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(Driver::text(driver.first(RecordKind::Settled), "how") == "left: its step was being stopped");
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"plugin acme.shift", "back"});
}

TEST_CASE("a probe that its plugin died over cannot say: a person decides") {
  PluginStep one(EffectClass::Opaque, true);
  Driver driver = one.plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.status = EffectStatus::InDoubt, .error = "it died"}; };
  driver.run_until(kMinute);
  INFO(driver.journal());
  CHECK(driver.callables() == Texts{"plugin acme.shift", "plugin acme.probe"});
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.machine().view().reason ==
        "unknown outcome of `shift`: its probe could not say: `probe` in doubt: it died");
  CHECK(driver.count(RecordKind::InDoubt) == 1);
}

TEST_CASE("a probe that is being stopped leaves nothing to decide, whatever becomes of its call") {
  const bool dies = GENERATE(false, true);
  PluginStep one(EffectClass::Opaque, true);
  Driver driver = one.plan.drive();
  driver.cancels_answer = false;
  driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "plugin acme.probe") return std::nullopt;
    return Answer{.status = EffectStatus::InDoubt};
  };
  driver.say(kMinute, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kMinute);
  REQUIRE(driver.cancelled == std::vector{driver.started.back().effect});
  if (dies) {
    driver.crash(kMinute);
  } else {
    driver.finish_effect(driver.cancelled.front(), EffectStatus::InDoubt);
  }
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.count(RecordKind::InDoubt) == 1);
  CHECK(driver.count(RecordKind::Settled) == 1);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.machine().finished());
}

}  // namespace rollout::machine::test
