// Lets libFuzzer run a target. With ROLLOUT_FUZZ_SEEDS=FOLDER the built-in seeds are written there first.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("ROLLOUT_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  std::size_t number = 0;
  for (const std::string& seed : rollout::fuzz::built_in_seeds()) {
    const auto path = std::filesystem::path(folder) / ("seed-" + std::to_string(number++));
    std::ofstream(path, std::ios::binary) << seed;
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollout::fuzz::test_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
