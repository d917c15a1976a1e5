#include "runtime/machine/snapshot.hpp"

#include <random>

#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::EffectClass;
using rollout::plan::GateKind;
using rollout::plan::HookKind;
using rollout::plan::OutcomeKind;

namespace {

// A plan with a bit of everything.
struct Everything {
  TestPlan plan;
  rollout::plan::MetricId bad, good;
  std::shared_ptr<const rollout::plan::VerifiedPlan> verified;

  Everything() {
    bad = plan.metric("bad");
    good = plan.metric("good", ValueKind::Bool, 30 * kSecond);
    const auto role = plan.role("managers", {"dana", "kim"});
    plan.traffic_via();
    const auto channel = plan.command_block(BlockKind::Channel, "ops", "send");
    rollout::plan::Notification note;
    note.channel = plan.build.add(rollout::plan::Channel{"ops", channel, kNone, {}, {}});
    note.text = plan.build.string_routine("hello");
    const auto notification = plan.build.add(note);
    rollout::plan::Gate gate;
    gate.kind = GateKind::Approve;
    gate.text = plan.build.string_routine("go?");
    gate.role = role;
    gate.within = plan.build.duration_routine(kHour);
    plan.build.emit(Op::Gate, plan.build.add(gate));
    stage_one(notification);
    stage_two();
    plan.hook(HookKind::Rollback, "on rollback");
    plan.hook(HookKind::Success, "on success");
    verified = Driver::verified(plan.finish());
  }

  void stage_one(rollout::plan::NotificationId notification) {
    const auto rollback = plan.response(OutcomeKind::Rollback, "it was bad");
    const auto companion = plan.command_block(BlockKind::Every, "beat", "beat", EffectClass::ReadOnly);
    plan.build.block(companion).every = plan.build.duration_routine(90 * kSecond);
    const auto one = plan.begin_stage("one");
    plan.build.block(one).guards = {plan.guard(bad, 2 * kMinute, rollback, "bad for 2m")};
    plan.build.block(one).companions = {companion};
    const auto step = plan.step("a", "undo a");
    plan.build.block(step).retries = 2;
    plan.traffic(0.05);
    plan.parallel({"p", "q"}, [&](const std::string& name) { plan.step(name, "undo " + name); });
    plan.build.emit(Op::Notify, notification);
    plan.hold(4 * kMinute);
    plan.end_stage();
  }

  void stage_two() {
    const auto two = plan.begin_stage("two");
    plan.build.block(two).guards = {plan.guard(bad, 0, plan.response(OutcomeKind::Pause), "bad")};
    plan.traffic(0.5);
    rollout::plan::Hold row;
    row.least = plan.build.duration_routine(2 * kMinute);
    row.most = plan.build.duration_routine(10 * kMinute);
    row.until.push_back({plan.is_true(good, "good"), plan.build.duration_routine(kMinute), {good}, "good"});
    plan.build.emit(Op::Hold, plan.build.add(std::move(row)));
    plan.step("last", "undo last");
    plan.end_stage();
  }

  Driver drive(unsigned world) const {
    Driver driver(verified);
    driver.poll_latency = 70'000'000;
    std::mt19937 random(world);
    const auto bad_from = static_cast<Nanoseconds>(random() % 20) * kMinute;
    const auto bad_to = bad_from + static_cast<Nanoseconds>(random() % 5) * kMinute;
    const bool fails = random() % 3 == 0;
    driver.metric(bad, [=](Nanoseconds since) {
      if (since % (7 * kMinute) == 0 && since > 0) return Value();
      return Value::boolean(since >= bad_from && since < bad_to);
    });
    driver.metric(good, [=](Nanoseconds since) { return Value::boolean(since > 8 * kMinute); });
    driver.effects = [fails](const StartEffect& request) {
      const bool bad_one = fails && request.callable == "last";
      return Answer{.status = bad_one ? EffectStatus::Failed : EffectStatus::Succeeded, .after = kSecond};
    };
    driver.say(kMinute, {Verb::Approve, "dana", "", ""});
    driver.say(5 * kMinute, {Verb::Pause, "kim", "", ""});
    driver.say(6 * kMinute, {Verb::Resume, "kim", "", ""});
    driver.say(40 * kMinute, {Verb::Promote, "kim", "", ""});
    return driver;
  }
};

}  // namespace

