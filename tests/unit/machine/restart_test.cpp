#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::EffectClass;
using rollout::plan::OutcomeKind;

namespace {

using Texts = std::vector<std::string>;

// One step that hangs until the runtime dies.
struct OneEffect {
  TestPlan plan;
  explicit OneEffect(EffectClass effect_class) {
    plan.begin_stage("one");
    plan.step("a", "undo a", effect_class);
    plan.end_stage();
  }
  // Runs it to the crash and back.
  Driver crashed() {
    Driver driver = plan.drive();
    driver.effects = [](const StartEffect& request) -> std::optional<Answer> {
      if (request.callable == "a" && !request.again) return std::nullopt;
      return Answer{};
    };
    driver.run_until(kMinute);
    driver.crash(kMinute);
    return driver;
  }
};

}  // namespace

TEST_CASE("a readonly or idempotent effect in doubt is started again under the same key") {
  OneEffect one(GENERATE(EffectClass::ReadOnly, EffectClass::Idempotent));
  Driver driver = one.crashed();
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  REQUIRE(driver.started.size() == 2);
  CHECK(driver.started[1].key == driver.started[0].key);
  CHECK(driver.started[1].effect == driver.started[0].effect);
  CHECK(driver.started[1].again);
  CHECK(driver.count(RecordKind::InDoubt) == 1);
  CHECK(driver.count(RecordKind::Settled) == 1);
}

TEST_CASE("an opaque effect in doubt waits for a person") {
  OneEffect one(GENERATE(EffectClass::Opaque, EffectClass::Irreversible));
  Driver driver = one.crashed();
  driver.run_until(kHour);
  INFO(driver.journal());
  REQUIRE(driver.state() == RunState::Paused);
  CHECK(driver.started.size() == 1);
  CHECK(driver.machine().view().reason == "unknown outcome of `a`");
  CHECK(driver.machine().view().effects.at(0).in_doubt);
  driver.say(kHour + kMinute, {Verb::Resume, "dana", "", ""});
  driver.run_until(kHour + 2 * kMinute);
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.count(RecordKind::PersonIgnored) == 1);
  // A second crash changes nothing about it.
  driver.crash(kMinute);
  CHECK(driver.state() == RunState::Paused);
  const auto verb = GENERATE(Verb::Retry, Verb::Promote, Verb::Rollback, Verb::Abort);
  driver.say(2 * kHour, {verb, "dana", "", ""});
  driver.run_until(3 * kHour);
  INFO(driver.journal());
  if (verb == Verb::Retry) CHECK(driver.callables() == Texts{"a", "a"});
  if (verb == Verb::Promote) CHECK(driver.callables() == Texts{"a"});
  if (verb == Verb::Rollback) CHECK(driver.callables() == Texts{"a", "undo a"});
  if (verb == Verb::Abort) CHECK(driver.callables() == Texts{"a"});
  const bool succeeds = verb == Verb::Retry || verb == Verb::Promote;
  CHECK((driver.state() == RunState::Succeeded) == succeeds);
  CHECK(driver.machine().finished());
}

TEST_CASE("a probe answers for the effect") {
  OneEffect one(EffectClass::Opaque);
  const auto probe = one.plan.command_block(BlockKind::Check, "is it there", "probe");
  for (auto& block : one.plan.build.plan().blocks) {
    if (block.name == "a") block.probe = probe;
  }
  const auto status = GENERATE(EffectStatus::Succeeded, EffectStatus::Failed, EffectStatus::NotStarted);
  Driver driver = one.plan.drive();
  int tries = 0;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "a" && ++tries == 1) return std::nullopt;
    return Answer{.status = request.callable == "probe" ? status : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  driver.run_until(kHour);
  INFO(driver.journal());
  if (status == EffectStatus::Succeeded) {
    CHECK(driver.callables() == Texts{"a", "probe"});
    CHECK(driver.state() == RunState::Succeeded);
  } else if (status == EffectStatus::Failed) {
    CHECK(driver.callables() == Texts{"a", "probe", "a"});
    CHECK(driver.started[2].key != driver.started[0].key);
    CHECK(driver.state() == RunState::Succeeded);
  } else {
    CHECK(driver.callables() == Texts{"a", "probe"});
    CHECK(driver.state() == RunState::Paused);
  }
}

