// What the grammar room's tests share.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "grammar/parse.hpp"

namespace rollout::grammar::test {

inline std::filesystem::path golden_directory() {
  return std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "tests" / "golden" / "parse";
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline SyntaxTree parse_text(std::string text) {
  return parse({"test.rollout", std::move(text)});
}

// The .rollout files of a folder below the goldens, by name.
inline std::vector<std::filesystem::path> programs_in(const std::string& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(golden_directory() / folder)) {
    if (entry.path().extension() == ".rollout") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// A count from the environment, for runs that are longer or shorter than usual.
inline std::size_t count_from_environment(const char* name, std::size_t usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

}  // namespace rollout::grammar::test
