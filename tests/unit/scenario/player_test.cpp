#include "runtime/scenario/player.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/scenario/plans.hpp"

using namespace plans;
using machine::RecordKind;
using machine::RunState;
using scenario::ExpectedEnd;
using scenario::ExpectKind;
using scenario::Result;
using scenario::Scenario;
using scenario::WorldRule;

namespace {

// Errors of 9 % from five minutes into the canary: the guard (5 % for 2m) fires two minutes later.
Scenario failing(std::string name = "failing") {
  Scenario made = healthy(std::move(name));
  auto spike = signal("errors", Value::ratio(0.09));
  spike.from = at("canary", 5 * kMinute);
  made.signals.push_back(spike);
  return made;
}

}  // namespace

TEST_CASE("a healthy rollout succeeds", "[scenario]") {
  Scenario played = healthy();
  played.expectations.push_back(expect_end(ExpectedEnd::Succeeded));
  auto reached = expect(ExpectKind::Reached);
  reached.stage = "full";
  played.expectations.push_back(reached);
  const Result result = scenario::play(canary(), played);
  CHECK(failures(result) == kNoFailures);
  CHECK(result.passed);
  CHECK(result.state == RunState::Succeeded);
  REQUIRE(result.ended);
  CHECK(*result.ended - *result.start == 25 * kMinute);
  REQUIRE(result.traffic.size() == 2);
  CHECK(result.traffic[0].share == Value::ratio(0.05));
  CHECK(result.traffic[1].share == Value::ratio(1));
}

TEST_CASE("a guard rolls back at its slot, and what was done is undone", "[scenario]") {
  Scenario played = failing();
  played.expectations.push_back(expect_end(ExpectedEnd::RolledBack, "canary"));
  auto because = expect(ExpectKind::Because);
  because.text = "errors > 5%";
  played.expectations.push_back(because);
  auto undone = expect(ExpectKind::Called);
  undone.command = "kubectl set image app=old";
  undone.times = 1;
  played.expectations.push_back(undone);
  auto notified = expect(ExpectKind::Notified);
  notified.channel = "ops";
  notified.text = "errors > 5% for 2m";
  played.expectations.push_back(notified);
  const Result result = scenario::play(canary(), played);
  CHECK(failures(result) == kNoFailures);
  CHECK(result.state == RunState::RolledBack);
  CHECK(first(result, RecordKind::GuardPending) == 5 * kMinute);
  CHECK(first(result, RecordKind::GuardFired) == 7 * kMinute);
  REQUIRE_FALSE(result.traffic.empty());
  CHECK(result.traffic.back().share == Value::ratio(0));
  CHECK_FALSE(result.samples.empty());
}

TEST_CASE("missing data pauses and never promotes", "[scenario]") {
  Scenario played = healthy();
  auto gone = missing("errors");
  gone.from = at("canary", 5 * kMinute);
  played.signals.push_back(gone);
  played.expectations.push_back(expect_end(ExpectedEnd::Paused, "canary"));
  played.expectations.push_back(expect(ExpectKind::Blind));
  auto reached = expect(ExpectKind::Reached);
  reached.stage = "full";
  reached.negated = true;
  played.expectations.push_back(reached);
  const Result result = scenario::play(canary(), played);
  CHECK(failures(result) == kNoFailures);
  CHECK(result.last - result.created < 3 * kDay);
}

TEST_CASE("a crash in the middle changes no verdict", "[scenario]") {
  const Result whole = scenario::play(canary(), failing());
  for (const Nanoseconds down_for : {Nanoseconds{0}, 10 * kSecond, 90 * kSecond, 10 * kMinute}) {
    for (const Nanoseconds when : {kMinute, 5 * kMinute, 6 * kMinute, 6 * kMinute + 7 * kSecond}) {
      Scenario crashed = failing();
      crashed.crashes.push_back({at("canary", when), down_for, {}});
      const Result result = scenario::play(canary(), crashed);
      CAPTURE(when, down_for, failures(result));
      CHECK(result.state == RunState::RolledBack);
      const auto slot_of = [](const Result& one) {
        for (const auto& record : one.trace) {
          if (record.kind == RecordKind::GuardFired) return record.find("slot")->as_integer() - one.created;
        }
        return Nanoseconds{-1};
      };
      CHECK(slot_of(result) == slot_of(whole));
      CHECK(first(result, RecordKind::Restarted).has_value());
    }
  }
}

