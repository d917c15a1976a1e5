#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/lower/lower.hpp"
#include "runtime/plan/format.hpp"
#include "support.hpp"

// The programs of examples/ are the first that people read: they compile, verify and always give the same bytes.

using namespace rollout;
using namespace rollout::lower::test;

namespace {

// Every file of examples/ with a rollout of its own.
std::vector<std::string> programs() {
  std::vector<std::string> paths;
  const std::filesystem::path root = ROLLOUT_SOURCE_DIRECTORY;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "examples")) {
    if (entry.path().extension() != ".rollout") continue;
    const std::string path = std::filesystem::relative(entry.path(), root).generic_string();
    const std::string text = read_source(path);
    // The module of a plugin comes from its lock, which only the driver reads.
    if (text.find("\nuse plugin ") != std::string::npos) continue;
    if (text.find("\nrollout ") != std::string::npos) paths.push_back(path);
  }
  std::ranges::sort(paths);
  REQUIRE(paths.size() >= 6);
  return paths;
}

}  // namespace

TEST_CASE("the examples compile to valid plans, the same each time") {
  const std::string path = GENERATE(from_range(programs()));
  INFO(path);
  const std::string text = read_source(path);
  const plan::Plan plan = lowered(text, path);
  CHECK(plan::write_plan(plan) == plan::write_plan(lowered(text, path)));
  const auto read = plan::read_plan(plan::write_plan(plan));
  REQUIRE(read);
  CHECK(*read == plan);
}

TEST_CASE("portal-api says what the plan on paper says") {
  const plan::Plan plan = lowered(read_source("examples/portal-api/portal-api.rollout"), "portal-api.rollout");
  CHECK(plan.stages.size() == 4);
  CHECK(block_named(plan, "portal_api").guards.size() == 18);
  CHECK(block_named(plan, "canary").guards.size() == 4);
  CHECK(plan.rollout.hooks.size() == 5);
  CHECK(plan.rollout.schedules.size() == 5);
  CHECK(plan.parameters.size() == 2);
  CHECK(metric_named(plan, "p95(\"contacts\")").arguments == std::vector<plan::Value>{plan::Value::string("contacts")});
  CHECK(value_of(plan, plan.rollout.rollback_within) == plan::Value::duration(120'000'000'000));
}

TEST_CASE("the scenarios of portal-api are all there") {
  const auto scenarios =
      lower::lower_scenarios(checked(read_source("examples/portal-api/portal-api.rollout"), "portal-api.rollout"));
  CHECK(scenarios.size() >= 12);
  for (const scenario::Scenario& one : scenarios) {
    INFO(one.name);
    CHECK(one.rollout == "portal_api");
    CHECK_FALSE(one.expectations.empty());
    CHECK(one.signals.size() >= 12);
  }
}
