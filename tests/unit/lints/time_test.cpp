#include <catch2/catch.hpp>

#include "support.hpp"

// The lints on time: a golden frame for each code where it has to speak, and near misses where it has to be silent.

using namespace rollout;
using lints::test::compiled;
using lints::test::lines;

namespace {

constexpr const char* kDeclarations = R"(use std.prometheus

param soak: duration = 5m
role crew = ["dana", "kim"]
metric errors: ratio = prometheus.query("errors") every 15s
metric slow: ratio = prometheus.query("slow") every 10m
metric old: ratio = prometheus.query("old") every 1m stale after 30m
action weight(share: ratio) {
  idempotent run `lb-weight ${share / 1%}` timeout 20s
}

)";

struct Case {
  const char* code;
  const char* name;
  const char* program;
};

constexpr Case kSpeaks[] = {
    {"W0401", "window",
     "rollout r {\n  window 02:00..04:00 UTC\n  stage a { hold 1h }\n  within 3h { hold 90m } else continue\n"
     "  stage b { hold 1h; run `x` }\n  stage c { hold 1m }\n}\n"},
    {"W0421", "for", "rollout r {\n  stage a {\n    when errors > 1% for 15m then rollback\n    hold 10m\n  }\n}\n"},
    {"W0421", "samples",
     "rollout r {\n  stage a {\n    when errors > 1% for 9 of 9 samples then rollback\n    hold 1m\n  }\n}\n"},
    {"W0421", "block",
     "rollout r {\n  stage a {\n    within 5m {\n      when errors > 1% for 6m then pause\n      run `x` timeout 4m\n"
     "    } else rollback\n    hold 1h\n  }\n}\n"},
    {"W0421", "rollout",
     "rollout r {\n  when errors > 1% for 25m then rollback\n  stage a { hold 10m }\n  stage b { hold 10m }\n}\n"},
    {"W0421", "template",
     "guards budget(for_time: duration) {\n  when errors > 1% for for_time then rollback\n}\nrollout r {\n"
     "  stage a { watch budget(20m); hold 10m }\n  stage b { watch budget(30m); hold 10m }\n}\n"},
    {"W0422", "traffic",
     "rollout r {\n  traffic via weight()\n  stage a {\n    when errors > 1% then rollback\n    traffic 50%\n  }\n}\n"},
    {"W0423", "rare", "rollout r {\n  when slow > 1% for 5m then rollback\n  hold 2h\n}\n"},
    {"W0423", "rounded", "rollout r {\n  when errors > 1% for 20s then rollback\n  hold 2h\n}\n"},
    {"W0424", "warmup",
     "rollout r {\n  stage a {\n    warmup 10m\n    when errors > 1% then rollback\n    hold 10m\n  }\n}\n"},
    {"W0425", "hold", "rollout r {\n  stage a {\n    hold 15m..30m until errors < 1% for 31m else rollback\n  }\n}\n"},
    {"W0425", "pause",
     "rollout r {\n  when errors > 5% then pause until errors < 1% for 31m within 30m else rollback\n  hold 1h\n}\n"},
    {"W0426", "budget",
     "rollout r {\n  rollback within 2m\n  traffic via weight()\n  stage a { traffic 5%; hold 1h }\n"
     "  stage b {\n    run `x` undo { run `y` timeout 60s retry 1 }\n    hold 1h\n  }\n}\n"},
    {"W0427", "expired",
     "rollout r {\n  rollback expires 1h after a else pause\n  stage a { hold 30m }\n  stage b { hold 30m }\n"
     "  stage c {\n    when errors > 1% then rollback\n    hold 1h\n  }\n}\n"},
    {"W0428", "within",
     "rollout r {\n  within 10m {\n    hold 5m\n    hold 4m..8m until errors < 1% for 6m else abort\n  } else "
     "abort\n}\n"},
    {"W0428", "clause", "action wait {\n  hold 10m\n}\nrollout r {\n  wait() within 5m\n}\n"},
    {"W0429", "every", "rollout r {\n  every 1m {\n    hold 61s\n  }\n  hold 1h\n}\n"},
    {"W0430", "timeout", "rollout r {\n  within 5m {\n    readonly run `x` timeout 6m\n  } else abort\n}\n"},
    {"W0430", "clause", "rollout r {\n  readonly run `x` timeout 6m within 5m\n}\n"},
    {"W0431", "question",
     "rollout r {\n  hold 1h\n  at start - 1h {\n    approve \"ready\" by crew within 2h\n  }\n}\n"},
    {"W0431", "steps", "rollout r {\n  hold 1h\n  at start - 1h {\n    hold 2h\n  }\n}\n"},
    {"W0431", "once", "rollout r {\n  hold 1h\n  at success + 1h every 1d for 12h {\n    readonly run `x`\n  }\n}\n"},
    {"W0432", "blind", "rollout r {\n  stage a {\n    when slow > 1% then rollback\n    hold 15m\n  }\n}\n"},
    {"W0434", "between",
     "rollout r {\n  window 02:00..04:00 UTC\n  stage a { hold 1h }\n  approve \"go\" by crew within 61m else abort\n"
     "  stage b { hold 1m }\n}\n"},
    {"W0434", "inside",
     "rollout r {\n  stage a { hold 10m }\n  stage b {\n    hold 1h\n    checklist \"look\" by crew within 1d {\n"
     "      item \"charts\"\n    }\n  }\n  stage c {\n    window 02:00..04:00 UTC\n    hold 1m\n  }\n}\n"},
    {"W0433", "stale", "rollout r {\n  stage a {\n    when old > 1% for 5m then rollback\n    hold 20m\n  }\n}\n"},
};

