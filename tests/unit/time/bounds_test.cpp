#include <catch2/catch.hpp>
#include <string>

#include "compiler/driver/compile.hpp"
#include "runtime/plan/time_bounds.hpp"

// What the analysis says of small programs, as tables.

using namespace rollout;
using plan::Defaults;
using plan::Most;
using plan::Nanoseconds;

namespace {

constexpr const char* kDeclarations = R"(
use std.terminal
param soak: duration = 30m
role crew = ["dana", "kim"]
let ops = terminal.channel()
metric errors: ratio = command.number(`errors`) every 15s
metric slow: ratio = command.number(`slow`) every 1m
metric paced: ratio = command.number(`paced`) every soak
check healthy { let r = run(`health`, timeout: 10s)
  require r.exit == 0 }
action weight(share: ratio) { idempotent run `weight` timeout 20s }
action image { run `deploy` timeout 2m
  undo { run `undeploy` timeout 90s } }
)";

struct Compiled {
  driver::CompiledFile file;
  plan::Plan plan;
};

Compiled compiled(const std::string& source, const std::string& rollout) {
  auto file = driver::compile_source({"test.rollout", kDeclarations + source});
  INFO(source << driver::render(file, diagnostics::Format::Short, {}));
  REQUIRE_FALSE(file.has_errors);
  auto plan = driver::plan_of(file, rollout);
  REQUIRE(plan);
  return {std::move(file), std::move(*plan)};
}

std::string text(const Most& most) {
  return most ? plan::duration_text(*most) : "-";
}
std::string text(const plan::TimeRange& range) {
  return plan::duration_text(range.least) + ".." + text(range.most);
}

plan::TimeBounds bounds_of(const plan::Plan& plan, Defaults defaults = Defaults::Unknown) {
  return plan::time_bounds(plan, plan::KnownValues(plan, {}, defaults));
}

std::string in_stage(const std::string& body) {
  return "rollout r {\n traffic via weight()\n stage s {\n" + body + "\n }\n}";
}

struct Case {
  const char* body;
  const char* takes;  // least..most, `-`: without a limit
};

// Each is the whole of one stage.
constexpr Case kSteps[] = {
    {"", "0s..0s"},
    {"hold 10m", "10m..10m"},
    {"hold 10m..20m until errors < 1% else rollback", "10m..20m"},
    {"hold 10m..20m until errors < 1% for 15m else rollback", "15m..20m"},
    {"hold 10m..20m until errors < 1% for 25m else rollback", "20m..20m"},
    {"hold 10m..20m until errors < 1% else { run `x` timeout 30s }", "10m..20m30s"},
    {"hold soak", "0s..-"},
    {"traffic 5%", "0s..20s"},
    {"traffic 10%..40% by 10% every 5m", "15m..16m20s"},
    {"run `x`", "0s..1m"},
    {"run `x` timeout 5s", "0s..5s"},
    {"run `x` timeout soak", "0s..-"},
    {"run `x` timeout 5s retry 2", "0s..15.002s"},
    {"run `x` timeout 5s retry 2 every 10s", "0s..35s"},
    {"run `x` timeout 5s retry 2 every 10s within 30s", "0s..30s"},
    {"run `x` timeout 5s else continue\nhold 1m", "1m..1m5s"},
    {"run `x` timeout 5s else { run `y` timeout 7s }", "0s..12s"},
    {"run `x` timeout 5s else rollback", "0s..5s"},
    {"verify healthy", "0s..10s"},
    {"verify healthy retry 6 every 10s within 15m", "0s..2m10s"},
    {"verify all of [healthy, healthy]", "0s..20s"},
    {"approve \"go\" by crew", "0s..-"},
    {"approve \"go\" by crew within 1h else abort", "0s..1h"},
    {"approve \"go\" by crew within 1h else { run `x` timeout 10s }", "0s..1h10s"},
    {"ask crew \"which\" within 1h { \"a\" -> { run `x` timeout 10s }\n \"b\" -> rollback } else abort", "0s..1h10s"},
    {"within 5m { hold 2m } else rollback", "2m..2m"},
    {"within 5m { run `x` timeout 1h } else rollback", "0s..5m"},
    {"within 5m { hold 10m } else continue\nhold 1m", "1m..6m"},
    {"parallel { hold 5m\n hold 7m }", "7m..7m"},
    {"each x in [1, 2, 3] { hold 2m }", "6m..6m"},
    {"parallel each x in [1, 2, 3, 4, 5] at most 2 { hold 2m }", "6m..6m"},
    {"parallel each x in [1, 2, 3] at most 2 { run `x` timeout 10s }", "0s..20s"},
    {"each x in 1..4 { hold 1m * x }", "10m..10m"},
    {"let d = 2m\nlet e = d * 2\nhold e", "4m..4m"},
    {"let out = run(`x`, timeout: 3s)\nif out.exit == 0 { hold 5m } else { hold 7m }", "5m..7m3s"},
    {"if 1 < 2 { hold 5m } else { hold 7m }", "5m..5m"},
    {"let out = run(`x`, timeout: 3s)\nif out.exit == 0 { rollback }\nhold 5m", "5m..5m3s"},
    {"let out = run(`x`, timeout: 3s)\nif out.exit == 0 { pause }\nhold 5m", "5m..5m3s"},
    {"every 1m { run `x` }\nhold 10m", "10m..10m"},
    {"notify ops \"hello\"\nhold 1s", "1s..1s"},
};

