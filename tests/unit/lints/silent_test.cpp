#include <catch2/catch.hpp>

#include "support.hpp"

// Programs that are close to what a lint reports, and right: it must be silent. What it must report stands in
// tests/golden/lints.

using namespace rollout;
using lints::test::codes;
using lints::test::compiled;
using lints::test::lines;

namespace {

struct NearMiss {
  std::string_view name;
  std::string_view code;
  std::string_view program;  // behind kPrelude
};

constexpr std::string_view kPrelude = R"(use std.prometheus
use std.terminal
param limit: ratio = 2%
role leads = ["ana", "bo"]
let ops = terminal.channel()
metric errors: ratio = prometheus.query("errors")
metric p95(endpoint: string = "all"): duration = prometheus.query("p95 of ${endpoint}") unit s
action weight(share: ratio) { idempotent run `lb-weight ${share / 1%}` }
)";

constexpr NearMiss kNearMisses[] = {
    // ------------------------------------------------------------ unused declarations
    {"a file without a rollout is there for others", "W0201", "fn twice(x: number): number = x * 2"},
    {"a name that begins with _ is meant to wait", "W0201", "let _later = 3\nrollout shop { hold 1m }"},
    {"a world is used by scenarios", "W0201",
     "world calm { errors = 0% }\nrollout shop { when errors > 1% then rollback\n hold 1m }\n"
     "scenario \"s\" of shop in calm { expect succeeded }"},
    {"a function of a scenario's values", "W0201",
     "let usual = 1%\nrollout shop { when errors > limit then rollback\n hold 1m\n"
     " on success { notify ops \"by ${first([\"a\"])}\" }\n approve \"go\" by leads within 1h }\n"
     "idempotent action _kept { weight(5%) }\n"
     "scenario \"s\" of shop { errors = usual; approve all; expect succeeded }"},
    {"a call may stand in a `let` for what it does", "W0201", "rollout shop { let r = run `x` }"},
    {"a `let` that only its undo reads", "W0201",
     "rollout shop { let before = limit * 2\n idempotent run `x` undo { idempotent run `y ${before}` } }"},
    {"a module behind a member of a member", "W0202",
     "use std.http as web\nrollout shop { let r = web.get(\"http://x\") }"},

    // ------------------------------------------------------------ holds and guards
    {"thresholds that touch", "W0403",
     "rollout shop { when p95 > 200ms for 5m then rollback\n hold 5m..10m until p95 <= 200ms }"},
    {"a hold that asks for more", "W0403",
     "rollout shop { when p95 > 600ms for 5m then rollback\n hold 5m..10m until p95 < 300ms }"},
    {"another endpoint", "W0403",
     "rollout shop { when p95(\"jobs\") > 200ms for 5m then rollback\n hold 5m..10m until p95(\"files\") < 500ms }"},
    {"another window", "W0403",
     "rollout shop { when avg(errors, 5m) > 1% then rollback\n hold 5m..10m until errors < 5% }"},
    {"a guard that only notifies", "W0403",
     "rollout shop { when errors > 1% then notify ops \"high\"\n hold 5m..10m until errors < 2% }"},
    {"a threshold that only the run knows", "W0403",
     "rollout shop { when errors > limit then rollback\n hold 5m..10m until errors < 5% }"},
    {"a guard of another stage", "W0403",
     "rollout shop { stage one { when errors > 1% then rollback\n hold 1m }\n"
     " stage two { hold 5m..10m until errors < 5% } }"},
    {"a guard that needs both", "W0403",
     "rollout shop { when errors > 1% and p95 > 1s then rollback\n hold 5m..10m until errors < 2% }"},
    {"a lower bound beside an upper one", "W0403",
     "rollout shop { when errors > 5% then rollback\n hold 5m..10m until errors > 1% }"},

    // ------------------------------------------------------------ shadowed and repeated guards
    {"a large spike is answered sooner", "W0404",
     "rollout shop { when errors > 1% for 10m then rollback\n when errors > 5% for 1m then rollback\n hold 1h }"},
    {"a warning before the rollback", "W0404",
     "rollout shop { when errors > 1% for 2m then notify ops \"high\"\n when errors > 5% for 2m then rollback\n hold "
     "1h }"},
    {"a pause before the rollback", "W0404",
     "rollout shop { when errors > 1% for 2m then pause\n when errors > 5% for 2m then rollback\n hold 1h }"},
    {"both speak in the same slot", "W0404",
     "rollout shop { when errors > 1% for 2m then rollback\n when errors > 5% for 2m then notify ops \"very high\"\n"
     " hold 1h }"},
    {"a reason of its own", "W0404",
     "rollout shop { when errors > 5% for 2m then rollback \"far too many\"\n when errors > 1% for 2m then rollback\n"
     " hold 1h }"},
    {"another quantity", "W0404",
     "rollout shop { when errors > 1% then rollback\n when avg(errors, 5m) > 5% then rollback\n hold 1h }"},
    {"another endpoint", "W0404",
     "rollout shop { when p95(\"a\") > 1s then rollback\n when p95(\"b\") > 2s then rollback\n hold 1h }"},
    {"a guard of another stage", "W0404",
     "rollout shop { stage one { when errors > 1% then rollback\n hold 1m }\n"
     " stage two { when errors > 5% then rollback\n hold 1m } }"},
    {"a stage that begins with its own cadence", "W0404",
     "rollout shop { when errors > 1% for 5m then rollback\n stage one { sample every 1m\n"
     " when errors > 5% for 5m then rollback\n hold 1h } }"},
    {"an answer of its own to what it cannot see", "W0404",
     "rollout shop { when errors > 1% then rollback\n when errors > 5% blind rollback then rollback\n hold 1h }"},
    {"M of N beside `for`", "W0404",
     "rollout shop { when errors > 1% for 5m then rollback\n when errors > 5% for 3 of 5 samples then rollback\n hold "
     "1h }"},
    {"a stronger answer", "W0404",
     "rollout shop { when errors > 1% then rollback\n when errors > 5% then abort\n hold 1h }"},
    {"two guards that differ", "W0412",
     "rollout shop { when errors > 1% then rollback\n when errors > 1% then notify ops \"high\"\n hold 1h }"},
    {"the same guard in two stages", "W0412",
     "rollout shop { stage one { when errors > 1% then rollback\n hold 1m }\n"
     " stage two { when errors > 1% then rollback\n hold 1m } }"},
    {"the same item in two checklists", "W0413",
     "rollout shop { checklist \"a\" by leads within 1h { item \"x\" }\n checklist \"b\" by leads within 1h { item "
     "\"x\" } }"},

    // ------------------------------------------------------------ traffic
    {"a canary gives its traffic back", "W0405",
     "rollout shop { traffic via weight()\n when errors > 1% then rollback\n traffic 5%\n traffic 100%\n traffic 0% }"},
    {"a ramp begins where the traffic is", "W0405",
     "rollout shop { traffic via weight()\n when errors > 1% then rollback\n traffic 5%\n traffic 5%..50% by 5% every "
     "1m }"},
    {"one of two ways", "W0405",
     "rollout shop { traffic via weight()\n when errors > 1% then rollback\n if limit > 1% { traffic 50% } else { "
     "traffic "
     "25% }\n traffic 40% }"},
    {"what only the run knows", "W0405",
     "rollout shop(first: ratio) { traffic via weight()\n when errors > 1% then rollback\n traffic first\n traffic 5% "
     "}"},
    {"the way back", "W0405",
     "rollout shop { traffic via weight()\n when errors > 1% then rollback\n traffic 50%\n hold 1m\n"
     " undo { traffic 25%; undo rest } }"},

    // ------------------------------------------------------------ ways back
    {"nothing is changed", "W0406", "rollout shop { readonly run `look`\n hold 10m }"},
    {"a failed check rolls back by itself", "W0406",
     "check up { let r = run `up`\n require r.exit == 0 }\nrollout shop { idempotent run `x`\n verify up }"},
    {"people decide", "W0406", "rollout shop { idempotent run `x`\n approve \"Is it well?\" by leads within 1h }"},
    {"an answer of a guard", "W0406",
     "rollout shop { when errors > 1% then ask leads \"Back?\" within 5m { \"yes\" -> rollback\n \"no\" -> continue } "
     "else "
     "pause\n idempotent run `x`\n hold 1m }"},
    {"a child goes back with its parent", "W0406",
     "rollout part { idempotent run `x` }\nrollout whole { when errors > 1% then rollback\n rollout part()\n hold 1m "
     "}"},
    {"a stage without changes", "W0411",
     "rollout shop { stage wait { hold 1m }\n stage one { when errors > 1% then rollback\n idempotent run `x`\n hold "
     "1m } }"},
    {"a guard of the rollout", "W0411",
     "rollout shop { when errors > 1% then rollback\n stage one { idempotent run `x` } }"},
    {"the next stage looks first", "W0411",
     "check up { let r = run `up`\n require r.exit == 0 }\n"
     "rollout shop { stage one { idempotent run `x` }\n stage two { verify up\n idempotent run `y`\n verify up } }"},
    {"an action that verifies", "W0411",
     "check up { let r = run `up`\n require r.exit == 0 }\nidempotent action deploy { run `x`\n verify up }\n"
     "rollout shop { stage one { deploy() } }"},

    // ------------------------------------------------------------ irreversible steps
    {"the last step", "W0407", "rollout shop { when errors > 1% then rollback\n hold 1m\n irreversible run `drop` }"},
    {"what follows does not go back", "W0407",
     "rollout shop { when errors > 1% then rollback\n hold 1m\n irreversible run `drop`\n"
     " approve \"signed\" by leads within 1d else pause }"},
    {"only notified", "W0407",
     "rollout shop { irreversible run `drop`\n stage one { when errors > 1% then notify ops \"x\"\n hold 1m } }"},

    // ------------------------------------------------------------ people
    {"an empty role that nobody asks", "W0408", "role nobody = []\nrollout shop { hold 1m }"},
    {"a list that ticks itself", "W0409",
     "check up { let r = run `up`\n require r.exit == 0 }\nrollout shop { checklist \"a\" by leads { item \"x\" check "
     "up } }"},
    {"a limit around it", "W0409", "rollout shop { within 1h { approve \"go\" by leads } else abort }"},
    {"a pause that says so", "W0417",
     "rollout shop { on missing for 5m rollback\n when errors > 1% then { notify ops \"paused\"; pause }\n hold 1m }"},
    {"a hook that says so", "W0417",
     "rollout shop { when errors > 1% then pause\n hold 1m\n on pause { notify ops \"paused\" } }"},
    {"what is not measured is answered", "W0417",
     "rollout shop { on missing for 5m abort\n when errors > 1% then rollback\n hold 1m\n on success { notify ops "
     "\"x\" } }"},
    {"nobody to tell", "W0417", "rollout shop { when errors > 1% then rollback\n hold 1m }"},
    {"nothing that could see nothing", "W0417", "rollout shop { hold 1m\n on success { notify ops \"live\" } }"},
    {"a child whose parent says so", "W0417",
     "rollout part { when errors > 1% then rollback\n hold 1m }\n"
     "rollout shop { stage one { rollout part() }\n on pause { notify ops \"paused\" } }"},
    {"a pause with its own end", "W0417",
     "rollout shop { when errors > 1% then pause until errors < 0.5% for 5m within 1h else rollback\n hold 1m }"},

    // ------------------------------------------------------------ metrics and conditions
    {"a metric of a check", "W0410",
     "metric load: ratio = prometheus.query(\"load\")\ncheck calm { require load < 90% }\nrollout shop { verify calm "
     "}"},
    {"a metric in a part of a condition", "W0410",
     "metric load: ratio = prometheus.query(\"load\")\n"
     "rollout shop { when errors > 1% and share_of(load) > 20% above baseline(load) then rollback\n hold 1m }\n"
     "fn share_of(x: ratio): ratio = x"},
    {"a ratio may be above 100%", "W0414", "guards g { when errors > 120% then rollback }"},
    {"a ratio may be below 0%", "W0414", "guards g { when errors < 0% then rollback }"},
    {"a growth rate may be negative", "W0414", "guards g { when rate(errors, over: 1h) < 0%/h then rollback }"},
    {"a band", "W0414", "guards g { when errors > 1% and errors < 5% then rollback }"},
    {"outside of a band", "W0414", "guards g { when p95 < 10ms or p95 > 1s then rollback }"},
    {"two endpoints", "W0415", "guards g { when p95(\"a\") > 1s or p95(\"b\") > 2s then rollback }"},
    {"a window beside a sample", "W0415", "guards g { when errors > 5% or avg(errors, 5m) > 1% then rollback }"},
    {"a threshold of the run", "W0415", "guards g { when errors > limit or errors > 5% then rollback }"},
    {"two endpoints", "W0416", "guards g { when p95(\"a\") > p95(\"b\") then rollback }"},
    {"a metric and its baseline", "W0416", "guards g { when p95 > baseline(p95) then rollback }"},
    {"now and on average", "W0416", "guards g { when errors > avg(errors, 1h) then rollback }"},

    // ------------------------------------------------------------ values and scenarios
    {"a rollout of staging", "W0502", "rollout shop { environment \"staging\"\n setting \"KEY\" = \"dev-key\" }"},
    {"a name with dev in it", "W0502",
     "rollout shop { environment \"production\"\n setting \"TOPIC\" = \"device-events\" }"},
    {"a stage before the end", "W0602",
     "rollout shop { when errors > 1% then rollback\n stage one { hold 1m }\n stage two { hold 1m } }\n"
     "scenario \"s\" of shop { errors = 5% from two; expect reached one; expect rolled back during two }"},
    {"a way back to an earlier stage", "W0602",
     "rollout shop { stage one { hold 1m }\n stage two { when errors > 1% then rollback to one\n hold 1m } }\n"
     "scenario \"s\" of shop { errors = 5%; at 5m rollback by \"ana\"; expect rolled back during one; expect reached "
     "two }"},
    {"a person aborts", "W0602",
     "rollout shop { when errors > 1% then rollback\n hold 10m }\n"
     "scenario \"s\" of shop { errors = 0%; at 5m abort by \"ana\"; expect aborted }"},
    {"it ends before the larger share", "W0602",
     "rollout shop { traffic via weight()\n when errors > 1% then rollback\n traffic 5%\n hold 10m\n traffic 100% }\n"
     "scenario \"s\" of shop { errors = 5%; expect rolled back; expect traffic <= 5% }"},
    {"a failing command rolls back by itself", "W0602",
     "rollout shop { idempotent run `x` }\nscenario \"s\" of shop { run `x` fails; expect rolled back }"},
    {"paused on the way to success", "W0602",
     "rollout shop { when errors > 1% then pause until errors < 1%\n hold 10m }\n"
     "scenario \"s\" of shop { errors = 0%; expect paused; expect succeeded }"},
    {"called by an action", "W0602",
     "idempotent action inner { run `x` }\nidempotent action outer { inner() }\nrollout shop { outer() }\n"
     "scenario \"s\" of shop { expect called inner }"},
};

// The codes of what is reported behind the prelude.
std::set<std::string> codes_behind_prelude(const driver::CompiledFile& file) {
  std::set<std::string> found;
  for (const auto& diagnostic : file.diagnostics) {
    if (diagnostic.primary.span.begin >= kPrelude.size()) found.emplace(diagnostics::code_text(diagnostic.code));
  }
  return found;
}

}  // namespace

TEST_CASE("lints are silent about what only looks like a fault") {
  for (const NearMiss& one : kNearMisses) {
    const driver::CompiledFile file = compiled(std::string(kPrelude) + std::string(one.program) + "\n");
    INFO(one.code << ": " << one.name << "\n" << lines(file));
    CHECK_FALSE(file.has_errors);
    CHECK_FALSE(codes_behind_prelude(file).contains(std::string(one.code)));
  }
}

TEST_CASE("lints wait until nothing is wrong") {
  const driver::CompiledFile file =
      compiled("role on_call = [\"lee\"]\nrollout shop { hold 5 }\n# allow W0401: later\n");
  CHECK(file.has_errors);
  CHECK(codes(file) == std::set<std::string>{"E0301"});
}