TEST_CASE("a failing command fails the step and rolls back", "[scenario]") {
  Scenario played = healthy();
  auto rule = command("kubectl set image app=new", WorldRule::Answer::Fails);
  rule.why = "the image does not exist";
  played.world.push_back(rule);
  played.expectations.push_back(expect_end(ExpectedEnd::RolledBack));
  const Result result = scenario::play(canary(), played);
  CHECK(failures(result) == kNoFailures);
  CHECK(result.reason.find("the image does not exist") != std::string::npos);
}

TEST_CASE("a command that fails once succeeds at its retry", "[scenario]") {
  Scenario played = healthy();
  auto rule = command("kubectl set image app=new", WorldRule::Answer::Fails);
  rule.times = 1;
  played.world.push_back(rule);
  played.expectations.push_back(expect_end(ExpectedEnd::Succeeded));
  auto called = expect(ExpectKind::Called);
  called.command = "kubectl set image app=new";
  called.times = 2;
  played.expectations.push_back(called);
  CanaryOptions options;
  options.retries = 1;
  CHECK(failures(scenario::play(canary(options), played)) == kNoFailures);
}

TEST_CASE("a command that hangs ends at its time limit", "[scenario]") {
  Scenario played = healthy();
  played.world.push_back(command("kubectl set image app=new", WorldRule::Answer::Hangs));
  played.expectations.push_back(expect_end(ExpectedEnd::RolledBack));
  CanaryOptions options;
  options.timeout = 30 * kSecond;
  const Result result = scenario::play(canary(options), played);
  CHECK(failures(result) == kNoFailures);
  CHECK(first(result, RecordKind::RollbackStarted) == 30 * kSecond);
}

TEST_CASE("a hanging command is cancelled by a rollback", "[scenario]") {
  Scenario played = failing();
  played.signals.back().from = at("canary");
  played.world.push_back(command("kubectl set image app=new", WorldRule::Answer::Hangs));
  played.expectations.push_back(expect_end(ExpectedEnd::RolledBack));
  CanaryOptions options;
  options.timeout = kHour;
  const Result result = scenario::play(canary(options), played);
  CHECK(failures(result) == kNoFailures);
  CHECK(first(result, RecordKind::GuardFired) == 2 * kMinute);
  CHECK(*result.ended - *result.start < 3 * kMinute);
}

TEST_CASE("a refused approval aborts", "[scenario]") {
  Scenario played = healthy();
  scenario::Person no;
  no.kind = scenario::PersonKind::Reject;
  no.gate = "Go";
  no.who = "kim";
  no.after = 10 * kMinute;
  played.people.push_back(no);
  played.expectations.push_back(expect_end(ExpectedEnd::Aborted));
  auto reached = expect(ExpectKind::Reached);
  reached.stage = "canary";
  reached.negated = true;
  played.expectations.push_back(reached);
  CanaryOptions options;
  options.gate = true;
  const Result result = scenario::play(canary(options), played);
  CHECK(failures(result) == kNoFailures);
  CHECK(*result.ended - *result.start == 10 * kMinute);
}

TEST_CASE("an approval that nobody gives times out", "[scenario]") {
  Scenario played = healthy();
  played.people.clear();
  auto end = expect_end(ExpectedEnd::Aborted);
  end.timing.at = at(kHour);
  played.expectations.push_back(end);
  CanaryOptions options;
  options.gate = true;
  CHECK(failures(scenario::play(canary(options), played)) == kNoFailures);
}