struct Back {
  const char* body;
  const char* undo;  // at the end of the stage at most
};
constexpr Back kWaysBack[] = {
    {"hold 10m", "0s"},
    {"traffic 5%", "20s"},
    {"traffic 5%\ntraffic 10%", "20s"},
    {"image()", "1m30s"},
    {"image()\nimage()", "3m"},
    {"image()\ntraffic 5%", "1m50s"},
    {"image() retry 2", "4m30s"},
    {"run `x` undo { run `y` timeout 10s retry 3 every 5s }", "55s"},
    {"run `x` undo { run `y` }", "1m"},
    {"run `x` undo { run `y` timeout soak }", "-"},
    {"run `x` undo { approve \"back?\" by crew }", "-"},
    {"image()\nundo { run `all back` timeout 5s }", "5s"},
    {"image()\nundo { run `first` timeout 5s\n undo rest }", "1m35s"},
    {"image()\nirreversible run `drop`\nrun `x` undo { run `y` timeout 10s }", "1m30s"},
    {"parallel { image()\n image() }", "3m"},
    {"each x in [1, 2] { image() }", "3m"},
    {"let out = run(`x`)\nif out.exit == 0 { image() } else { run `z` undo { run `y` timeout 5m } }", "5m"},
    {"run `x` else { image() }", "1m30s"},
};

struct Watched {
  const char* body;
  const char* earliest;  // after the stage is entered; with `~` where it is only a lower bound
  const char* watched;
};
constexpr Watched kGuards[] = {
    {"when errors > 1% then rollback\nhold 10m", "0s", "10m..10m"},
    {"when errors > 1% for 2m then rollback\nhold 10m", "2m", "10m..10m"},
    {"when slow > 1% for 90s then rollback\nhold 10m", "2m", "10m..10m"},
    {"when slow > 1% and errors > 1% for 90s then rollback\nhold 10m", "1m30s", "10m..10m"},
    {"when errors > 1% for 3 of 5 samples then rollback\nhold 10m", "30s", "10m..10m"},
    {"warmup 1m\nwhen errors > 1% for 2m then rollback\nhold 10m", "3m", "10m..10m"},
    {"sample every 1m for 5m, every 4m\nwhen errors > 1% for 6m then rollback\nhold 10m", "9m", "10m..10m"},
    {"sample every 4m\nwhen errors > 1% for 6m then rollback\nhold 10m", "8m", "10m..10m"},
    {"when paced > 1% for 6m then rollback\nhold 10m", "~6m", "10m..10m"},
    {"when errors > 1% for soak then rollback\nhold 10m", "~0s", "10m..10m"},
    {"within 5m { when errors > 1% then rollback\n hold 10m } else continue", "0s", "5m..5m"},
    {"when errors > 1% then rollback\napprove \"go\" by crew", "0s", "0s..-"},
};

}  // namespace

TEST_CASE("the time of steps", "[time]") {
  for (const Case& one : kSteps) {
    const Compiled program = compiled(in_stage(one.body), "r");
    CAPTURE(one.body);
    CHECK(text(bounds_of(program.plan).rollouts[0].stages[0].takes) == one.takes);
  }
}

TEST_CASE("the time of the way back", "[time]") {
  for (const Back& one : kWaysBack) {
    const Compiled program = compiled(in_stage(one.body), "r");
    CAPTURE(one.body);
    CHECK(text(bounds_of(program.plan).rollouts[0].stages[0].undo) == one.undo);
  }
}