TEST_CASE("a probe that passes ends the part of an action that it answers for, and the rest is carried out") {
  TestPlan plan;
  plan.begin_stage("one");
  const auto probe = plan.command_block(BlockKind::Check, "is it there", "probe");
  const auto action = plan.build.begin_block(BlockKind::Action, "act");
  const auto part = plan.build.begin_block(BlockKind::If, "");
  plan.build.emit(Op::Effect, plan.run("before"));
  plan.build.emit(Op::Effect, plan.run("change"));
  plan.build.end_block();
  plan.build.emit(Op::Run, part);
  plan.build.emit(Op::Effect, plan.run("read back"));
  plan.build.end_block();
  for (const auto block : {action, part}) plan.build.block(block).probe = probe;
  plan.build.emit(Op::Run, action);
  plan.end_stage();
  for (auto& effect : plan.build.plan().effects) {
    effect.effect_class = effect.text == "change" ? EffectClass::Opaque : EffectClass::ReadOnly;
  }
  const bool there = GENERATE(true, false);
  Driver driver = plan.drive();
  int tries = 0;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "change" && ++tries == 1) return std::nullopt;
    const bool fails = request.callable == "probe" && !there;
    return Answer{.status = fails ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.callables() == (there ? Texts{"before", "change", "probe", "read back"}
                                     : Texts{"before", "change", "probe", "before", "change", "read back"}));
  CHECK(driver.state() == RunState::Succeeded);
}

TEST_CASE("an undo in doubt leaves the rollback incomplete until a person takes it up again") {
  TestPlan plan;
  plan.step("a", "undo a");
  plan.step("boom");
  Driver driver = plan.drive();
  bool hangs = true;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "undo a" && hangs) return std::nullopt;
    return Answer{.status = request.callable == "boom" ? EffectStatus::Failed : EffectStatus::Succeeded};
  };
  driver.run_until(kMinute);
  driver.crash(kMinute);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RollbackIncomplete);
  hangs = false;
  driver.say(kHour, {Verb::Rollback, "lee", "", ""});
  driver.run_until(2 * kHour);
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(driver.callables() == Texts{"a", "boom", "undo a", "undo a"});
}

TEST_CASE("missed slots are made up, and the verdict equals that of an uninterrupted run") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 5 * kMinute, plan.response(OutcomeKind::Rollback), "bad for 5m");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard};
  plan.hold(20 * kMinute);
  plan.end_stage();
  plan.step("after");
  const auto verified = Driver::verified(plan.finish());
  const auto world = [](Nanoseconds since) { return Value::boolean(since >= 7 * kMinute && since < 16 * kMinute); };
  Driver plain(verified);
  plain.metric(bad, world);
  plain.run_until(kHour);
  REQUIRE(Driver::slot(plain.first(RecordKind::GuardFired)) == 12 * kMinute);
  const Nanoseconds at = GENERATE(3 * kMinute, 7 * kMinute, 11 * kMinute + kSecond);
  const Nanoseconds down = GENERATE(kSecond, 5 * kMinute, 24 * kHour);
  Driver driver(verified);
  driver.poll_latency = GENERATE(Nanoseconds{0}, 100'000'000);
  driver.metric(bad, world);
  driver.run_until(at);
  driver.crash(down);
  driver.run_until(48 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 12 * kMinute);
  CHECK(Driver::text(driver.first(RecordKind::GuardFired), "held") == "5m");
  CHECK(driver.started.empty());
}

TEST_CASE("a hold that ended while the runtime was down ends at its own slot, after all missed slots were decided") {
  TestPlan plan;
  const auto good = plan.metric("good");
  const auto guard = plan.guard(plan.metric("bad"), 0, plan.response(OutcomeKind::Rollback), "bad");
  rollout::plan::Hold row;
  row.least = plan.build.duration_routine(5 * kMinute);
  row.most = plan.build.duration_routine(10 * kMinute);
  row.until.push_back({plan.is_true(good, "good"), kNone, {good}, "good"});
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard};
  plan.build.emit(Op::Hold, plan.build.add(std::move(row)));
  plan.end_stage();
  plan.step("after");
  const bool goes_bad = GENERATE(false, true);
  Driver driver = plan.drive();
  driver.metric(good, [](Nanoseconds since) { return Value::boolean(since == 6 * kMinute); });
  driver.metric(1, [goes_bad](Nanoseconds since) { return Value::boolean(goes_bad && since >= 9 * kMinute); });
  driver.run_until(3 * kMinute);
  driver.crash(30 * kMinute);
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (goes_bad ? RunState::RolledBack : RunState::Succeeded));
  if (!goes_bad) CHECK(Driver::slot(driver.first(RecordKind::HoldEnded)) == 6 * kMinute);
  CHECK(driver.started.size() == (goes_bad ? 0 : 1));
}

TEST_CASE("sources without a past make missed slots unknown") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 3 * kMinute, plan.response(OutcomeKind::Rollback), "bad for 3m");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard};
  plan.hold(kHour);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.metrics[bad] = [&](Nanoseconds slot) {
    const bool past = slot < kStart + driver.now() - 30 * kSecond;
    return Reading{bad, past ? ReadingStatus::NoPast : ReadingStatus::Value, Value::boolean(true), {}, {}};
  };
  driver.run_until(90 * kSecond);
  driver.crash(3 * kMinute);
  driver.run_until(3 * kMinute + 40 * kSecond);
  CHECK(driver.state() != RunState::RolledBack);
  driver.run_until(kHour);
  INFO(driver.journal());
  // True at 0 and 1m; unknown at 2m and 3m; true from 4m on: the third minute is full at 6m.
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 6 * kMinute);
}

