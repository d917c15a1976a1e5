#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/transform.hpp>

#include "compiler/driver/compile.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/load_plan.hpp"
#include "runtime/command/output.hpp"
#include "runtime/console/live.hpp"
#include "runtime/console/timeline.hpp"
#include "runtime/scenario/report.hpp"

namespace rollout::command {

namespace {

namespace fs = std::filesystem;
using scenario::ReportedResult;
using scenario::Result;

console::TimelineOptions timeline_options(const std::string& title) {
  const auto terminal = driver::terminal_options(STDOUT_FILENO);
  return {.width = terminal.columns, .colour = terminal.colour == diagnostics::Colour::Always, .title = title};
}

std::vector<std::string> timeline_of(const Result& result, const std::string& title) {
  return console::timeline(result.trace, timeline_options(title));
}

// The programs that the paths name, in the order of their names; a folder stands for those below it that have the
// ending.
std::vector<std::string> programs(const std::vector<std::string>& paths, std::vector<std::string>& problems) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
      if (entry.path().extension() == ".rollout") found.push_back(entry.path().string());
    }
    if (found.empty()) problems.push_back(fmt::format("there is no .rollout file below `{}`", path));
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

ReportedResult play(const driver::CompiledScenario& loaded, const std::string& path) {
  const auto begin = std::chrono::steady_clock::now();
  scenario::PlayOptions options;
  options.directory = fs::path(path).parent_path().string();
  ReportedResult reported{.result = scenario::play(loaded.plan, loaded.scenario, options), .file = path};
  reported.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return reported;
}

void print_report(const TestArguments& arguments, const std::vector<ReportedResult>& results) {
  scenario::ReportOptions options;
  options.colour = driver::terminal_options(STDOUT_FILENO).colour == diagnostics::Colour::Always;
  options.timeline = [](const Result& result) { return timeline_of(result, {}); };
  if (arguments.format == "json") {
    fmt::print("{}", scenario::report_json(results));
  } else if (arguments.format == "junit") {
    options.colour = false;
    fmt::print("{}", scenario::report_junit(results, options));
  } else {
    fmt::print("{}", scenario::report_text(results, options));
  }
}

}  // namespace

Exit test(const TestArguments& arguments) {
  std::vector<std::string> problems;
  std::vector<ReportedResult> results;
  bool compiled = true;
  for (const std::string& path : programs(arguments.paths, problems)) {
    const auto loaded = load_scenarios(path);
    if (!loaded) {
      compiled = false;
      continue;
    }
    for (const driver::CompiledScenario& each : *loaded) {
      if (each.scenario.name.find(arguments.filter) == std::string::npos) continue;
      results.push_back(play(each, path));
      if (!arguments.verbose || arguments.format != "text") continue;
      for (const std::string& line : timeline_of(results.back().result, each.scenario.name)) fmt::print("{}\n", line);
      fmt::print("\n");
    }
  }
  if (results.empty() && compiled && problems.empty() && !arguments.allow_none) {
    problems.push_back(arguments.filter.empty() ? "there is no scenario in these files"
                                                : fmt::format("no scenario's name contains `{}`", arguments.filter));
  }
  if (!results.empty()) print_report(arguments, results);
  for (const std::string& problem : problems) complain(problem);
  if (!compiled || !problems.empty()) return Exit::Usage;
  const bool passed =
      std::all_of(results.begin(), results.end(), [](const ReportedResult& each) { return each.result.passed; });
  return passed ? Exit::Ok : Exit::Failed;
}

Exit simulate(const SimulateArguments& arguments) {
  const auto loaded = load_scenarios(arguments.file);
  if (!loaded) return Exit::Usage;
  const driver::CompiledScenario* wanted = driver::find_scenario(*loaded, arguments.scenario);
  if (wanted == nullptr) {
    const auto names = *loaded | ranges::views::transform([](const driver::CompiledScenario& each) {
      return fmt::format("  {}", each.scenario.name);
    }) | ranges::to<std::vector<std::string>>();
    return complain(names.empty() ? fmt::format("`{}` has no scenario", arguments.file)
                                  : fmt::format("`{}` has no scenario whose name contains `{}`; it has\n{}",
                                                arguments.file, arguments.scenario, fmt::join(names, "\n")));
  }
  const ReportedResult played = play(*wanted, arguments.file);
  if (arguments.format == Format::Json) {
    for (const machine::Record& record : played.result.trace) fmt::print("{}\n", console::record_json(record));
  } else {
    for (const std::string& line : timeline_of(played.result, wanted->scenario.name)) fmt::print("{}\n", line);
    for (const scenario::Failure& failure : played.result.failures) {
      fmt::print("\nFAILED {}\n       {}\n", failure.expectation, failure.observed);
    }
  }
  return played.result.passed ? Exit::Ok : Exit::Failed;
}

}  // namespace rollout::command
