#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "editor-support/language-server/queries/completion.hpp"
#include "editor-support/language-server/queries/hover.hpp"
#include "editor-support/language-server/queries/names.hpp"
#include "editor-support/language-server/queries/outline.hpp"
#include "editor-support/language-server/queries/parts.hpp"
#include "editor-support/language-server/queries/tokens.hpp"
#include "tests/unit/language_server/support.hpp"

namespace {

using namespace rollout::language_server;
using namespace rollout::language_server::test;
namespace driver = rollout::driver;

const std::string kWorld = R"(use std.kubernetes as k8s
use std.prometheus
use std.terminal
use std.http

param version: string = "v1"
role managers = ["dana"]
let ops = terminal.channel()
let limit = 250ms
enum state { closed = 0, open = 1 }
## How long requests take.
metric p95(endpoint: string = ".*"): duration = prometheus.query("p95") unit s every 30s
metric breaker: state = prometheus.query("state")
metric up by instance: number = prometheus.query("up")
check healthy(url: string) { let r = http.get(url); require r.status == 200 }
guards budget { when p95 > limit for 5m then rollback }
action weight(share: ratio) { idempotent run `weight ${share / 1%}` }
stage step(share: ratio) { traffic share }
world fine { approve all }
rollout other { stage alone { hold 1m } }
)";

// The world with a statement in a rollout, the cursor at its `|`.
Marked in_rollout(const std::string& statement) {
  return marked(kWorld + "rollout shop {\n  traffic via weight()\n  stage canary { hold 1m }\n  stage wide {\n" +
                statement + "\n  }\n}\n");
}

driver::CompiledFile compiled(const std::string& text) {
  return driver::compile_source({"/plans/shop.rollout", text});
}

std::vector<std::string> labels_at(const Marked& at) {
  const driver::CompiledFile file = compiled(at.text);
  std::vector<std::string> labels;
  for (const Completion& found : completions(file.module, at.offset)) labels.push_back(found.label);
  return labels;
}

struct CompletionCase {
  std::string statement;
  std::vector<std::string> offered;      // the first ones, in any order
  std::vector<std::string> not_offered;  // anywhere
};

void check_offers(const CompletionCase& one, const Marked& at) {
  const std::vector<std::string> labels = labels_at(at);
  INFO(one.statement);
  INFO(fmt::format("{}", fmt::join(labels, ", ")));
  for (const std::string& wanted : one.offered) {
    INFO(wanted);
    CHECK(std::ranges::count(labels, wanted) == 1);
  }
  for (const std::string& unwanted : one.not_offered) {
    INFO(unwanted);
    CHECK(std::ranges::count(labels, unwanted) == 0);
  }
}

std::string hovered(const Marked& at) {
  const driver::CompiledFile file = compiled(at.text);
  const driver::Times times = driver::times_of(file);
  const auto hover = hover_at(file.module, [&]() -> const driver::Times& { return times; }, at.offset);
  return hover ? hover->markdown : "";
}

}  // namespace

TEST_CASE("completion knows what fits at a place of a rollout") {
  const std::vector<CompletionCase> cases = {
      {"|",
       {"traffic", "hold", "when", "approve", "notify", "weight", "k8s", "run", "rollback to"},
       {"owner", "rollout other", "metric", "then", "p95", "else", "expect", "window via", "tick", "managers"}},
      {"rollback to |", {"canary"}, {"wide", "alone", "p95", "when", "hold"}},
      {"rollback to ca|", {"canary"}, {"wide"}},
      {"approve \"go\" by |", {"managers"}, {"p95", "limit", "ops", "canary", "when"}},
      {"approve \"go\" |", {"by"}, {"hold", "then"}},
      {"approve \"go\" by managers |", {"within", "else"}, {"by", "then"}},
      {"notify |", {"ops", "terminal"}, {"limit", "p95", "managers", "when"}},
      {"notify ops \"x\" |", {"severity", "ack within"}, {"then", "until"}},
      {"verify |", {"healthy"}, {"p95", "weight", "ops"}},
      {"watch |", {"budget"}, {"p95", "healthy", "when"}},
      {"when |", {"p95", "breaker", "limit", "avg", "healthy", "not"}, {"weight", "ops2", "canary", "for", "then"}},
      {"when p95 > 250ms |", {"for", "then", "and", "or"}, {"hold", "traffic", "rollback"}},
      {"when p95 > 250ms for 5m |", {"then", "blind"}, {"hold", "and"}},
      {"when p95 > 250ms for 5m then |", {"rollback", "pause", "abort", "notify", "ask", "weight"}, {"hold", "p95"}},
      {"when breaker == |", {"closed", "open", "limit"}, {"canary", "then"}},
      {"when p95 > 25|", {"25ms", "25s"}, {"25%", "25MB", "p95"}},
      {"hold 15|", {"15m", "15h"}, {"15%"}},
      {"traffic 5|", {"5%"}, {"5m"}},
      {"hold 15m |", {"until"}, {"then", "for"}},
      {"k8s.|", {"set_image", "scale"}, {"service_weight_of", "p95", "hold"}},
      {"k8s.set_image(|", {"resource: ", "container: ", "version"}, {"hold"}},
      {"weight(|", {"share: "}, {"hold"}},
      {"let r = http.get(\"https://x\")\nif r.|", {"status", "text", "json"}, {"hold", "limit"}},
      {"let mine = 3\nif m|", {"mine"}, {"hold"}},
      {"if true { let mine = 3 }\nif m|", {"limit"}, {"mine"}},
      {"# a comment |", {}, {"hold", "p95"}},
      {"notify ops \"a text |\"", {}, {"hold", "p95"}},
      {"notify ops \"a ${|", {"version", "limit", "stage_name_of"}, {"hold"}},
      {"rollout |", {"other"}, {"p95", "weight"}},
      {"notify sla|", {"slack"}, {"smtp"}},
  };
  for (CompletionCase one : cases) {
    std::erase_if(one.offered, [](const std::string& label) { return label == "stage_name_of"; });
    check_offers(one, in_rollout(one.statement));
  }
}

