#include "runtime/console/timeline.hpp"

#include <catch2/catch.hpp>

#include "runtime/console/live.hpp"
#include "tests/unit/console/golden.hpp"
#include "tests/unit/console/records.hpp"

using namespace rollout;
using namespace records;

namespace {

const std::string kSlow = R"(p95("contacts") > 600ms for 10m)";

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::vector<Record> opening() {
  return {
      at(0, RecordKind::RunCreated, {{"rollout", text("portal_api")}, {"run", text("r1")}}),
      at(0, RecordKind::GateOpened,
         {{"gate", text("Before deployment")},
          {"kind", text("checklist")},
          {"role", text("release_manager")},
          {"members", Value::list({text("dana"), text("kim")})},
          {"needed", Value::number(1)},
          {"deadline", Value::instant(kStart + 240 * kMinute)},
          {"items", Value::list({text("Staging validated"), text("On-call engineer available")})}}),
      at(2 * kMinute, RecordKind::GateAnswered,
         {{"gate", text("Before deployment")},
          {"verb", text("tick")},
          {"who", text("dana")},
          {"item", text("Staging validated")}}),
      at(2 * kMinute, RecordKind::GateAnswered,
         {{"gate", text("Before deployment")},
          {"verb", text("tick")},
          {"who", text("kim")},
          {"item", text("On-call engineer available")}}),
      at(2 * kMinute, RecordKind::GateClosed, {{"gate", text("Before deployment")}, {"how", text("complete")}}),
      at(2 * kMinute, RecordKind::GateOpened,
         {{"gate", text("Go / no-go")},
          {"kind", text("approve")},
          {"role", text("release_manager")},
          {"needed", Value::number(1)},
          {"deadline", Value::instant(kStart + 62 * kMinute)}}),
      at(5 * kMinute, RecordKind::GateAnswered,
         {{"gate", text("Go / no-go")}, {"verb", text("approve")}, {"who", text("dana")}}),
      at(5 * kMinute, RecordKind::GateClosed, {{"gate", text("Go / no-go")}, {"how", text("approved")}}),
      at(5 * kMinute, RecordKind::StateChanged, {{"from", text("waiting")}, {"to", text("running")}}),
      at(5 * kMinute, RecordKind::StageEntered, {{"stage", text("canary")}}),
      at(5 * kMinute, RecordKind::GuardArmed, {{"guard", text(kSlow)}, {"stage", text("canary")}}),
      at(5 * kMinute, RecordKind::GuardArmed, {{"guard", text("errors_5xx > 5% for 2m")}, {"stage", text("canary")}}),
      at(5 * kMinute, RecordKind::Intent,
         {{"effect", Value::number(1)},
          {"kind", text("run")},
          {"callable", text("kubectl set image deployment/portal-api")}}),
      at(5 * kMinute + 3 * kSecond, RecordKind::Outcome, {{"effect", Value::number(1)}, {"status", text("succeeded")}}),
      at(5 * kMinute + 3 * kSecond, RecordKind::TrafficChanged,
         {{"from", Value::missing()}, {"to", Value::ratio(0.05)}}),
      at(5 * kMinute + 3 * kSecond, RecordKind::HoldStarted, {{"hold", text("hold 15m..30m until health > 99.9%")}}),
      at(20 * kMinute + 3 * kSecond, RecordKind::HoldEnded,
         {{"hold", text("hold 15m..30m")}, {"held", Value::duration(15 * kMinute)}, {"how", text("done")}}),
      at(20 * kMinute + 3 * kSecond, RecordKind::StageDone, {{"stage", text("canary")}}),
      at(20 * kMinute + 3 * kSecond, RecordKind::StageEntered, {{"stage", text("expanded")}}),
      at(20 * kMinute + 3 * kSecond, RecordKind::TrafficChanged,
         {{"from", Value::ratio(0.05)}, {"to", Value::ratio(0.25)}}),
  };
}

std::vector<Record> rolled_back() {
  auto list = opening();
  const auto more = std::vector<Record>{
      at(26 * kMinute, RecordKind::GuardPending,
         {{"guard", text(kSlow)},
          {"observed", Value::duration(700'000'000)},
          {"threshold", Value::duration(600'000'000)}}),
      at(36 * kMinute, RecordKind::GuardFired,
         {{"guard", text(kSlow)},
          {"held", Value::duration(10 * kMinute)},
          {"observed", Value::duration(712'000'000)},
          {"threshold", Value::duration(600'000'000)},
          {"response", text("rollback")}}),
      at(36 * kMinute, RecordKind::StateChanged,
         {{"from", text("running")}, {"to", text("rolling back")}, {"reason", text(kSlow)}}),
      at(36 * kMinute, RecordKind::RollbackStarted, {{"reason", text(kSlow)}}),
      at(36 * kMinute + 2 * kSecond, RecordKind::TrafficChanged,
         {{"from", Value::ratio(0.25)}, {"to", Value::ratio(0)}}),
      at(36 * kMinute + 2 * kSecond, RecordKind::UndoDone, {{"what", text("traffic 0%")}}),
      at(36 * kMinute + 4 * kSecond, RecordKind::UndoDone, {{"what", text("kubernetes.set_image")}}),
      at(36 * kMinute + 4 * kSecond, RecordKind::Notified,
         {{"channel", text("ops")},
          {"text", text("portal-api v1.0.0-rc.1 rolled back: " + kSlow)},
          {"severity", text("info")}}),
      at(36 * kMinute + 4 * kSecond, RecordKind::RunEnded, {{"state", text("rolled back")}, {"reason", text(kSlow)}}),
  };
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

}  // namespace

TEST_CASE("a rollback as a timeline", "[console]") {
  check_golden("rollback.txt", console::timeline(rolled_back(), {100, false, "portal_api: a latency spike at 25 %"}));
}

TEST_CASE("a narrow terminal breaks the words, never the columns", "[console]") {
  const auto lines = console::timeline(rolled_back(), {72, false, {}});
  for (const std::string& line : lines) CHECK(console::columns(line) <= 72);
  check_golden("rollback_narrow.txt", lines);
}

TEST_CASE("colours change no letter of a timeline", "[console]") {
  const auto plain = console::timeline(rolled_back(), {100, false, "title"});
  const auto coloured = console::timeline(rolled_back(), {100, true, "title"});
  REQUIRE(plain.size() == coloured.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    std::string stripped;
    for (std::size_t at = 0; at < coloured[i].size(); ++at) {
      if (coloured[i][at] == '\x1b')
        at = coloured[i].find('m', at);
      else
        stripped += coloured[i][at];
    }
    while (stripped.ends_with(' ')) stripped.pop_back();
    CHECK(stripped == plain[i]);
  }
}

TEST_CASE("a guard that comes and goes is told once", "[console]") {
  auto list = opening();
  for (int i = 0; i < 40; ++i) {
    const Nanoseconds when = (21 + i) * kMinute;
    list.push_back(
        at(when, RecordKind::GuardPending, {{"guard", text(kSlow)}, {"observed", Value::duration(610'000'000)}}));
    list.push_back(at(when + 15 * kSecond, RecordKind::GuardReset,
                      {{"guard", text(kSlow)}, {"observed", Value::duration(590'000'000)}}));
  }
  check_golden("flapping.txt", console::timeline(list, {100, false, {}}));
}

TEST_CASE("a check is told by the verify that names it, whatever its module is called there", "[console]") {
  auto list = opening();
  const auto passed = [&](std::string check) {
    list.push_back(at(21 * kMinute, RecordKind::CheckPassed, {{"check", text(std::move(check))}}));
  };
  passed("signals.serves");
  passed("verify see.serves(\"api\")");
  passed("signals.migrated");
  passed("verify all of [see.migrated_all, quiet]");
  const std::string told = joined(console::timeline(list, {100, false, {}}));
  CHECK(told.find("verified: signals.serves") == std::string::npos);
  CHECK(told.find("verified: see.serves(\"api\")") != std::string::npos);
  CHECK(told.find("verified: signals.migrated") != std::string::npos);
}

TEST_CASE("a rate is told in the unit of what it is compared with", "[console]") {
  auto list = opening();
  list.push_back(at(21 * kMinute, RecordKind::GuardPending,
                    {{"guard", text("rate(memory, over: 1h) > 2%/h for 30m")},
                     {"observed", Value::rate(plan::ValueKind::RatioRate, 0.366 / 3600)},
                     {"threshold", Value::rate(plan::ValueKind::RatioRate, 0.02 / 3600)}}));
  CHECK(joined(console::timeline(list, {100, false, {}})).find("now 36.6%/h") != std::string::npos);
  CHECK(console::record_line(list.back(), false).find("(36.6%/h)") != std::string::npos);
}

TEST_CASE("missing data, a pause and a restart as a timeline", "[console]") {
  auto list = opening();
  const auto more = std::vector<Record>{
      at(25 * kMinute, RecordKind::Restarted, {{"missed_slots", Value::number(4)}}),
      at(30 * kMinute, RecordKind::GuardUnknown, {{"guard", text(kSlow)}, {"why", text("no data")}}),
      at(35 * kMinute, RecordKind::GuardBlind, {{"guard", text(kSlow)}, {"unknown_slots", Value::number(21)}}),
      at(35 * kMinute, RecordKind::StateChanged, {{"from", text("running")}, {"to", text("paused")}}),
      at(35 * kMinute, RecordKind::Paused, {{"reason", text("no data for 5m: " + kSlow)}}),
      at(35 * kMinute, RecordKind::NotifyFailed, {{"channel", text("ops")}, {"error", text("evil \x1b[31m\nserver")}}),
      at(36 * kMinute, RecordKind::PersonIgnored,
         {{"verb", text("resume")}, {"who", text("eve")}, {"why", text("eve is not in release_manager")}}),
  };
  list.insert(list.end(), more.begin(), more.end());
  check_golden("paused.txt", console::timeline(list, {100, false, {}}));
}

TEST_CASE("nothing at all has a timeline too", "[console]") {
  CHECK(console::timeline({}, {100, false, {}}) == std::vector<std::string>{"nothing happened"});
}

TEST_CASE("every kind of record has words", "[console]") {
#define RECORD(name, words, fields) \
  CHECK_FALSE(console::phrase_of(Record{RecordKind::name, 0, {}}).text.find_first_of("{[") != std::string::npos);
#include "runtime/machine/records.def"
#undef RECORD
}

TEST_CASE("records as log lines and as JSON", "[console]") {
  std::vector<std::string> lines, json;
  for (const Record& record : rolled_back()) {
    lines.push_back(console::record_line(record, false));
    json.push_back(console::record_json(record));
  }
  check_golden("log.txt", lines);
  check_golden("log.jsonl", json);
  const auto hostile =
      at(0, RecordKind::Outcome, {{"status", text("failed")}, {"error", text("\x1b]0;title\x07\"\n")}});
  CHECK(console::record_line(hostile, false).find('\x1b') == std::string::npos);
  CHECK(console::record_json(hostile).find('\x1b') == std::string::npos);
  CHECK(console::record_json(hostile).find('\n') == std::string::npos);
}