TEST_CASE("a poll that was under way is asked again") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard};
  plan.hold(kHour);
  plan.end_stage();
  Driver driver = plan.drive();
  driver.metric(bad, [](Nanoseconds) { return Value::boolean(true); });
  driver.sources_answer = false;
  driver.run_until(kSecond);
  REQUIRE(driver.polls.size() == 1);
  driver.sources_answer = true;
  driver.crash(kSecond);
  driver.run_until(kMinute);
  INFO(driver.journal());
  CHECK(driver.polls.size() == 2);
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("a limit that passed while the runtime was down comes before later slots") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto guard = plan.guard(bad, 0, plan.response(OutcomeKind::Rollback), "bad");
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {guard};
  const auto within = plan.build.begin_block(BlockKind::Within, "within");
  plan.hold(kHour);
  plan.build.end_block();
  plan.build.block(within).within = plan.build.duration_routine(10 * kMinute);
  plan.build.block(within).otherwise = plan.response(OutcomeKind::Abort);
  plan.build.emit(Op::Run, within);
  plan.end_stage();
  const Nanoseconds bad_from = GENERATE(10 * kMinute, 11 * kMinute);
  Driver driver = plan.drive();
  driver.metric(bad, [bad_from](Nanoseconds since) { return Value::boolean(since >= bad_from); });
  driver.run_until(3 * kMinute);
  driver.crash(kHour);
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  // At one instant the guard comes first.
  CHECK(driver.state() == (bad_from == 10 * kMinute ? RunState::RolledBack : RunState::Aborted));
}

TEST_CASE("whenever the runtime dies, the guards' verdicts are those of a run that never stopped") {
  TestPlan plan;
  const auto bad = plan.metric("bad");
  const auto worse = plan.metric("worse", ValueKind::Bool, 40 * kSecond);
  const auto held = plan.guard(bad, 3 * kMinute, plan.response(OutcomeKind::Rollback), "bad for 3m");
  const auto often = plan.guard(worse, 0, plan.response(OutcomeKind::Abort), "worse in 3 of 5");
  plan.build.plan().guards[often].of_m = 3;
  plan.build.plan().guards[often].of_n = 5;
  plan.build.rollout().missing_for = plan.build.duration_routine(10 * kMinute);
  const auto stage = plan.begin_stage("one");
  plan.build.block(stage).guards = {held, often};
  plan.hold(30 * kMinute);
  plan.end_stage();
  const auto verified = Driver::verified(plan.finish());
  const auto verdict = [](const Driver& driver) {
    std::string text(state_name(driver.state()));
    for (const RecordKind kind : {RecordKind::GuardFired, RecordKind::GuardBlind, RecordKind::GuardReset}) {
      for (const Record* record : driver.all(kind)) {
        text += "; " + Driver::text(record, "guard") + " " + rollout::plan::duration_text(Driver::slot(record));
      }
    }
    return text;
  };
  std::uint64_t seed = 12345;
  const auto random = [&seed](std::uint64_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
  };
  for (int round = 0; round < 60; ++round) {
    const auto salt = random(1'000'000);
    const auto world = [salt](std::uint64_t often_true) {
      return [salt, often_true](Nanoseconds since) {
        auto mix = (static_cast<std::uint64_t>(since / kSecond) + salt) * 0x9e3779b97f4a7c15u;
        mix ^= mix >> 29;
        const auto roll = (mix * 0xbf58476d1ce4e5b9u >> 32) % 100;
        return roll < 15 ? Value() : Value::boolean(roll < 15 + often_true);
      };
    };
    const auto play = [&](bool dies, Nanoseconds at, Nanoseconds down) {
      Driver driver(verified);
      driver.metric(bad, world(45));
      driver.metric(worse, world(30));
      driver.poll_latency = 20'000'000;
      driver.run_until(at);
      if (dies) driver.crash(down);
      driver.run_until(3 * kHour);
      return verdict(driver);
    };
    const auto at = static_cast<Nanoseconds>(random(29 * 60)) * kSecond;
    const auto down = static_cast<Nanoseconds>(1 + random(600)) * kSecond;
    CAPTURE(round, at / kSecond, down / kSecond);
    const std::string uninterrupted = play(false, at, down);
    // Down past the end of the hold it would still be watched.
    if (at + down > 29 * kMinute) continue;
    REQUIRE(play(true, at, down) == uninterrupted);
  }
}
