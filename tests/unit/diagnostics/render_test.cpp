#include "compiler/diagnostics/render.hpp"

#include <catch2/catch.hpp>

namespace rollout::diagnostics {
namespace {

constexpr FileId kMain{0};
constexpr FileId kModule{1};

// The location of the n-th occurrence of a text.
Location find(const Files& files, FileId file, std::string_view text, int occurrence = 1) {
  const std::string_view all = files[file].text;
  std::size_t at = all.find(text);
  while (--occurrence > 0) at = all.find(text, at + 1);
  REQUIRE(at != std::string_view::npos);
  return {file, {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + text.size())}};
}

std::string frame(const Diagnostic& diagnostic, const Files& files, std::size_t columns = 100) {
  return "\n" + render_frame(diagnostic, files, {.columns = columns});
}

const Files& canary() {
  static const Files files{{{"canary.rollout",
                             "rollout demo {\n"
                             "  stage canary {\n"
                             "    when p95(latency) > 100/s for 5m then rollback\n"
                             "    hold 10m\n"
                             "  }\n"
                             "}\n"},
                            {"std/http.rollout", "metric latency: duration = x\n"}}};
  return files;
}

TEST_CASE("labels of one line stand below it, the last one behind the marks") {
  Diagnostic diagnostic{.code = Code::Unexpected,
                        .message = "cannot compare a duration with a rate",
                        .primary = find(canary(), kMain, "> "),
                        .notes = {"`latency` is declared as `duration` in std/http.rollout:1:8"},
                        .helps = {"compare with a duration, for example `250ms`"}};
  diagnostic.primary.span.end -= 1;
  diagnostic.labels = {{find(canary(), kMain, "p95(latency)"), "duration"},
                       {find(canary(), kMain, "100/s"), "rate (per second)"}};
  CHECK(frame(diagnostic, canary()) == R"(
error[E0102]: cannot compare a duration with a rate: compare with a duration, for example `250ms`
  --> canary.rollout:3:23
   |
 3 |     when p95(latency) > 100/s for 5m then rollback
   |          ------------ ^ ----- rate (per second)
   |          |
   |          duration
   |
   = note: `latency` is declared as `duration` in std/http.rollout:1:8
)");
}

TEST_CASE("several lines, a gap and another file") {
  Diagnostic diagnostic{.code = Code::UnclosedBrace, .message = "unclosed `{`", .primary = find(canary(), kMain, "{")};
  diagnostic.primary_label = "opened here";
  diagnostic.labels = {{find(canary(), kMain, "hold"), "still inside"},
                       {find(canary(), kMain, "canary {"), ""},
                       {find(canary(), kModule, "latency"), "declared here"}};
  CHECK(frame(diagnostic, canary()) == R"(
error[E0104]: unclosed `{`
  --> canary.rollout:1:14
   |
 1 | rollout demo {
   |              ^ opened here
 2 |   stage canary {
   |         --------
 3 |     when p95(latency) > 100/s for 5m then rollback
 4 |     hold 10m
   |     ---- still inside
  ::: std/http.rollout:1:8
   |
 1 | metric latency: duration = x
   |        ------- declared here
)");
}

TEST_CASE("a span over several lines is marked at both ends") {
  Diagnostic diagnostic{
      .code = Code::Unexpected,
      .message = "a block",
      .primary = find(canary(), kMain,
                      "stage canary {\n    when p95(latency) > 100/s for 5m then rollback\n    hold 10m\n  }\n")};
  diagnostic.primary_label = "all of this";
  CHECK(frame(diagnostic, canary()) == R"(
error[E0102]: a block
  --> canary.rollout:2:3
   |
 2 |   stage canary {
   |   ^^^^^^^^^^^^^^
...
 5 |   }
   |   ^ all of this
)");
}

TEST_CASE("tabs, wide characters, bad bytes and CRLF") {
  const Files files{{{"odd.rollout", "a = 1\r\n\tlet 漢 = \"\xFF\" + oops\r\n"}}};
  Diagnostic diagnostic{
      .code = Code::Unexpected, .message = "unexpected `oops`", .primary = find(files, kMain, "oops")};
  diagnostic.primary_label = "here";
  diagnostic.labels = {{find(files, kMain, "漢"), "this"}};
  CHECK(frame(diagnostic, files) == R"(
error[E0102]: unexpected `oops`
  --> odd.rollout:2:16
   |
 2 |     let 漢 = "<FF>" + oops
   |         --            ^^^^ here
   |         |
   |         this
)");
}

TEST_CASE("an empty span at the end of the file has one mark") {
  const Files files{{{"short.rollout", "hold"}}};
  const Diagnostic diagnostic{.code = Code::Expected, .message = "expected a duration", .primary = {kMain, {4, 4}}};
  CHECK(frame(diagnostic, files) == R"(
error[E0101]: expected a duration
  --> short.rollout:1:5
   |
 1 | hold
   |     ^
)");
}

TEST_CASE("a long line is cut around the mark on a narrow terminal, a long label wrapped") {
  const Files files{{{"long.rollout", std::string(100, 'a') + " oops " + std::string(100, 'b') + "\n"}}};
  Diagnostic diagnostic{
      .code = Code::Unexpected, .message = "unexpected `oops`", .primary = find(files, kMain, "oops")};
  diagnostic.primary_label = "this label is much too long for a narrow terminal, so that it stands on lines of its own";
  CHECK(frame(diagnostic, files, 60) == R"(
error[E0102]: unexpected `oops`
  --> long.rollout:1:102
   |
 1 | ...aaaaaaaaaaaaaa oops bbbbbbbbbbbbbbbbbbbbbbbbbbbb...
   |                   ^^^^
   |                   |
   |                   this label is much too long for a
   |                   narrow terminal, so that it stands
   |                   on lines of its own
)");
}

TEST_CASE("only a safe fix is called one") {
  Diagnostic diagnostic{
      .code = Code::SpacedUnit, .message = "blank before a unit", .primary = find(canary(), kMain, "10m")};
  diagnostic.fixes = {{"write `10m`", {}, Applicability::Safe}, {"remove it", {}, Applicability::Maybe}};
  CHECK(frame(diagnostic, canary()) == R"(
error[E0112]: blank before a unit
  --> canary.rollout:4:10
   |
 4 |     hold 10m
   |          ^^^
   |
   = fix: write `10m`
   = help: remove it
)");
}

TEST_CASE("colours only where they are asked for") {
  const Diagnostic diagnostic{.code = Code::SpacedUnit, .message = "m", .primary = find(canary(), kMain, "10m")};
  CHECK(render_frame(diagnostic, canary(), {}).find('\x1b') == std::string::npos);
  const std::string coloured = render_frame(diagnostic, canary(), {.colour = Colour::Always});
  CHECK(coloured.starts_with("\x1b[1;31merror[E0112]\x1b[0m\x1b[1m: m\x1b[0m\n"));
}

TEST_CASE("short is one line each") {
  const Diagnostic diagnostic{.code = Code::SpacedUnit, .message = "m\nn", .primary = find(canary(), kMain, "10m")};
  CHECK(render_short(diagnostic, canary()) == "canary.rollout:4:10: error[E0112]: m<0A>n\n");
}

TEST_CASE("json has all keys in one order") {
  Diagnostic diagnostic{.code = Code::SpacedUnit, .message = "say \"5m\"\xFF", .primary = find(canary(), kMain, "10m")};
  diagnostic.primary_label = "here";
  diagnostic.labels = {{find(canary(), kModule, "x"), "there"}};
  diagnostic.notes = {"a\\b\n"};
  diagnostic.fixes = {{"t", {{find(canary(), kMain, "hold"), "x"}}, Applicability::Safe}};
  CHECK(
      render_json(diagnostic, canary()) ==
      R"({"code":"E0112","severity":"error","message":"say \"5m\")"
      "\xEF\xBF\xBD"
      R"(: t","file":"canary.rollout","line":4,"column":10,"end_line":4,"end_column":13,"labels":[{"file":"canary.rollout","line":4,"column":10,"end_line":4,"end_column":13,"text":"here"},{"file":"std/http.rollout","line":1,"column":28,"end_line":1,"end_column":29,"text":"there"}],"notes":["a\\b\n"],"helps":[],"fixes":[{"title":"t","applicability":"safe","edits":[{"file":"canary.rollout","line":4,"column":5,"end_line":4,"end_column":9,"text":"x"}]}]})"
      "\n");
}

TEST_CASE("the summary counts and names the file") {
  Diagnostic first{.code = Code::SpacedUnit, .message = "a", .primary = {kMain, {0, 1}}};
  Diagnostic second{.code = Code::SpacedUnit, .message = "b", .primary = {kModule, {0, 1}}};
  CHECK(summary({}, canary()).empty());
  CHECK(summary(std::vector{first}, canary()) == "1 error in canary.rollout");
  CHECK(summary(std::vector{first, first}, canary()) == "2 errors in canary.rollout");
  CHECK(summary(std::vector{first, second}, canary()) == "2 errors in 2 files");
}

TEST_CASE("the text of a location is clamped to what is there") {
  CHECK(text_of(canary(), {kModule, {7, 14}}) == "latency");
  CHECK(text_of(canary(), {kModule, {27, 999}}) == "x\n");
  CHECK(text_of(canary(), {kModule, {14, 7}}).empty());
  CHECK(text_of(canary(), {FileId{9}, {0, 5}}).empty());
}

TEST_CASE("formats by name") {
  CHECK(format_from("json") == Format::Json);
  CHECK_FALSE(format_from("xml"));
}

}  // namespace
}  // namespace rollout::diagnostics