TEST_CASE("when guards can fire", "[time]") {
  for (const Watched& one : kGuards) {
    const Compiled program = compiled(in_stage(one.body), "r");
    CAPTURE(one.body);
    const plan::TimeBounds bounds = bounds_of(program.plan);
    REQUIRE(bounds.guards.size() == 1);
    const plan::GuardTime& guard = bounds.guards.front();
    CHECK((guard.exact ? "" : "~") + plan::duration_text(guard.earliest) == one.earliest);
    CHECK(text(bounds.blocks[guard.scope].watched) == one.watched);
  }
}

TEST_CASE("defaults count where they are assumed", "[time]") {
  const Compiled program = compiled(in_stage("hold soak"), "r");
  CHECK(text(bounds_of(program.plan, Defaults::Assumed).rollouts[0].takes) == "30m..30m");
  CHECK(text(bounds_of(program.plan).rollouts[0].takes) == "0s..-");
  const plan::KnownValues given(program.plan, {{"soak", plan::Value::duration(plan::kLongestTime)}}, Defaults::Unknown);
  CHECK(plan::time_bounds(program.plan, given).rollouts[0].takes.most == plan::kLongestTime);
}

TEST_CASE("a rollout adds up what stands between its stages and around them", "[time]") {
  const Compiled program = compiled(R"(
rollout r {
  traffic  via weight()
  rollback within 3m
  when errors > 1% for 2m then rollback
  run `before` timeout 5s
  stage one { traffic 5%; hold 10m }
  run `between` timeout 7s undo { run `x` timeout 4s }
  stage two { traffic 50%; hold 20m..30m until errors < 1% else rollback }
  stage three { image(); hold 1m }
  on start { run `starts` timeout 1s }
  on stage { run `entered` timeout 2s }
  on stage done { run `left` timeout 3s }
  on success { run `told` timeout 11s }
  on rolling back { run `stops` timeout 30s }
  on rollback { verify healthy; checklist "look" by crew { item "a" } }
})",
                                    "r");
  const plan::RolloutTime time = bounds_of(program.plan).rollouts[0];
  CHECK(text(time.stages[0].takes) == "10m..10m23s");  // on start, on stage, traffic
  CHECK(text(time.stages[1].takes) == "20m..30m22s");
  CHECK(text(time.stages[2].takes) == "1m..3m2s");
  CHECK(plan::duration_text(time.stages[1].entered) == "10m");
  CHECK(plan::duration_text(time.stages[2].entered) == "30m");
  CHECK(text(time.takes) == "31m..44m19s");
  CHECK(text(time.stages[0].undo) == "20s");
  CHECK(text(time.stages[1].undo) == "24s");
  CHECK(text(time.undo) == "1m54s");
  CHECK(text(time.back) == "2m34s");  // with `on rolling back`, and `on rollback` up to where it asks people
  CHECK(text(time.budget) == "3m");
  // The rollout's guards watch from the first stage to the end of the last.
  CHECK(text(bounds_of(program.plan).blocks[program.plan.rollout.block].watched) == "31m..44m");
}

TEST_CASE("children take their own way back with them", "[time]") {
  const Compiled program = compiled(R"(
rollout child {
  stage one { image(); hold 5m }
  on rolling back { run `stops` timeout 10s }
}
rollout r {
  stage s {
    when errors > 1% for 6m then rollback
    within 6m { rollout child } else continue
  }
})",
                                    "r");
  const plan::TimeBounds bounds = bounds_of(program.plan);
  CHECK(text(bounds.rollouts[1].back) == "1m40s");
  CHECK(text(bounds.rollouts[0].undo) == "1m40s");
  // The limit stops the child; that it goes back takes no heed of it.
  CHECK(text(bounds.rollouts[0].stages[0].takes) == "0s..7m40s");
}

TEST_CASE("windows and ways back to a stage leave open how long is watched", "[time]") {
  const auto watched = [](const std::string& source) {
    const Compiled program = compiled(source, "r");
    const plan::TimeBounds bounds = bounds_of(program.plan);
    return text(bounds.blocks[bounds.guards.front().scope].watched);
  };
  CHECK(watched("rollout r { when errors > 1% then rollback\n stage a { hold 1m }\n stage b { hold 1m } }") ==
        "2m..2m");
  CHECK(watched("rollout r { window 02:00..04:00 UTC\n when errors > 1% then rollback\n stage a { hold 1m }\n"
                " stage b { hold 1m } }") == "2m..-");
  CHECK(watched("rollout r { window 02:00..04:00 UTC\n when errors > 1% then rollback\n stage a { hold 1m } }") ==
        "1m..1m");
  CHECK(watched("rollout r { stage a { when errors > 1% then rollback\n hold 1m }\n"
                " stage b { hold 1m..2m until errors < 1% else rollback to a } }") == "1m..-");
}
