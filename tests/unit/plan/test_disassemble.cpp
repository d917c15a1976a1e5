#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "runtime/plan/format.hpp"
#include "sample_plan.hpp"

namespace rollout::plan {

TEST_CASE("the disassembly of the sample is as recorded") {
  const std::string path = std::string(ROLLOUT_SOURCE_DIRECTORY) + "/tests/golden/plan/sample.disassembly.txt";
  const std::string text = disassemble(sample_plan());
  if (std::getenv("ROLLOUT_UPDATE_GOLDENS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  std::stringstream recorded;
  recorded << file.rdbuf();
  CHECK(text == recorded.str());
}

}  // namespace rollout::plan