// What comes close, and is right or cannot be known.
constexpr Case kSilent[] = {
    {"W0401", "opens again in time",
     "rollout r {\n  window 02:00..04:00 UTC\n  stage a { hold 119m }\n  stage b { }\n}\n"},
    {"W0401", "two zones",
     "rollout r {\n  window 02:00..04:00 UTC\n  stage a { hold 3h }\n  stage b { window 08:00..09:00 "
     "\"Europe/Amsterdam\" }\n}\n"},
    {"W0421", "just fits",
     "rollout r {\n  stage a {\n    when errors > 1% for 10m then rollback\n    hold 10m\n  }\n}\n"},
    {"W0421", "the run knows",
     "rollout r {\n  stage a {\n    when errors > 1% for 10m then rollback\n    hold soak\n  }\n}\n"},
    {"W0421", "the run knows for how long",
     "rollout r {\n  stage a {\n    when errors > 1% for soak then rollback\n    hold 1m\n  }\n}\n"},
    {"W0421", "people take their time",
     "rollout r {\n  stage a {\n    when errors > 1% for 10m then rollback\n    approve \"go\" by crew\n  }\n}\n"},
    {"W0421", "over all stages",
     "rollout r {\n  when errors > 1% for 15m then rollback\n  stage a { hold 10m }\n  stage b { hold 10m }\n}\n"},
    {"W0421", "waits for a window between stages",
     "rollout r {\n  window 02:00..04:00 UTC\n  when errors > 1% for 25m then rollback\n  stage a { hold 10m }\n"
     "  stage b { hold 10m }\n}\n"},
    {"W0421", "stands at a stage again",
     "rollout r {\n  stage a {\n    when errors > 1% for 25m then rollback\n    hold 10m\n  }\n"
     "  stage b { hold 10m..20m until errors < 1% else rollback to a }\n}\n"},
    {"W0421", "long enough at one of its stages",
     "guards budget {\n  when errors > 1% for 20m then rollback\n}\nrollout r {\n  stage a { watch budget; hold 10m }\n"
     "  stage b { watch budget; hold 30m }\n}\n"},
    {"W0421", "a long step",
     "rollout r {\n  stage a {\n    when errors > 1% for 10m then rollback\n    run `migrate` timeout 1h\n  }\n}\n"},
    {"W0421", "tries again",
     "rollout r {\n  stage a {\n    when errors > 1% for 90s then rollback\n    run `x` retry 1\n  }\n}\n"},
    {"W0422", "changes more than the traffic",
     "rollout r {\n  traffic via weight()\n  stage a {\n    when errors > 1% then rollback\n    run `x` timeout 1h\n"
     "    traffic 50%\n  }\n}\n"},
    {"W0422", "no guards of its own",
     "rollout r {\n  traffic via weight()\n  when errors > 1% then rollback\n  stage a { traffic 50% }\n  stage b { "
     "hold 1h }\n}\n"},
    {"W0422", "a ramp",
     "rollout r {\n  traffic via weight()\n  stage a {\n    when errors > 1% then rollback\n"
     "    traffic 10%..50% by 10% every 5m\n  }\n}\n"},
    {"W0423", "a whole number of gaps", "rollout r {\n  when slow > 1% for 10m then rollback\n  hold 2h\n}\n"},
    {"W0423", "rounded a little", "rollout r {\n  when slow > 1% for 55m then rollback\n  hold 2h\n}\n"},
    {"W0423", "the faster metric",
     "rollout r {\n  when slow > 1% and errors > 1% for 5m then rollback\n  hold 2h\n}\n"},
    {"W0423", "samples are counted", "rollout r {\n  when slow > 1% for 2 of 3 samples then rollback\n  hold 2h\n}\n"},
    {"W0424", "before the end",
     "rollout r {\n  stage a {\n    warmup 9m\n    when errors > 1% then rollback\n    hold 10m\n  }\n}\n"},
    {"W0424", "no guards", "rollout r {\n  stage a {\n    warmup 10m\n    hold 10m\n  }\n}\n"},
    {"W0425", "at its end", "rollout r {\n  hold 15m..30m until errors < 1% for 30m else rollback\n}\n"},
    {"W0425", "the run knows", "rollout r {\n  hold 15m..20m until errors < 1% for soak else rollback\n}\n"},
    {"W0426", "just enough", "rollout r {\n  rollback within 60s\n  run `x` undo { run `y` }\n  hold 1h\n}\n"},
    {"W0426", "tries without a pause between them",
     "rollout r {\n  rollback within 60s\n  run `x` undo { run `y` timeout 30s retry 1 }\n  hold 1h\n}\n"},
    {"W0426", "hooks are not counted",
     "rollout r {\n  rollback within 60s\n  run `x` undo { run `y` }\n  hold 1h\n  on rollback { run `z` timeout 5m "
     "}\n}\n"},
    {"W0426", "several changes of traffic are one way back",
     "rollout r {\n  rollback within 20s\n  traffic via weight()\n  traffic 5%\n  hold 1h\n  traffic 50%\n  hold "
     "1h\n}\n"},
    {"W0426", "an undo around it stands for all inside",
     "rollout r {\n  rollback within 20s\n  stage a {\n    run `x` undo { run `y` timeout 5m }\n    hold 1h\n"
     "    undo { run `z` timeout 20s }\n  }\n}\n"},
    {"W0426", "the run knows",
     "rollout r {\n  rollback within 20s\n  run `x` undo { run `y` timeout soak }\n  hold 1h\n}\n"},
    {"W0427", "within its time",
     "rollout r {\n  rollback expires 2h after a\n  stage a { hold 1h }\n  stage b {\n    when errors > 1% then "
     "rollback\n"
     "    hold 3h\n  }\n}\n"},
    {"W0427", "counts from the end of the stage",
     "rollout r {\n  rollback expires 1h after end of a\n  stage a { hold 2h }\n  stage b {\n"
     "    when errors > 1% then rollback\n    hold 3h\n  }\n}\n"},
    {"W0427", "answers with a pause",
     "rollout r {\n  rollback expires 1h after a\n  stage a { hold 2h }\n  stage b {\n    when errors > 1% then pause\n"
     "    hold 3h\n  }\n}\n"},
    {"W0428", "just fits", "rollout r {\n  within 10m { hold 10m } else abort\n}\n"},
    {"W0428", "one way is short",
     "rollout r {\n  let out = readonly run `x` timeout 1s\n  within 10m {\n    if out.exit == 0 { hold 15m } else { "
     "hold 5m }\n  } else abort\n}\n"},
    {"W0429", "just fits", "rollout r {\n  every 1m { hold 1m }\n  hold 1h\n}\n"},
    {"W0430", "as long as the block", "rollout r {\n  within 5m { readonly run `x` timeout 5m } else abort\n}\n"},
    {"W0430", "the usual limit is nobody's words", "rollout r {\n  within 30s { readonly run `x` } else abort\n}\n"},
    {"W0430", "an action that is used elsewhere too",
     "action slowly {\n  readonly run `x` timeout 6m\n}\nrollout r {\n  within 5m { slowly() } else abort\n  "
     "slowly()\n}\n"},
    {"W0431", "in time", "rollout r {\n  hold 1h\n  at start - 2h { approve \"ready\" by crew within 2h }\n}\n"},
    {"W0431", "after the end",
     "rollout r {\n  hold 1h\n  at success + 1h { approve \"ready\" by crew within 1d }\n}\n"},
    {"W0432", "three samples", "rollout r {\n  stage a {\n    when slow > 1% then rollback\n    hold 20m\n  }\n}\n"},
    {"W0432", "seen by the rollout as well",
     "rollout r {\n  when slow > 50% for 10m then pause\n  stage a {\n    when slow > 1% then rollback\n    hold 15m\n "
     " }\n"
     "  stage b { hold 1h }\n}\n"},
    {"W0434", "in time",
     "rollout r {\n  window 02:00..04:00 UTC\n  stage a { hold 1h }\n  approve \"go\" by crew within 60m else abort\n"
     "  stage b { hold 1m }\n}\n"},
    {"W0434", "before the first stage",
     "rollout r {\n  window 02:00..04:00 UTC\n  approve \"go\" by crew within 1d else abort\n  stage a { hold 1h "
     "}\n}\n"},
    {"W0434", "after the last entry",
     "rollout r {\n  window 02:00..04:00 UTC\n  stage a { hold 1h }\n  stage b { approve \"go\" by crew within 1d else "
     "abort }\n}\n"},
    {"W0434", "no window",
     "rollout r {\n  stage a { hold 1h }\n  approve \"go\" by crew within 1d else abort\n  stage b { hold 1m }\n}\n"},
    {"W0433", "fresh enough",
     "rollout r {\n  stage a {\n    when old > 1% for 5m then rollback\n    hold 30m\n  }\n}\n"},
};

