#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "compiler/driver/compile.hpp"
#include "tests/support/golden.hpp"

// docs/diagnostics.md: what the compiler says of the mistakes that people make most, reviewed as a set. The page is
// made of what it really says; ROLLOUT_UPDATE_GOLDENS=1 writes it anew.

namespace {

using namespace rollout;

// One mistake in tests/unit/mistakes/shop.rollout: `right` stands there once and becomes `wrong`.
struct Mistake {
  const char* title;
  const char* right;
  const char* wrong;
};

constexpr auto kMistakes = std::to_array<Mistake>({
    {"A unit of another kind", "when p95 > 250ms for", "when p95 > 5% for"},
    {"A duration without its unit", "when p95 > 250ms for", "when p95 > 250 for"},
    {"A percentage as a number", "errors > 1% then", "errors > 0.01 then"},
    {"A share of traffic without `%`", "traffic 5%\n", "traffic 5\n"},
    {"A unit that does not exist", "for 5m then", "for 5min then"},
    {"A unit spelt out", "for 5m then", "for 5 minutes then"},
    {"A blank before the unit", "p95 > 250ms", "p95 > 250 ms"},
    {"A misspelt metric", "until p95 < 200ms", "until p59 < 200ms"},
    {"A misspelt statement", "    verify smoke()", "    verfy smoke()"},
    {"A misspelt declaration", "action weight", "acton weight"},
    {"A misspelt role", "by release_manager within", "by release_managers within"},
    {"A stage that does not exist", "for 5m then rollback", "for 5m then rollback to canry"},
    {"A module that is not in use", "use std.prometheus\n", ""},
    {"A misspelt function of a module", "query(\"errors{}\")", "qery(\"errors{}\")"},
    {"An argument that does not exist", "verify smoke()", "verify smoke(host: \"eu\")"},
    {"A guard without `then`", "for 5m then rollback", "for 5m rollback"},
    {"A guard that begins with its response", "when errors > 1% then rollback", "rollback when errors > 1%"},
    {"`if` where something is watched", "when p95 > 250ms for 5m then", "if p95 > 250ms for 5m then"},
    {"`for` at something that happens once", "verify smoke()", "verify smoke() for 5m"},
    {"`or` after a `for`", "p95 > 250ms for 5m then", "p95 > 250ms for 5m or errors > 1% then"},
    {"`else` without a response", "p95 < 200ms else rollback", "p95 < 200ms else"},
    {"`=` for `==`", "health == bad", "health = bad"},
    {"An order among labels", "health == bad", "health >= bad"},
    {"A misspelt label", "health == bad", "health == bda"},
    {"A chain of comparisons", "when errors > 1% then", "when 1% < errors < 5% then"},
    {"`&&` and `||`", "when errors > 1% then", "when errors > 1% && p95 > 200ms then"},
    {"`!`", "when errors > 1% then", "when !(errors < 1%) then"},
    {"A comment with `//`", "traffic 5%\n", "traffic 5%  // five\n"},
    {"Single quotes", "\"Go / no-go\"", "'Go / no-go'"},
    {"A text without quotes", "\"Go / no-go\"", "go"},
    {"An unclosed string", "\"Go / no-go\"", "\"Go / no-go"},
    {"An unclosed `\"\"\"`", "query(\"p95{}\")", "query(\"\"\"p95{})"},
    {"An unclosed command", "-canary ${share / 1%}`", "-canary ${share / 1%}"},
    {"An unclosed brace", "else rollback\n  }", "else rollback\n"},
    {"A brace too many", "    verify smoke()\n", "    verify smoke()\n    }\n"},
    {"A colon after a word", "stage full {", "stage full: {"},
    {"A parameter without a type", "param version: string", "param version = \"v1\""},
    {"A type in capitals", "param version: string", "param version: String"},
    {"`$version` for `${version}`", "\"shop ${version} rolled", "\"shop $version rolled"},
    {"A pipe in a command", "`smoke ${version}`", "`smoke ${version} | tee log`"},
    {"A secret in a text", "\"shop ${version} rolled", "\"shop ${token} rolled"},
    {"A notification to nobody", "notify ops \"shop", "notify \"shop"},
    {"A range with a dash", "hold 15m..30m", "hold 15m-30m"},
    {"Two stages of one name", "stage full {", "stage canary {"},
    {"A parameter of another type in a scenario", "with version = \"v2\"", "with version = 2"},
    {"A signal without its unit", "  p95 = 120ms\n", "  p95 = 120\n"},
});

std::string with_mistake(const std::string& program, const Mistake& mistake) {
  const std::size_t at = program.find(mistake.right);
  REQUIRE(at != std::string::npos);
  CHECK(program.find(mistake.right, at + 1) == std::string::npos);
  return std::string(program).replace(at, std::string_view(mistake.right).size(), mistake.wrong);
}

}  // namespace

TEST_CASE("each of the likely mistakes is told once, and how to mend it") {
  const std::string folder = ROLLOUT_SOURCE_DIRECTORY "/tests/unit/mistakes/";
  const std::string program = test::read_text(folder + "shop.rollout");
  REQUIRE(driver::compile_source({"shop.rollout", program}).diagnostics.empty());
  std::string page = test::read_text(folder + "page.md");
  page += fmt::format("\n## {} mistakes in one program\n", kMistakes.size());
  std::size_t number = 0;
  for (const Mistake& mistake : kMistakes) {
    INFO(mistake.title);
    const driver::CompiledFile file = driver::compile_source({"shop.rollout", with_mistake(program, mistake)});
    const std::string shown = driver::render(file, diagnostics::Format::Text, {});
    INFO(shown);
    // One cause, one diagnostic.
    REQUIRE(file.diagnostics.size() == 1);
    page += fmt::format("\n### {}. {}\n\n```text\n{}", ++number, mistake.title,
                        diagnostics::render_frame(file.diagnostics.front(), file.module.files, {}));
    page += "```\n";
  }
  const std::string path = ROLLOUT_SOURCE_DIRECTORY "/docs/diagnostics.md";
  CHECK(test::recorded(path, page) == page);
}
