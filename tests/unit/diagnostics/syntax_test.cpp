#include "compiler/diagnostics/syntax.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "compiler/diagnostics/render.hpp"
#include "grammar/parse.hpp"
#include "tests/support/golden.hpp"

// Every file of tests/golden/diagnostics with the frames that it gives beside it. ROLLOUT_UPDATE_GOLDENS=1 writes what
// is shown now as what is expected; the diff is then for reading.

namespace rollout::diagnostics {
namespace {

const std::filesystem::path kFolder = ROLLOUT_SOURCE_DIRECTORY "/tests/golden/diagnostics";

struct Findings {
  Files files;
  std::vector<Diagnostic> diagnostics;
};

Findings findings_of(const std::string& name, std::string text, grammar::ParseLimits limits = {}) {
  const grammar::SyntaxTree tree = grammar::parse({name, std::move(text)}, limits);
  Sink sink;
  report_syntax(tree, FileId{0}, sink);
  return {{{tree.source()}}, sink.sorted()};
}

TEST_CASE("every syntax problem is said as the goldens show") {
  for (const std::filesystem::path& path : test::files_in(kFolder, ".rollout")) {
    const Findings found = findings_of(path.filename().string(), test::read_text(path));
    const std::string frames = render(found.diagnostics, found.files, Format::Text, {});
    std::filesystem::path expected = path;
    expected.replace_extension(".frames");
    CAPTURE(expected.filename().string());
    CHECK(frames == test::recorded(expected, frames));
  }
}

TEST_CASE("the goldens show every code of the syntax") {
  std::set<std::string_view> seen;
  for (const std::filesystem::path& path : test::files_in(kFolder, ".rollout")) {
    for (const Diagnostic& diagnostic : findings_of("x", test::read_text(path)).diagnostics) {
      seen.insert(code_text(diagnostic.code));
    }
  }
  // Files for these would be too large to read; and the parser says something more exact than E0110 so far.
  seen.insert({"E0128", "E0129", "E0110"});
  for (auto code = static_cast<int>(Code::Expected); code <= static_cast<int>(Code::ControlCharacter); ++code) {
    INFO(code_text(Code{static_cast<std::uint16_t>(code)}));
    CHECK(seen.contains(code_text(Code{static_cast<std::uint16_t>(code)})));
  }
}

TEST_CASE("texts beyond the limits are said to be so") {
  const Findings large = findings_of("x", "let a = 1\n", {.bytes = 4});
  REQUIRE(large.diagnostics.size() == 1);
  CHECK(large.diagnostics[0].code == Code::TooLarge);
  const Findings deep = findings_of("x", "let a = " + std::string(1000, '(') + "1" + std::string(1000, ')') + "\n");
  REQUIRE_FALSE(deep.diagnostics.empty());
  CHECK(deep.diagnostics[0].code == Code::TooDeep);
}

TEST_CASE("a fix that is safe leaves no problem behind") {
  for (const std::string text : {"let a = 250 ms\n", "rollout d {\n  when a = 1 then rollback\n}\n"}) {
    const Findings found = findings_of("x", text);
    CAPTURE(text);
    REQUIRE(found.diagnostics.size() == 1);
    REQUIRE(found.diagnostics[0].fixes.size() == 1);
    const Edit& edit = found.diagnostics[0].fixes[0].edits.at(0);
    std::string mended = text;
    mended.replace(edit.location.span.begin, edit.location.span.size(), edit.text);
    CHECK(findings_of("x", mended).diagnostics.empty());
  }
}

}  // namespace
}  // namespace rollout::diagnostics
