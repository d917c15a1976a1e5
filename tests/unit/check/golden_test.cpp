#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "tests/unit/check/support.hpp"

// Each tests/golden/check/NAME.rollout is checked, and what the compiler says stands beside it in NAME.txt. All of them
// are written anew with ROLLOUT_UPDATE_GOLDENS=1.

using namespace rollout;
using check::test::read_text;

namespace {

const std::filesystem::path kGoldens = std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "tests/golden/check";

check::test::Checked check_golden(const std::filesystem::path& source) {
  check::test::Checked checked;
  checked.module = check::check({source.filename().string(), read_text(source)},
                                check::test::loader_in(source.parent_path()), checked.sink);
  return checked;
}

}  // namespace

TEST_CASE("what the compiler says of each golden program") {
  for (const auto& source : test::files_in(kGoldens, ".rollout")) {
    const std::string said = check_golden(source).frames();
    auto expected = source;
    expected.replace_extension(".txt");
    INFO(source.filename().string());
    CHECK(said == test::recorded(expected, said));
  }
}

TEST_CASE("every code of the checker is shown by a golden program") {
  // What is wrong with a lock file takes one: tests/unit/driver/plugins_test.cpp.
  std::set<std::string_view> shown{"E0218", "E0219", "E0220"};
  for (const auto& source : test::files_in(kGoldens, ".rollout")) {
    for (const auto& diagnostic : check_golden(source).sink.sorted()) {
      shown.insert(diagnostics::code_text(diagnostic.code));
    }
  }
  std::vector<std::string> missing;
  constexpr diagnostics::Code kFirst = diagnostics::Code::UnknownName, kLast = diagnostics::Code::NotYet;
  for (auto code = static_cast<unsigned>(kFirst); code <= static_cast<unsigned>(kLast); ++code) {
    const std::string_view text = diagnostics::code_text(static_cast<diagnostics::Code>(code));
    if (!shown.contains(text)) missing.emplace_back(text);
  }
  CHECK(missing == std::vector<std::string>{});
}
