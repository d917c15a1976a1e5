#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/plan/format.hpp"
#include "support.hpp"
#include "tests/support/golden.hpp"

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
      const auto golden = std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / (path + ".plan");
      const std::string recorded = rollout::test::recorded(golden, text);
      REQUIRE(std::filesystem::exists(golden));
      CHECK(first_difference(text, recorded) == "");
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

TEST_CASE("a program that explodes when it is written out fails with a reason, soon") {
  std::string functions = "fn f0(x: duration): duration = x + 1s\n";
  std::string actions = "action a0() { idempotent run `true` }\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string is = std::to_string(i), before = std::to_string(i - 1);
    functions += "fn f" + is + "(x: duration): duration = f" + before + "(x) + f" + before + "(x)\n";
    actions += "action a" + is + "() { a" + before + "(); a" + before + "() }\n";
  }
  const std::string body = GENERATE("hold f40(soak)", "a40()");
  const plan::Plan plan = lowered(functions + actions + "param soak: duration = 1s\nrollout big { " + body + " }\n");
  CHECK(plan.blocks.size() == 1);
  REQUIRE_FALSE(plan.constants.empty());
  CHECK(plan.constants.front().as_string().find("too large") != std::string::npos);
}
