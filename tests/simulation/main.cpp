// The simulator: many runs of the real runtime in a simulated world, each as its seed has it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ctime>
#include <map>
#include <sstream>

#include "tests/simulation/grid.hpp"
#include "tests/simulation/planted_bugs.hpp"
#include "tests/simulation/simulation.hpp"
#include "tests/simulation/sometimes.hpp"
#include "tests/simulation/workers.hpp"

using namespace rollout::simulation;

namespace {

struct Arguments {
  std::uint64_t seeds = 2'000, first = 1, seed = 0, lines = 80, jobs = 2;
  bool planted = false, grid = false, twice = false, every_situation = false;
  std::uint64_t plans = 8;
  std::string examples;
  std::string only;
};

// What many runs came to; as lines of text between processes.
struct Tally {
  std::map<std::string, std::uint64_t> states, reached;
  std::map<std::string, std::pair<std::uint64_t, std::string>> broken;  // how often, and the first seeds
  double seconds = 0;                                                   // of processor time

  void add(const Report& report) {
    ++states[std::string(rollout::machine::state_name(report.chronicle.state))];
    for (const std::string& breach : report.chronicle.breaches) {
      auto& [runs, seeds] = broken[breach.substr(0, breach.find(':'))];
      if (++runs <= 5) seeds += fmt::format(" {}", report.seed);
    }
  }
  std::string text() const {
    std::string lines = fmt::format("seconds\t{}\t\n", seconds);
    for (const auto& [name, runs] : states) lines += fmt::format("state\t{}\t{}\n", runs, name);
    for (const auto& [name, runs] : reached) lines += fmt::format("reached\t{}\t{}\n", runs, name);
    for (const auto& [name, found] : broken)
      lines += fmt::format("broken\t{}\t{}\t{}\n", found.first, name, found.second);
    return lines;
  }
  void read(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream parts(line);
      std::string kind, number, name, seeds;
      std::getline(parts, kind, '\t');
      std::getline(parts, number, '\t');
      std::getline(parts, name, '\t');
      std::getline(parts, seeds, '\t');
      const double count = std::strtod(number.c_str(), nullptr);
      if (kind == "seconds") seconds += count;
      if (kind == "state") states[name] += static_cast<std::uint64_t>(count);
      if (kind == "reached") reached[name] += static_cast<std::uint64_t>(count);
      if (kind.starts_with("died")) broken[line].first += 1;
      if (kind != "broken") continue;
      broken[name].first += static_cast<std::uint64_t>(count);
      broken[name].second += seeds;
    }
  }
};

std::string run_some(std::uint64_t first, std::uint64_t last, std::uint64_t step) {
  Tally tally;
  const std::clock_t begun = std::clock();
  for (std::uint64_t seed = first; seed < last; seed += step) {
    Report report = simulate(made_up_story(seed), seed);
    // One in fifty is run twice: the same seed has to bring the same run.
    if (seed % 50 == 7 && simulate(made_up_story(seed), seed).digest != report.digest)
      report.chronicle.breaches.push_back("I10 the same seed brings the same run: it did not");
    tally.add(report);
  }
  tally.seconds = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  for (const auto& [name, runs] : situations()) tally.reached[name] = runs;
  return tally.text();
}

int show_one(const Arguments& arguments) {
  const Story story = made_up_story(arguments.seed);
  const Report report = simulate(story, arguments.seed);
  fmt::print("{}\n{}", story.source, timeline(report, arguments.lines));
  fmt::print("seed {}: {}\n", arguments.seed, rollout::machine::state_name(report.chronicle.state));
  for (const std::string& breach : report.chronicle.breaches) fmt::print("BROKEN {}\n", breach);
  return report.chronicle.breaches.empty() ? 0 : 1;
}

int run_seeds(const Arguments& arguments) {
  std::vector<std::function<std::string()>> tasks;
  for (std::uint64_t job = 0; job < arguments.jobs; ++job) {
    tasks.emplace_back([&arguments, job] {
      return run_some(arguments.first + job, arguments.first + arguments.seeds, arguments.jobs);
    });
  }
  Tally tally;
  for (const std::string& text : in_processes(arguments.jobs, tasks)) tally.read(text);
  for (const auto& [name, found] : tally.broken) {
    fmt::print("BROKEN {} in {} runs, seeds{}\n", name, found.first, found.second);
  }
  std::size_t missed = 0;
  for (const auto& [name, runs] : tally.reached) {
    fmt::print("{:>7}  {}{}\n", runs, name, runs == 0 ? "   NEVER REACHED" : "");
    if (runs == 0) ++missed;
  }
  for (const auto& [name, runs] : tally.states) fmt::print("{:>7}  ended {}\n", runs, name);
  fmt::print("{} seeds, {:.0f} a core-minute; {}; {} of {} situations reached\n", arguments.seeds,
             static_cast<double>(arguments.seeds) / std::max(tally.seconds, 0.001) * 60,
             tally.broken.empty() ? "no invariant broken" : "INVARIANTS BROKEN", tally.reached.size() - missed,
             tally.reached.size());
  if (!tally.broken.empty()) fmt::print("one of them again: simulate --seed SEED\n");
  return tally.broken.empty() && (missed == 0 || !arguments.every_situation) ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  CLI::App app(
      "Runs the real runtime in a simulated world: engine, journal and machine on a simulated clock, disk, "
      "network and team.");
  app.add_option("--seeds", arguments.seeds, "how many runs")->check(CLI::Range(1, 1'000'000'000));
  app.add_option("--first", arguments.first, "the first seed");
  app.add_option("--seed", arguments.seed, "this one alone, with its plan and timeline");
  app.add_option("--lines", arguments.lines, "of the timeline, the last ones");
  app.add_option("--jobs", arguments.jobs, "processes side by side");
  app.add_flag("--all-situations", arguments.every_situation, "fail where a situation was never reached");
  app.add_flag("--grid", arguments.grid, "a crash at each write of whole runs, in five ways");
  app.add_option("--examples", arguments.examples, "with --grid: the folder of plans to run as well");
  app.add_flag("--twice", arguments.twice, "with --grid: a second crash in the recovery from each");
  app.add_option("--plans", arguments.plans, "with --grid: so many plans that are made up");
  app.add_flag("--planted", arguments.planted, "plant bugs, one at a time, and see them caught");
  app.add_option("--bug", arguments.only, "with --planted: this one alone");
  CLI11_PARSE(app, count, words);
  ::setenv("SIMULATION_CHAT", fmt::format("http://chat.example/{}", kCanary).c_str(), 1);
  if (arguments.seed != 0) return show_one(arguments);
  if (arguments.grid) return run_grid(arguments.examples, arguments.plans, arguments.twice, arguments.jobs) ? 0 : 1;
  if (arguments.planted) return catch_planted_bugs(arguments.seeds, arguments.jobs, arguments.only) ? 0 : 1;
  return run_seeds(arguments);
}
