#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/plan/format.hpp"
#include "support.hpp"

// Each tests/golden/lower/NAME.rollout stands beside the disassembly of its plan, NAME.plan.

using namespace rollout;
using namespace rollout::lower::test;

namespace {

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  const std::filesystem::path folder = std::string(ROLLOUT_SOURCE_DIRECTORY) + "/tests/golden/lower";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".rollout") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("plans are as their goldens say") {
  for (const std::string& name : golden_names()) {
    DYNAMIC_SECTION(name) {
      const std::string path = "tests/golden/lower/" + name;
      const plan::Plan plan = lowered(read_source(path + ".rollout"), name + ".rollout");
      const std::string text = plan::disassemble(plan);
      if (update_goldens()) {
        std::ofstream(std::string(ROLLOUT_SOURCE_DIRECTORY) + "/" + path + ".plan", std::ios::binary) << text;
        continue;
      }
      CHECK(text == read_source(path + ".plan"));
    }
  }
}

TEST_CASE("the same text gives the same bytes") {
  for (const std::string& name : golden_names()) {
    const std::string text = read_source("tests/golden/lower/" + name + ".rollout");
    CHECK(plan::write_plan(lowered(text)) == plan::write_plan(lowered(text)));
  }
}

TEST_CASE("what is written is read back the same") {
  for (const std::string& name : golden_names()) {
    const plan::Plan plan = lowered(read_source("tests/golden/lower/" + name + ".rollout"));
    const auto again = plan::read_plan(plan::write_plan(plan));
    REQUIRE(again);
    CHECK(*again == plan);
  }
}
