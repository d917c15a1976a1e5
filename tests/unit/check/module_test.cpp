#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/check/support.hpp"

// What the checked module holds, beyond that there is nothing to complain about.

using namespace rollout;
using check::ExprKind;
using check::kNone;
using check::test::check_text;
using check::test::Checked;

namespace {

Checked sound(std::string text) {
  Checked checked = check_text(std::move(text));
  INFO(checked.frames());
  REQUIRE(checked.sink.sorted().empty());
  return checked;
}

const check::Symbol& symbol(const Checked& checked, std::string_view path) {
  const auto found = std::ranges::find(checked.module.symbols, path, &check::Symbol::path);
  REQUIRE(found != checked.module.symbols.end());
  return *found;
}

template <typename Body>
const Body& first_step(const Checked& checked) {
  for (const check::Step& step : checked.module.steps) {
    if (const auto* body = std::get_if<Body>(&step.body)) return *body;
  }
  FAIL("there is no such step");
  return std::get<Body>(checked.module.steps.front().body);
}

}  // namespace

TEST_CASE("the scale of a metric turns its source's number into the type's own unit") {
  const Checked checked = sound(R"(use std.prometheus
metric a: duration = prometheus.query("a")
metric b: duration = prometheus.query("b") unit ms
metric c: ratio = prometheus.query("c")
metric d: ratio = prometheus.query("d") unit %
metric e: size = prometheus.query("e") unit MiB
metric f: rate = prometheus.query("f") unit 1/m
metric g: number = prometheus.query("g") unit 1
)");
  std::vector<double> scales;
  for (const check::MetricDecl& metric : checked.module.metrics) scales.push_back(metric.scale);
  CHECK(scales == std::vector<double>{1e9, 1e6, 1, 0.01, 1048576, 1.0 / 60, 1});
}

TEST_CASE("module lets stand in the order in which they can be computed") {
  const Checked checked = sound("let a = b * 2\nlet b = c + 1\nlet c = 3\n");
  std::vector<std::string> names;
  for (const check::LetDecl& let : checked.module.lets) names.push_back(checked.module.symbols[let.symbol].name);
  CHECK(names == std::vector<std::string>{"c", "b", "a"});
}

TEST_CASE("a call has all arguments in the order of the declaration, defaults filled in") {
  const Checked checked = sound(R"(use std.kubernetes
rollout api { kubernetes.set_image(image: "api:v2", resource: "deployment/api", container: "api") }
)");
  const check::Expr& call = checked.module.exprs[first_step<check::EffectStep>(checked).call];
  REQUIRE(call.kind == ExprKind::Call);
  CHECK(checked.module.symbols[call.symbol].path == "kubernetes.set_image");
  CHECK(call.labels == std::vector<std::string>{"resource", "container", "image", "namespace", "context"});
  std::vector<std::string> values;
  for (const check::ExprId child : call.children) values.push_back(checked.module.exprs[child].value.as_string());
  CHECK(values == std::vector<std::string>{"deployment/api", "api", "api:v2", "default", ""});
}

TEST_CASE("optional arguments of natives stay open where they are not given") {
  const Checked checked =
      sound("check up { let r = http.get(\"https://example.com\", timeout: 5s)\n require r.status == 200 }\n");
  const check::Expr& call = checked.module.exprs[first_step<check::LetStep>(checked).value];
  CHECK(call.labels ==
        std::vector<std::string>{"url", "query", "headers", "bearer", "user", "password", "aws", "timeout"});
  REQUIRE(call.children.size() == call.labels.size());
  for (std::size_t i = 0; i < call.children.size(); ++i) {
    const bool given = call.labels[i] == "url" || call.labels[i] == "timeout";
    CHECK((call.children[i] != kNone) == given);
  }
}

TEST_CASE("the share of `traffic via` is left to the traffic steps") {
  const Checked checked =
      sound(R"(idempotent action split(canary: string, share: ratio) { run `split ${canary} ${share}` }
rollout api { traffic via split("api")
 traffic 5% }
)");
  const check::Expr& call = checked.module.exprs[checked.module.rollouts[0].traffic_via];
  CHECK(call.children[0] != kNone);
  CHECK(call.children[1] == kNone);
}

TEST_CASE("a metric with defaults needs no parentheses") {
  const Checked checked = sound(R"(use std.prometheus
metric p95(endpoint: string = ".*"): duration = prometheus.query(endpoint)
check fast { require p95 < 1s and p95() < 1s and p95("jobs") < 1s }
)");
  std::vector<std::string> endpoints;
  for (const check::Expr& expr : checked.module.exprs) {
    if (expr.kind == ExprKind::MetricUse) endpoints.push_back(checked.module.exprs[expr.children[0]].value.as_string());
  }
  CHECK(endpoints == std::vector<std::string>{".*", ".*", "jobs"});
}