TEST_CASE("people at the console steer the run", "[scenario]") {
  Scenario played = healthy();
  scenario::Console back;
  back.at = at("full", kMinute);
  back.verb = scenario::ConsoleVerb::Rollback;
  back.reason = "customers complain";
  back.who = "lee";
  played.console.push_back(back);
  auto end = expect_end(ExpectedEnd::RolledBack, "full");
  end.timing.at = at("full", kMinute);
  played.expectations.push_back(end);
  auto because = expect(ExpectKind::Because);
  because.text = "customers complain";
  played.expectations.push_back(because);
  CHECK(failures(scenario::play(canary(), played)) == kNoFailures);
}

TEST_CASE("a pause at the console lasts until somebody resumes", "[scenario]") {
  Scenario played = healthy();
  scenario::Console one;
  one.at = at("canary", 5 * kMinute);
  one.verb = scenario::ConsoleVerb::Pause;
  played.console.push_back(one);
  one.at = at("canary", 25 * kMinute);
  one.verb = scenario::ConsoleVerb::Resume;
  played.console.push_back(one);
  played.expectations.push_back(expect_end(ExpectedEnd::Succeeded));
  const Result result = scenario::play(canary(), played);
  CHECK(failures(result) == kNoFailures);
  // Holds do not count the paused time.
  CHECK(*result.ended - *result.start == 45 * kMinute);
}

TEST_CASE("the same scenario gives the same trace", "[scenario]") {
  Scenario played = failing();
  auto noisy = signal("errors", Value::ratio(0.045));
  noisy.value.kind = scenario::SignalValue::Kind::Noise;
  noisy.value.second = Value::ratio(0.01);
  played.signals.back() = noisy;
  const Result one = scenario::play(canary(), played);
  const Result two = scenario::play(canary(), played);
  CHECK(one.trace == two.trace);
  CHECK(one.samples == two.samples);
  CHECK(one.calls == two.calls);
  played.name = "another seed";
  CHECK_FALSE(scenario::play(canary(), played).samples == one.samples);
}

TEST_CASE("virtual time begins where the window opens", "[scenario]") {
  CanaryOptions options;
  options.window = true;
  const auto plan = canary(options);
  CHECK(plan::instant_text(scenario::creation_instant(**plan, healthy())) == "2026-01-05T02:00:00Z");
  Scenario played = healthy();
  played.starts = scenario::creation_instant(**plan, played) - 10 * kHour;  // 16:00: the window is closed
  played.expectations.push_back(expect_end(ExpectedEnd::Succeeded));
  const Result result = scenario::play(plan, played);
  CHECK(failures(result) == kNoFailures);
  CHECK(*result.start - result.created == 10 * kHour);
  CHECK(*result.ended - *result.start == 25 * kMinute);
}

TEST_CASE("a play is bounded", "[scenario]") {
  Scenario played = healthy();
  scenario::PlayOptions options;
  options.most_events = 50;
  Result result = scenario::play(canary(), played, options);
  CHECK_FALSE(result.passed);
  CHECK(failures(result).find("had not ended after 50 events") != std::string::npos);
  options = {};
  options.most_time = 5 * kMinute;
  result = scenario::play(canary(), played, options);
  CHECK_FALSE(result.passed);
  CHECK(failures(result).find("had not ended 5m after") != std::string::npos);
}

TEST_CASE("a slot of many guards costs two events", "[scenario]") {
  CanaryOptions options;
  options.hold = kDay;
  options.more_guards = 9;
  Scenario played = healthy();
  for (int i = 0; i < 9; ++i) played.signals.push_back(signal("calm" + std::to_string(i), Value::ratio(0.1)));
  played.expectations.push_back(expect_end(ExpectedEnd::Succeeded));
  const Result result = scenario::play(canary(options), played);
  CHECK(failures(result) == kNoFailures);
  const std::uint64_t slots = 24 * 60 * 4;
  CHECK(result.events < 2 * slots + 100);
}
