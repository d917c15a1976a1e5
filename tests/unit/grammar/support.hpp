// What the grammar room's tests share.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "grammar/parse.hpp"
#include "tests/support/golden.hpp"

namespace rollout::grammar::test {

using rollout::test::read_text;

inline std::filesystem::path golden_directory() {
  return std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "tests" / "golden" / "parse";
}

inline SyntaxTree parse_text(std::string text) {
  return parse({"test.rollout", std::move(text)});
}

// The .rollout files of a folder below the goldens, by name.
inline std::vector<std::filesystem::path> programs_in(const std::string& folder) {
  return rollout::test::files_in(golden_directory() / folder, ".rollout");
}

}  // namespace rollout::grammar::test
