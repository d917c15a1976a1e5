// How long scenarios take on the virtual clock: a rollout of 28 days under ten guards, and all scenarios of the
// examples. Medians of several runs; seconds are this process's own.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/compile.hpp"
#include "compiler/lower/lower.hpp"
#include "runtime/plan/verify.hpp"
#include "runtime/scenario/player.hpp"

namespace {

using namespace rollout;
namespace fs = std::filesystem;

constexpr int kGuards = 10;
constexpr int kRuns = 5;
constexpr double kLongGoal = 2;      // seconds
constexpr double kExamplesGoal = 5;  // seconds, compiling them included

struct Loaded {
  scenario::Scenario scenario;
  std::shared_ptr<const plan::VerifiedPlan> plan;
  std::string directory;
};

std::optional<std::vector<Loaded>> load(const driver::CompiledFile& file) {
  if (file.has_errors) {
    fmt::print(stderr, "{}", driver::render(file, diagnostics::Format::Text, {}));
    return std::nullopt;
  }
  std::vector<Loaded> loaded;
  std::map<std::string, std::shared_ptr<const plan::VerifiedPlan>> plans;
  for (scenario::Scenario& each : lower::lower_scenarios(file.module)) {
    auto& plan = plans[each.rollout];
    if (plan == nullptr) {
      auto verified = plan::verify(lower::lower_rollout(file.module, each.rollout));
      if (!verified) return std::nullopt;
      plan = *verified;
    }
    loaded.push_back({std::move(each), plan, fs::path(file.path).parent_path().string()});
  }
  return loaded;
}

std::string long_rollout() {
  std::string text, signals;
  for (int i = 0; i < kGuards; ++i) {
    text += fmt::format("metric latency_{}: duration = command.number(`x`) unit ms every 15s\n", i);
    signals += fmt::format("  latency_{} = {}\n", i, i % 2 == 0 ? "200ms" : "noise(290ms, by: 20ms)");
  }
  text += "rollout month {\n  stage only {\n";
  for (int i = 0; i < kGuards; ++i) text += fmt::format("    when latency_{} > 300ms for 15m then rollback\n", i);
  return text + "    hold 28d\n  }\n}\nscenario \"a month\" of month {\n" + signals + "  expect succeeded\n}\n";
}

// Seconds of the processor; nothing where it did not end well.
std::optional<double> time_of(const std::function<bool()>& work) {
  const std::clock_t begin = std::clock();
  if (!work()) return std::nullopt;
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

std::optional<double> median_of(const std::function<bool()>& work) {
  std::vector<double> times;
  for (int run = 0; run < kRuns; ++run) {
    const auto seconds = time_of(work);
    if (!seconds) return std::nullopt;
    times.push_back(*seconds);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

bool passes(const Loaded& one) {
  const scenario::Result result = scenario::play(one.plan, one.scenario, {.directory = one.directory});
  if (result.passed) return true;
  fmt::print(stderr, "the scenario `{}` fails: {}\n", one.scenario.name,
             result.failures.empty() ? "" : result.failures.front().observed);
  return false;
}

bool report(const char* name, double seconds, double goal, const std::string& details) {
  fmt::print("{:<25} {:>12.3f} s      goal at most  {:>9} s      {}   ({})\n", name, seconds, goal,
             seconds <= goal ? "reached" : "MISSED", details);
  return seconds <= goal;
}

bool month() {
  const auto loaded = load(driver::compile_source({"month.rollout", long_rollout()}));
  if (!loaded || loaded->size() != 1) return false;
  const auto seconds = median_of([&] { return passes(loaded->front()); });
  constexpr double kSlots = 28 * 86'400.0 / 15;
  return seconds && report("28 days, 10 guards", *seconds, kLongGoal,
                           fmt::format("{:.0f} slots, {:.0f} guards /s", kSlots, kSlots * kGuards / *seconds));
}

bool examples() {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(ROLLOUT_SOURCE_DIRECTORY "/examples")) {
    if (entry.path().extension() == ".rollout") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  std::size_t scenarios = 0;
  double playing = 0;
  const auto seconds = median_of([&] {
    scenarios = 0;
    playing = 0;
    for (const std::string& path : files) {
      const auto file = driver::compile_file(path);
      const auto loaded = file ? load(*file) : std::nullopt;
      if (!loaded) return false;
      scenarios += loaded->size();
      const auto taken = time_of([&] { return std::ranges::all_of(*loaded, passes); });
      if (!taken) return false;
      playing += *taken;
    }
    return true;
  });
  return seconds && report("all examples' scenarios", *seconds, kExamplesGoal,
                           fmt::format("{} scenarios of {} files, {:.0f} scenarios /s once compiled", scenarios,
                                       files.size(), static_cast<double>(scenarios) / playing));
}

}  // namespace

int main() {
  const bool long_one = month();
  const bool all = examples();
  return long_one && all ? 0 : 1;
}