std::string only(const driver::CompiledFile& file, std::string_view code) {
  driver::CompiledFile shown = file;
  std::erase_if(shown.diagnostics,
                [&](const diagnostics::Diagnostic& one) { return diagnostics::code_text(one.code) != code; });
  return diagnostics::render(shown.diagnostics, shown.module.files, diagnostics::Format::Text, {});
}

bool is_on_time(std::string_view code) {
  return code == "W0401" || (code >= "W0421" && code <= "W0439");
}

}  // namespace

TEST_CASE("each lint on time says where, how long and what to do", "[time]") {
  for (const Case& one : kSpeaks) {
    const std::string path =
        std::string(ROLLOUT_SOURCE_DIRECTORY) + "/tests/golden/lints/time_" + one.code + "_" + one.name + ".txt";
    CAPTURE(path);
    const auto file = compiled(std::string(kDeclarations) + one.program);
    REQUIRE_FALSE(file.has_errors);
    const std::string shown = only(file, one.code);
    CHECK_FALSE(shown.empty());
    for (const std::string& code : lints::test::codes(file)) {
      if (is_on_time(code)) CHECK(code == one.code);
    }
    CHECK(shown == rollout::test::recorded(path, shown));
  }
}

TEST_CASE("the lints on time are silent where they cannot be sure", "[time]") {
  for (const Case& one : kSilent) {
    const auto file = compiled(std::string(kDeclarations) + one.program);
    CAPTURE(one.code, one.name, lines(file));
    CHECK_FALSE(file.has_errors);
    for (const std::string& code : lints::test::codes(file)) CHECK_FALSE(is_on_time(code));
  }
}
