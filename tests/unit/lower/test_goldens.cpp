#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
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

// The first lines that differ, which say more than two whole plans; empty where the texts are equal.
std::string first_difference(const std::string& text, const std::string& golden) {
  std::istringstream left(text), right(golden);
  std::string one, other;
  for (int line = 1;; ++line) {
    const bool more = static_cast<bool>(std::getline(left, one));
    const bool more_golden = static_cast<bool>(std::getline(right, other));
    if (!more && !more_golden) return {};
    if (more != more_golden || one != other) {
      return "line " + std::to_string(line) + "\n  is      " + (more ? one : "the end") + "\n  and was " +
             (more_golden ? other : "the end");
    }
  }
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
      CHECK(first_difference(text, read_source(path + ".plan")) == "");
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
