#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "runtime/plan/format.hpp"
#include "sample_plan.hpp"
#include "tests/support/golden.hpp"

namespace rollout::plan {

TEST_CASE("the disassembly of the sample is as recorded") {
  const std::string path = std::string(ROLLOUT_SOURCE_DIRECTORY) + "/tests/golden/plan/sample.disassembly.txt";
  const std::string text = disassemble(sample_plan());
  CHECK(text == test::recorded(path, text));
}

}  // namespace rollout::plan