TEST_CASE("completion knows what fits at the top of a file and in scenarios") {
  const std::vector<CompletionCase> cases = {
      {"|", {"rollout", "metric", "use", "scenario", "let", "param"}, {"hold", "traffic", "then", "expect"}},
      {"use std.|", {"kubernetes", "slack"}, {"p95", "hold"}},
      {"metric x: |", {"duration", "ratio", "state", "number"}, {"p95", "hold"}},
      {"metric x: number = |", {"prometheus", "probe", "file"}, {"p95", "hold", "shell"}},
      {"metric x: number = prometheus.|", {"query"}, {"hold"}},
      {"metric x: number = prometheus.query(\"x\") |", {"every", "unit", "stale after", "absent is"}, {"then", "hold"}},
      {"secret token = |", {"env", "file"}, {"p95", "shell"}},
      {"let |", {}, {"p95", "limit", "hold"}},
      {"scenario \"a\" of |", {"other"}, {"p95", "weight"}},
      {"scenario \"a\" of other in |", {"fine"}, {"p95", "other"}},
      {"scenario \"a\" of other {\n  |", {"p95", "breaker", "approve", "expect succeeded", "with"}, {"hold", "when"}},
      {"scenario \"a\" of other {\n  breaker = |", {"closed", "open"}, {"hold"}},
      {"scenario \"a\" of other {\n  expect rolled back during |", {"alone"}, {"p95"}},
      {"scenario \"a\" of other {\n  with |", {"version"}, {"p95"}},
      {"scenario \"a\" of other {\n  p95 = 120ms from |", {"alone", "end of"}, {"hold"}},
  };
  for (const CompletionCase& one : cases) check_offers(one, marked(kWorld + one.statement));
}

TEST_CASE("hover says what a name is, its documentation and how it is measured") {
  CHECK(hovered(in_rollout("when p|95 > limit then pause")) ==
        "```rollout\nmetric p95(endpoint: string = \".*\"): duration\n```\n\nMeasured by `prometheus.query` every 30s, "
        "counted in s.\n\nHow long requests take.");
  CHECK(hovered(in_rollout("when p95 > lim|it then pause")) == "```rollout\nlet limit: duration = 250ms\n```");
  CHECK(hovered(in_rollout("when break|er == open then pause")) ==
        "```rollout\nmetric breaker: state\n```\n\nMeasured by `prometheus.query` every 15s.\n\nLabels: `closed`, "
        "`open`.");
  CHECK(hovered(in_rollout("we|ight(5%)")) == "```rollout\naction weight(share: ratio)\n```");
  CHECK(hovered(in_rollout("weight(sha|re: 5%)")) == "```rollout\nshare: ratio\n```");
  CHECK(hovered(in_rollout("run `x ${ver|sion}`")) == "```rollout\nparam version: string = \"v1\"\n```");
  CHECK(hovered(in_rollout("rollback to can|ary")) ==
        "```rollout\nstage canary\n```\n\nTakes 1m; nothing has to be undone by its end.");
  CHECK(hovered(in_rollout("let r = http.ge|t(\"https://x\")")).starts_with("```rollout\nhttp.get(url: string"));
  CHECK(hovered(in_rollout("hold 9|0m")) == "```rollout\nduration 1h30m\n```");
  CHECK(hovered(in_rollout("  |  hold 90m")) == "");
}

