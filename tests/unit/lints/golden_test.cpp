#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "support.hpp"

// Each tests/golden/lints/NAME.rollout is compiled, and what the lints say stands beside it in NAME.txt. All of them
// are written anew with ROLLOUT_UPDATE_GOLDENS=1.

using namespace rollout;
using lints::test::read_text;

namespace {

const std::filesystem::path kGoldens = std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "tests/golden/lints";

driver::CompiledFile compiled_golden(const std::filesystem::path& source) {
  return driver::compile_source({source.filename().string(), read_text(source)});
}

}  // namespace

TEST_CASE("what the lints say of each golden program") {
  for (const auto& source : test::files_in(kGoldens, ".rollout")) {
    const driver::CompiledFile file = compiled_golden(source);
    const std::string said = driver::render(file, diagnostics::Format::Text, {});
    auto expected = source;
    expected.replace_extension(".txt");
    INFO(source.filename().string());
    CHECK_FALSE(file.has_errors);
    CHECK(said == test::recorded(expected, said));
  }
}

TEST_CASE("every lint is shown by a golden program") {
  std::set<std::string> shown;
  for (const auto& source : test::files_in(kGoldens, ".rollout"))
    shown.merge(lints::test::codes(compiled_golden(source)));
  std::vector<std::string_view> missing;
  for (const diagnostics::Code code : diagnostics::all_codes()) {
    const std::string text(diagnostics::code_text(code));
    const bool lint = diagnostics::severity_of(code) == diagnostics::Severity::Warning;
    if (lint && code > diagnostics::Code::NotYet && !shown.contains(text))
      missing.push_back(diagnostics::code_text(code));
  }
  CHECK(missing == std::vector<std::string_view>{});
}
