// Files that tests compare with, and how they are written anew.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::test {

// The bytes of a file; empty where there is none.
inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The files of a folder with that extension, by name.
inline std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder, std::string_view extension) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == extension) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

// What is recorded in the file; with ROLLOUT_UPDATE_GOLDENS=1, `now` is recorded first. Read the difference before
// keeping it.
inline std::string recorded(const std::filesystem::path& path, const std::string& now) {
  if (std::getenv("ROLLOUT_UPDATE_GOLDENS") != nullptr) std::ofstream(path, std::ios::binary) << now;
  return read_text(path);
}

}  // namespace rollout::test