TEST_CASE("a machine restored after every event goes on exactly as the one that never stopped") {
  Everything everything;
  for (unsigned world = 0; world < 40; ++world) {
    Driver plain = everything.drive(world);
    plain.run_until(2 * kHour);
    Driver restored = everything.drive(world);
    restored.restore_always = true;
    restored.run_until(2 * kHour);
    CAPTURE(world);
    REQUIRE(restored.journal() == plain.journal());
    REQUIRE(restored.machine().snapshot() == plain.machine().snapshot());
    REQUIRE(plain.records.size() > 20);
  }
}

TEST_CASE("the same inputs give the same bytes") {
  Everything everything;
  Driver one = everything.drive(3);
  Driver two = everything.drive(3);
  one.run_until(7 * kMinute);
  two.run_until(7 * kMinute);
  CHECK(one.machine().snapshot() == two.machine().snapshot());
}

TEST_CASE("a snapshot of another plan or a damaged one is refused") {
  Everything everything;
  Driver driver = everything.drive(1);
  driver.run_until(3 * kMinute);
  const std::string stored = driver.machine().snapshot();
  TestPlan other;
  other.step("a");
  const auto verified = Driver::verified(other.finish());
  const auto wrong = Machine::restore(verified, stored);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "the stored state belongs to another plan");
  for (std::size_t size = 0; size < stored.size(); size += 1 + size / 7) {
    CHECK_FALSE(Machine::restore(everything.verified, stored.substr(0, size)));
  }
  CHECK_FALSE(Machine::restore(everything.verified, stored + "x"));
  CHECK_FALSE(Machine::restore(everything.verified, ""));
}

// The checksum is put right, so that the mutated bytes reach the reader and the checks behind it.
TEST_CASE("mutated snapshots give an error or a machine that never faults") {
  Everything everything;
  std::mt19937 random(11);  // NOLINT: the same cases each time
  std::size_t accepted = 0;
  for (unsigned world = 0; world < 6; ++world) {
    Driver driver = everything.drive(world);
    driver.run_until(static_cast<Nanoseconds>(world) * 4 * kMinute + 2 * kMinute);
    const std::string stored = driver.machine().snapshot();
    for (int round = 0; round < 300; ++round) {
      std::string bytes = stored;
      for (unsigned changes = 1 + static_cast<unsigned>(random() % 4); changes > 0; --changes) {
        bytes[random() % bytes.size()] = static_cast<char>(random() % 3 == 0 ? random() : random() % 8);
      }
      repair_checksum(bytes);
      auto machine = Machine::restore(everything.verified, bytes);
      if (!machine) continue;
      ++accepted;
      Nanoseconds now = kStart + kHour;
      machine->apply(Restarted{}, now);
      for (int turn = 0; turn < 30; ++turn) {
        const auto wake = machine->next_wakeup();
        now = wake ? std::max(now, *wake) : now;
        Reaction reaction = machine->apply(Wake{}, now);
        for (const Request& request : reaction.requests) {
          if (const auto* start = std::get_if<StartEffect>(&request)) {
            machine->apply(EffectDone{start->effect, EffectStatus::Succeeded, {}, {}}, now);
          }
        }
        if (turn == 20) machine->apply(PersonSaid{Verb::Rollback, "x", "", ""}, now);
        if (turn == 25) machine->apply(PersonSaid{Verb::Promote, "x", "", ""}, now);
      }
      (void)machine->view();
      (void)machine->snapshot();
    }
  }
  CHECK(accepted > 100);
}