TEST_CASE("every use of a name is found, and only those") {
  const Marked at = in_rollout("let lim|it = 3s\nhold until p95 < limit\n");
  const driver::CompiledFile file = compiled(at.text);
  const auto name = name_at(file.module, at.offset);
  REQUIRE(name);
  // The local `limit` hides the one of the module.
  CHECK(places_of(file.module, name->symbol, {}).size() == 2);
  const auto outer = name_at(file.module, static_cast<std::uint32_t>(at.text.find("limit =")));
  REQUIRE(outer);
  CHECK(places_of(file.module, outer->symbol, {}).size() == 2);
}

TEST_CASE("a renaming that would change what a name means is refused") {
  Workspace workspace;
  const Marked at =
      in_rollout("let lim|it = 3s\nhold until p95 < limit\nwhen p95 > other_limit then pause\nlet x = limit\n");
  workspace.set_text("/plans/shop.rollout", at.text);
  const Compiled file = workspace.compiled("/plans/shop.rollout");
  const auto name = name_at(file->module, at.offset);
  REQUIRE(name);
  const auto renamed = [&](const std::string& new_name) { return rename(workspace, file, *name, new_name, {}); };
  REQUIRE(std::holds_alternative<std::vector<Place>>(renamed("threshold")));
  CHECK(std::get<std::vector<Place>>(renamed("threshold")).size() == 3);
  for (const char* bad : {"p95", "x", "each", "2x", "a b", "", "a-b", "other_limit"}) {
    INFO(bad);
    CHECK(std::holds_alternative<std::string>(renamed(bad)));
  }
}

TEST_CASE("semantic tokens lie in order, within one line each, and never overlap") {
  const std::string text = in_rollout("|run `a\\\n b` # c\nlet t = \"\"\"\n  x ${version}\n  \"\"\"\n").text;
  const driver::CompiledFile file = compiled(text);
  std::uint32_t end = 0;
  for (const Token& token : semantic_tokens(file.module)) {
    CHECK(token.span.begin >= end);
    CHECK(token.span.end > token.span.begin);
    CHECK(text.substr(token.span.begin, token.span.size()).find('\n') == std::string::npos);
    end = token.span.end;
  }
}

TEST_CASE("the outline nests stages, guards and hooks in their rollout") {
  const driver::CompiledFile file = compiled(in_rollout("|when p95 > 1s then pause").text);
  const auto items = outline(file.module.trees.front());
  const auto shop = std::ranges::find(items, "shop", &OutlineItem::name);
  REQUIRE(shop != items.end());
  REQUIRE(shop->children.size() == 2);
  CHECK(shop->children[0].name == "canary");
  CHECK(shop->children[1].name == "wide");
  REQUIRE(shop->children[1].children.size() == 1);
  CHECK(shop->children[1].children[0].name == "when p95 > 1s then pause");
  for (const OutlineItem& item : items) CHECK(item.span.contains(item.selection));
}

TEST_CASE("labels, fields and parameters lead to their declaration") {
  struct Case {
    std::string statement, declared;
  };
  const std::vector<Case> cases = {
      {"when breaker == op|en for 1m then rollback", "open = 1"},
      {"weight(sha|re: 5%)", "share: ratio) { idempotent"},
      {"let s = size_of(small: 3, lar|ge: 4)", "large: number"},
      {"let s = size_of(small: 3, large: 4)\nif s.lar|ge > 3 { pause }", "large: number"},
      {"let s = size_of(sm|all: 3, large: 4)", "small: number"},
      {"k8s.set_image(reso|urce: \"x\", container: \"y\", image: \"z\")", "resource: string"},
      {"if p95 > 2|50ms { pause }", ""},
  };
  for (const Case& one : cases) {
    Marked at = in_rollout(one.statement);
    const std::string record = "record size_of { small: number, large: number }\n";
    at.text = record + at.text;
    const driver::CompiledFile file = compiled(at.text);
    const auto part = part_at(file.module, at.offset + static_cast<std::uint32_t>(record.size()));
    INFO(one.statement);
    REQUIRE(part.has_value() == !one.declared.empty());
    if (!part) continue;
    const auto declaring =
        std::ranges::find(file.module.files.files, part->declared.path, &rollout::grammar::SourceFile::path);
    REQUIRE(declaring != file.module.files.files.end());
    CHECK(declaring->text.substr(part->declared.span.begin).starts_with(one.declared));
  }
}
