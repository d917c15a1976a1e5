#include "editor-support/language-server/queries/play.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>

#include "compiler/driver/scenarios.hpp"
#include "grammar/source.hpp"
#include "runtime/console/timeline.hpp"
#include "runtime/scenario/player.hpp"

namespace rollout::language_server {
namespace {

using driver::CompiledScenario;
using plan::Expected;

constexpr std::size_t kColumns = 100;
constexpr auto kMarkNames =
    std::to_array<std::string_view>({"step", "begin", "ask", "good", "careful", "bad", "back", "wait", "say"});

// The lines of what a timeline speaks of: where it happened, or by how it is called.
class SourceLines {
 public:
  explicit SourceLines(const CheckedModule& module)
      : lines_(module.files[kMainFile].text), main_(module.files[kMainFile].path + ":") {
    for (const check::StageDecl& stage : module.stages) {
      const check::Symbol& symbol = module.symbols[stage.symbol];
      add(stages_, symbol.name, symbol.declared);
    }
    for (const check::Guard& guard : module.guards) add(guards_, guard.text, guard.location);
  }

  std::optional<std::uint32_t> of(const console::TimelineRow& row, const machine::Record& record) const {
    if (const plan::Value* guard = record.find("guard")) {
      if (const auto found = guards_.find(plan::to_text(*guard)); found != guards_.end()) return found->second;
    }
    // Where traffic moves is where `traffic via` stands; its stage tells more.
    if (record.kind != machine::RecordKind::TrafficChanged) {
      if (const auto line = line_of_spot(record)) return line;
    }
    const auto stage = stages_.find(row.stage);
    return stage == stages_.end() ? std::nullopt : std::optional(stage->second);
  }

 private:
  using Table = std::map<std::string, std::uint32_t>;
  // A record's place is "file:line:column", from 1; what happens in another file belongs to its stage here.
  std::optional<std::uint32_t> line_of_spot(const machine::Record& record) const {
    const plan::Value* spot = record.find("spot");
    if (spot == nullptr || !spot->as_string().starts_with(main_)) return std::nullopt;
    const std::string_view place = std::string_view(spot->as_string()).substr(main_.size());
    std::uint32_t line = 0;
    const auto read = std::from_chars(place.data(), place.data() + place.size(), line);
    return read.ec == std::errc{} && line > 0 ? std::optional(line - 1) : std::nullopt;
  }
  void add(Table& table, const std::string& name, const Location& where) {
    if (where.file != kMainFile || where.span.empty()) return;
    table.emplace(name, lines_.position(where.span.begin, grammar::ColumnUnit::Utf8).line);
  }

  grammar::LineTable lines_;
  std::string main_;
  Table stages_, guards_;
};

Played played(const driver::CompiledFile& file, const CompiledScenario& compiled) {
  scenario::PlayOptions options;
  options.directory = std::filesystem::path(file.path).parent_path().string();
  const scenario::Result result = scenario::play(compiled.plan, compiled.scenario, options);
  Played played{compiled.scenario.name, result.passed, {}, {}, {}};
  for (const scenario::Failure& failure : result.failures) {
    played.failures.push_back(failure.expectation.empty() ? failure.observed
                                                          : failure.expectation + ": " + failure.observed);
  }
  const SourceLines lines(file.module);
  const plan::Nanoseconds start = console::timeline_start(result.trace);
  for (const console::TimelineRow& row : console::timeline_rows(result.trace)) {
    const std::string share = row.share && row.share_changed ? plan::to_literal(plan::Value::ratio(*row.share)) : "";
    played.rows.push_back({console::readable(row.at - start), row.stage, share,
                           std::string(kMarkNames[static_cast<std::size_t>(row.mark)]), row.text,
                           lines.of(row, result.trace[row.record])});
  }
  const console::TimelineOptions drawn{.width = kColumns, .colour = false, .title = played.title};
  for (const std::string& line : console::timeline(result.trace, drawn)) played.text += line + "\n";
  for (const std::string& failure : played.failures) played.text += "\nFAILED " + failure + "\n";
  return played;
}

Expected<std::vector<CompiledScenario>, std::string> playable(const driver::CompiledFile& file) {
  if (file.has_errors) return std::string("this file has errors: a scenario can be played once they are mended");
  auto scenarios = driver::scenarios_of(file);
  if (scenarios) return std::move(*scenarios);
  const driver::PlanProblem& problem = scenarios.error();
  return problem.diagnostic ? problem.diagnostic->message : problem.message;
}

}  // namespace

std::vector<Lens> lenses(const CheckedModule& module) {
  std::vector<Lens> found;
  std::map<SymbolId, std::size_t> counts;
  for (const check::ScenarioDecl& scenario : module.scenarios) {
    if (scenario.location.file != kMainFile) continue;
    ++counts[scenario.rollout];
    const std::string& name = module.symbols[scenario.symbol].name;
    found.push_back({scenario.location.span, LensKind::RunScenario, "run scenario", name});
    found.push_back({scenario.location.span, LensKind::ShowTimeline, "show timeline", name});
  }
  for (const check::RolloutDecl& rollout : module.rollouts) {
    const std::size_t count = counts[rollout.symbol];
    if (rollout.location.file != kMainFile || count == 0) continue;
    const std::string& name = module.symbols[rollout.symbol].name;
    found.push_back({rollout.location.span, LensKind::Simulate, "simulate", name});
    found.push_back({rollout.location.span, LensKind::RunAll,
                     fmt::format("run {} scenario{}", count, count == 1 ? "" : "s"), name});
  }
  std::ranges::stable_sort(found, {}, [](const Lens& lens) { return lens.span.begin; });
  return found;
}

Expected<Played, std::string> play_scenario(const driver::CompiledFile& file, const std::string& name) {
  const auto scenarios = playable(file);
  if (!scenarios) return scenarios.error();
  const CompiledScenario* wanted = driver::find_scenario(*scenarios, name);
  if (wanted == nullptr || wanted->scenario.name != name)
    return fmt::format("`{}` has no scenario `{}`", file.path, name);
  return played(file, *wanted);
}

Expected<Played, std::string> play_rollout(const driver::CompiledFile& file, const std::string& rollout) {
  const auto scenarios = playable(file);
  if (!scenarios) return scenarios.error();
  const auto first =
      std::ranges::find(*scenarios, rollout, [](const CompiledScenario& each) { return each.scenario.rollout; });
  if (first == scenarios->end()) return fmt::format("the rollout `{}` has no scenario to simulate", rollout);
  return played(file, *first);
}

Expected<std::vector<Played>, std::string> play_all(const driver::CompiledFile& file, const std::string& rollout) {
  const auto scenarios = playable(file);
  if (!scenarios) return scenarios.error();
  std::vector<Played> results;
  for (const CompiledScenario& each : *scenarios) {
    if (each.scenario.rollout == rollout) results.push_back(played(file, each));
  }
  if (results.empty()) return fmt::format("the rollout `{}` has no scenario to run", rollout);
  return results;
}

}  // namespace rollout::language_server
