// The simulator: many runs of the real runtime in a simulated world, each as its seed has it.
//
//   simulate [--seeds N] [--first S] [--seed S] [--timeline N]

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "tests/simulation/simulation.hpp"
#include "tests/simulation/sometimes.hpp"

using namespace rollout::simulation;

namespace {

struct Arguments {
  std::uint64_t seeds = 300, first = 1, seed = 0, timeline = 80;
};

Arguments read_arguments(int count, char** words) {
  Arguments arguments;
  const std::pair<const char*, std::uint64_t*> numbers[] = {{"--seeds", &arguments.seeds},
                                                            {"--first", &arguments.first},
                                                            {"--seed", &arguments.seed},
                                                            {"--timeline", &arguments.timeline}};
  for (int index = 1; index + 1 < count; index += 2) {
    for (const auto& [name, place] : numbers) {
      if (std::strcmp(words[index], name) == 0)
        std::from_chars(words[index + 1], words[index + 1] + std::strlen(words[index + 1]), *place);
    }
  }
  return arguments;
}

void show(const Report& report, std::uint64_t lines) {
  for (const std::string& breach : report.chronicle.breaches) fmt::print("seed {}: {}\n", report.seed, breach);
  fmt::print("{}", timeline(report, lines));
}

}  // namespace

int main(int count, char** words) {
  const Arguments arguments = read_arguments(count, words);
  ::setenv("SIMULATION_CHAT", "http://chat.example/canary-6f1d2c7e9b", 1);
  if (arguments.seed != 0) {
    const Story story = made_up_story(arguments.seed);
    const Report report = simulate(story, arguments.seed);
    fmt::print("{}\n", story.source);
    show(report, arguments.timeline);
    fmt::print("{} writes {}\n", rollout::machine::state_name(report.chronicle.state), report.chronicle.entries.size());
    return report.chronicle.breaches.empty() ? 0 : 1;
  }
  const std::clock_t begun = std::clock();
  std::uint64_t failed = 0;
  std::map<std::string_view, int> states;
  std::map<std::string, std::pair<int, std::string>> breached;
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    const Report report = simulate(made_up_story(seed), seed);
    ++states[rollout::machine::state_name(report.chronicle.state)];
    if (report.chronicle.breaches.empty()) continue;
    for (const std::string& breach : report.chronicle.breaches) {
      auto& [runs, seeds] = breached[breach.substr(0, breach.find(':'))];
      if (++runs <= 8) seeds += fmt::format(" {}", seed);
    }
    if (++failed <= 3) show(report, arguments.timeline);
  }
  const double seconds = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  fmt::print("{} seeds in {:.1f} s of one core ({:.0f} a core-minute), {} failed\n", arguments.seeds, seconds,
             static_cast<double>(arguments.seeds) / seconds * 60, failed);
  for (const auto& [invariant, found] : breached) {
    fmt::print("  {:>6}  BROKEN {} (seeds{})\n", found.first, invariant, found.second);
  }
  for (const auto& [state, runs] : states) fmt::print("  {:>6}  {}\n", runs, state);
  for (const auto& [name, runs] : situations()) fmt::print("  {:>6}  {}\n", runs, name);
  return failed == 0 ? 0 : 1;
}
