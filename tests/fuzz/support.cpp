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
  std::vector<std::string> sources;
  const std::filesystem::path root = ROLLOUT_SOURCE_DIRECTORY;
  for (const char* name : {"tests/fuzz/corpus/source/small.rollout", "examples/portal-api/portal-api.rollout"}) {
    std::ifstream file(root / name, std::ios::binary);
    if (file) sources.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return sources;
}

}  // namespace rollout::fuzz
