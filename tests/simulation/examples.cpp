#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "compiler/driver/compile.hpp"
#include "compiler/lower/lower.hpp"
#include "runtime/zones/zones.hpp"
#include "tests/simulation/simulation.hpp"
#include "tests/simulation/story.hpp"

namespace rollout::simulation {

namespace {

namespace fs = std::filesystem;

// A value for each parameter that must be given and that no scenario gives.
void fill_in(Story& story) {
  for (const plan::Parameter& parameter : (*story.plan)->parameters) {
    const bool given =
        std::ranges::any_of(story.parameters, [&](const auto& known) { return known.first == parameter.name; });
    if (given || parameter.default_value != plan::kNone) continue;
    const bool text = parameter.kind == plan::ValueKind::String;
    story.parameters.emplace_back(parameter.name, text ? plan::Value::string("v2") : plan::Value::number(1));
  }
}

void add_stories(const std::string& path, std::vector<Story>& stories) {
  const auto file = driver::compile_file(path);
  if (!file || file->has_errors) return;
  const auto scenarios = lower::lower_scenarios(file->module);
  for (const std::string& name : driver::rollout_names(file->module)) {
    auto plan = driver::plan_of(*file, name);
    if (!plan) continue;
    auto verified = plan::verify(std::move(*plan));
    if (!verified) continue;
    Story story;
    story.name = fs::path(path).filename().string() + " " + name;
    story.plan = *verified;
    const auto scenario = std::ranges::find(scenarios, name, &scenario::Scenario::rollout);
    if (scenario != scenarios.end()) story.parameters = scenario->parameters;
    fill_in(story);
    if (auto zones = zones::read_zones(**story.plan, kStart)) story.zones = *zones;
    stories.push_back(std::move(story));
  }
}

}  // namespace

std::vector<Story> example_stories(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".rollout") paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  std::vector<Story> stories;
  for (const std::string& path : paths) add_stories(path, stories);
  return stories;
}

}  // namespace rollout::simulation