TEST_CASE("labels are looked up by the type that is wanted") {
  const Checked checked = sound(R"(use std.prometheus
enum state { closed = 0, open = 1 }
metric breaker: state = prometheus.query("state")
let open = "a name of its own"
check calm { require breaker == closed and open == "x" and state.open != breaker and closed == breaker }
)");
  std::size_t labels = 0;
  for (const check::Expr& expr : checked.module.exprs) labels += expr.value.kind() == plan::ValueKind::Enum ? 1 : 0;
  CHECK(labels == 3);
}

TEST_CASE("the last outcome of a block of responses is the response's own") {
  const Checked checked = sound(R"(use std.prometheus
use std.terminal
let screen = terminal.channel()
metric errors: ratio = prometheus.query("errors")
rollout api { when errors > 1%
    for 5m then { notify screen "bad"; rollback "too many" } }
)");
  const check::Guard& guard = checked.module.guards.at(0);
  CHECK(guard.text == "errors > 1% for 5m");
  const check::Response& response = checked.module.responses[guard.response];
  CHECK(response.outcome == plan::OutcomeKind::Rollback);
  CHECK(checked.module.exprs[response.reason].value.as_string() == "too many");
  REQUIRE(response.steps != kNone);
  CHECK(checked.module.blocks[response.steps].steps.size() == 1);
}

TEST_CASE("a check is external where it or a check that it uses reaches outside") {
  const Checked checked = sound(R"(use std.prometheus
metric errors: ratio = prometheus.query("errors")
check inner { require errors < 1% }
check reaches { let r = run `date`
 require r.exit == 0 }
check outer { require inner and reaches }
)");
  std::vector<bool> external;
  for (const check::CheckDecl& declaration : checked.module.checks) external.push_back(declaration.external);
  CHECK(external == std::vector<bool>{false, true, true});
}

TEST_CASE("an undo sees what its whole block has bound") {
  const Checked checked = sound(R"(action set(name: string) {
  undo { idempotent run `set ${name} ${trim(before.stdout)}` }
  let before = readonly run `get ${name}`
  idempotent run `set ${name}`
}
)");
  const check::ActionDecl& action = checked.module.actions.at(0);
  CHECK(checked.module.blocks[action.body].undo != kNone);
}

TEST_CASE("the lines of a scenario hold folded constants, targets and points in the order of the text") {
  const Checked checked = sound(R"(use std.prometheus
metric p95(endpoint: string = ".*"): duration = prometheus.query(endpoint)
let most = 100ms
rollout api {
  when p95 > 1s then rollback
  stage canary { hold 5m }
}
scenario "fast" of api {
  p95("jobs") = ramp(most, most * 2) from canary to end of canary + 2 * 5m
  p95 = noise(100ms, by: 10%)
  p95(_) = slots(15s, [most, _, error, 700ms x 8])
}
)");
  const auto& lines = checked.module.scenarios.at(0).lines;
  REQUIRE(lines.size() == 3);
  const auto texts = [&](const check::ScenarioLine& line) {
    std::vector<std::string> result;
    for (const check::ExprId value : line.values) result.push_back(plan::to_literal(checked.module.exprs[value].value));
    return result;
  };
  CHECK(texts(lines[0]) == std::vector<std::string>{"100ms", "200ms"});
  CHECK(texts(lines[1]) == std::vector<std::string>{"100ms", "10ms"});
  CHECK(texts(lines[2]) == std::vector<std::string>{"15s", "100ms", "700ms", "8"});
  CHECK(checked.module.exprs[lines[0].targets[0]].children.size() == 1);
  CHECK(lines[1].targets[0] == kNone);
  CHECK(checked.module.exprs[lines[2].targets[0]].children[0] == kNone);
  REQUIRE(lines[0].points.size() == 2);
  CHECK(lines[0].points[0].base == check::ScenarioPoint::Base::StageEntry);
  CHECK(lines[0].points[0].offset == kNone);
  CHECK(lines[0].points[1].base == check::ScenarioPoint::Base::StageEnd);
  CHECK(plan::to_literal(checked.module.exprs[lines[0].points[1].offset].value) == "10m");
}

TEST_CASE("modules keep their own paths under any alias") {
  const Checked checked =
      sound("use std.kubernetes as k8s\nuse std.http\nrollout api { k8s.annotate(\"a\", \"b\", \"c\") }\n");
  CHECK(symbol(checked, "kubernetes.annotate").kind == check::SymbolKind::Action);
  CHECK(checked.module.files.files.at(0).path == "test.rollout");
  CHECK(checked.module.trees.size() == checked.module.files.files.size());
}
