#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {

void broken(const std::string& what) {
  std::fprintf(stderr, "broken: %s\n", what.c_str());
  std::abort();
}

std::vector<std::string> example_sources() {
  const std::filesystem::path root = ROLLOUT_SOURCE_DIRECTORY;
  std::vector<std::filesystem::path> files = {root / "tests/fuzz/corpus/source/small.rollout"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "examples")) {
    if (entry.path().extension() == ".rollout") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<std::string> sources;
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (file) sources.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return sources;
}

}  // namespace rollout::fuzz
