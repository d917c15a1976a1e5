#include "editor-support/language-server/queries/refactorings.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "editor-support/language-server/queries/play.hpp"
#include "tests/unit/language_server/support.hpp"

namespace {

using namespace rollout;
using namespace rollout::language_server;
using namespace rollout::language_server::test;

const std::string kHead = R"(use std.prometheus

# What is watched.
metric p95(endpoint: string = ".*"): duration = prometheus.query("p95") unit s every 30s
metric errors: ratio = prometheus.query("errors")
)";

std::string applied(const std::string& text, const Refactoring& refactoring) {
  std::vector<diagnostics::Edit> edits = refactoring.edits;
  std::ranges::stable_sort(edits, std::greater<>(), [](const auto& edit) { return edit.location.span.begin; });
  std::string result = text;
  for (const auto& edit : edits) result.replace(edit.location.span.begin, edit.location.span.size(), edit.text);
  return result;
}

driver::CompiledFile compiled(const std::string& text, const std::string& path = "/plans/shop.rollout") {
  return driver::compile_source({path, text});
}

// The text once the refactoring with that title was applied at the mark, without what stood above it.
std::string after(const std::string& title, const std::string& with_mark) {
  const Marked at = marked(kHead + with_mark);
  const driver::CompiledFile file = compiled(at.text);
  for (const Refactoring& one : refactorings(file.module, {at.offset, at.offset})) {
    if (one.title == title) return applied(at.text, one).substr(kHead.size());
  }
  return "not offered";
}

std::vector<std::string> offered(const std::string& with_mark) {
  const Marked at = marked(kHead + with_mark);
  const driver::CompiledFile file = compiled(at.text);
  std::vector<std::string> titles;
  for (const Refactoring& one : refactorings(file.module, {at.offset, at.offset})) titles.push_back(one.title);
  return titles;
}

}  // namespace

TEST_CASE("guards get a declaration of their own, with what they need from around them") {
  CHECK(after("extract this guard into `guards`",
              "# The shop.\nrollout shop {\n  stage canary {\n    |when p95() > 1s for 5m\n      then rollback\n"
              "    hold 10m\n  }\n}\n") ==
        "guards canary_guards {\n  when p95() > 1s for 5m\n    then rollback\n}\n\n"
        "# The shop.\nrollout shop {\n  stage canary {\n    watch canary_guards\n    hold 10m\n  }\n}\n");
  CHECK(after("extract this guard into `guards`",
              "rollout shop {\n  each name in [\"a\", \"b\"] {\n    when p95(name) > 1s |for 5m then rollback\n"
              "    hold 10m\n  }\n}\n") ==
        "guards shop_guards(name: string) {\n  when p95(name) > 1s for 5m then rollback\n}\n\n"
        "rollout shop {\n  each name in [\"a\", \"b\"] {\n    watch shop_guards(name)\n    hold 10m\n  }\n}\n");
  // A stage has no name outside of its rollout, and a guard of a set is in one.
  CHECK(offered("rollout shop {\n  stage one { hold 1m }\n  stage two {\n    |when p95() > 1s then rollback to one\n"
                "    hold 1m\n  }\n}\n") == std::vector<std::string>{});
  CHECK(std::ranges::count(offered("guards all { |when p95() > 1s then rollback }\n"),
                           "extract this guard into `guards`") == 0);
}

TEST_CASE("several selected guards move together") {
  const std::string text = kHead +
                           "rollout shop {\n  when p95() > 1s for 5m then rollback\n  # Errors.\n"
                           "  when errors > 5% for 1m then pause\n  hold 10m\n}\n";
  const driver::CompiledFile file = compiled(text);
  const auto begin = static_cast<std::uint32_t>(text.find("when p95"));
  const auto end = static_cast<std::uint32_t>(text.find("pause"));
  std::string result;
  for (const Refactoring& one : refactorings(file.module, {begin, end})) {
    if (one.title == "extract these 2 guards into `guards`") result = applied(text, one);
  }
  CHECK(result.substr(std::min(result.size(), kHead.size())) ==
        "guards shop_guards {\n  when p95() > 1s for 5m then rollback\n  # Errors.\n  when errors > 5% for 1m then "
        "pause\n"
        "}\n\nrollout shop {\n  watch shop_guards\n  hold 10m\n}\n");
}

TEST_CASE("a verification in place becomes a check") {
  CHECK(
      after("extract this `verify` into the check `the_site_answers`",
            "rollout shop {\n  stage one {\n    verify \"The site answers\" {\n      let r = http.get(\"https://x\")\n"
            "      |require r.status == 200 \"no answer\"\n    } else rollback\n  }\n}\n") ==
      "check the_site_answers() {\n  let r = http.get(\"https://x\")\n  require r.status == 200 \"no answer\"\n}\n\n"
      "rollout shop {\n  stage one {\n    verify the_site_answers() else rollback\n  }\n}\n");
}

TEST_CASE("a source of samples that stands in a condition becomes a metric") {
  CHECK(after("extract this `prometheus.query` into a metric",
              "rollout shop {\n  when prometheus.query(\"|up\") < 3 then rollback\n  hold 10m\n}\n") ==
        "metric metric_of_prometheus: number = prometheus.query(\"up\") every 15s\n\n"
        "rollout shop {\n  when metric_of_prometheus < 3 then rollback\n  hold 10m\n}\n");
}

TEST_CASE("missing clauses are added where the grammar takes them") {
  CHECK(after("add the missing `undo`", "action go() {\n  run `go|`\n}\n") ==
        "action go() {\n  run `go`\n  undo {\n    # takes back what the action has done\n  }\n}\n");
  CHECK(after("add the missing `undo`", "readonly action look() {\n  run `look|`\n}\n") == "not offered");
  CHECK(after("add an `undo` to this step", "rollout shop {\n  run `go|`\n  hold 1m\n}\n") ==
        "rollout shop {\n  run `go` undo {\n    # takes back what this step has done\n  }\n  hold 1m\n}\n");
  CHECK(after("add `else rollback`", "rollout shop {\n  run `go|` timeout 1m\n}\n") ==
        "rollout shop {\n  run `go` timeout 1m else rollback\n}\n");
  CHECK(after("add `else rollback`", "rollout shop {\n  run `go|` else abort\n}\n") == "not offered");
  CHECK(after("add `else rollback`", "rollout shop {\n  verify \"x\" {\n    require| errors < 5%\n  }\n}\n") ==
        "rollout shop {\n  verify \"x\" {\n    require errors < 5%\n  } else rollback\n}\n");
}

TEST_CASE("a guard gets a scenario in which it acts") {
  CHECK(after("add a scenario for this guard",
              "rollout shop {\n  when p95() > 1s| for 5m then rollback\n  stage one {\n"
              "    hold 10m..20m until errors < 1%\n  }\n}\n") ==
        "rollout shop {\n  when p95() > 1s for 5m then rollback\n  stage one {\n"
        "    hold 10m..20m until errors < 1%\n  }\n}\n\n"
        "scenario \"p95() > 1s for 5m\" of shop {\n  errors = 0.5%\n  p95() = 500ms\n  p95() = 2s from 1m\n"
        "  expect rolled back\n}\n");
  // What goes well somewhere is taken over from there.
  CHECK(
      after("add a scenario for this guard",
            "world calm {\n  p95() = 100ms\n}\nrollout shop {\n  stage one {\n    when |p95() > 1s for 5m then pause\n"
            "    hold 10m\n  }\n}\nscenario \"fine\" of shop in calm {\n  errors = 0%\n  expect succeeded\n}\n") ==
      "world calm {\n  p95() = 100ms\n}\nrollout shop {\n  stage one {\n    when p95() > 1s for 5m then pause\n"
      "    hold 10m\n  }\n}\nscenario \"fine\" of shop in calm {\n  errors = 0%\n  expect succeeded\n}\n\n"
      "scenario \"p95() > 1s for 5m\" of shop in calm {\n  errors = 0%\n  p95() = 2s from one\n  expect "
      "paused\n}\n");
}

TEST_CASE("refactorings of the examples compile, and most of their scenarios show what they should") {
  const std::filesystem::path root = std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "examples";
  std::size_t applied_count = 0, scenarios = 0, passed = 0;
  std::set<std::string> titles;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".rollout") continue;
    const std::string path = entry.path().string(), text = read_text(path);
    const driver::CompiledFile file = compiled(text, path);
    REQUIRE_FALSE(file.has_errors);
    std::set<std::string> seen;
    for (const grammar::Event& event : file.module.trees.front().events()) {
      using grammar::SyntaxKind;
      const bool begins = event.kind == SyntaxKind::When || event.kind == SyntaxKind::Verify ||
                          event.kind == SyntaxKind::Effect || event.kind == SyntaxKind::Action;
      if (!begins) continue;
      for (const Refactoring& one : refactorings(file.module, {event.begin, event.begin})) {
        if (!seen.insert(applied(text, one)).second) continue;
        const std::string result = applied(text, {one.title, one.kind, best_edits(file, one)});
        const driver::CompiledFile changed = compiled(result, path);
        ++applied_count;
        titles.insert(one.title);
        INFO(path << ": " << one.title);
        INFO(driver::render(changed, diagnostics::Format::Short, {}));
        CHECK_FALSE(changed.has_errors);
        if (one.title != "add a scenario for this guard" || changed.has_errors) continue;
        // The new one is the only one that was not there.
        for (const check::ScenarioDecl& scenario : changed.module.scenarios) {
          const std::string& name = changed.module.symbols[scenario.symbol].name;
          const bool known = std::ranges::any_of(file.module.scenarios, [&](const check::ScenarioDecl& other) {
            return file.module.symbols[other.symbol].name == name;
          });
          if (known) continue;
          const auto played = play_scenario(changed, name);
          REQUIRE(played);
          ++scenarios;
          passed += played->passed ? 1 : 0;
          INFO(name << ": " << (played->passed ? "passed" : played->failures.front()));
        }
      }
    }
  }
  INFO(applied_count << " refactorings, " << passed << " of " << scenarios << " scenarios");
  CHECK(applied_count >= 200);
  CHECK(scenarios >= 30);
  CHECK(passed * 10 >= scenarios * 9);
  CHECK(titles.size() >= 5);
}
