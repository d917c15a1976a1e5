#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "compiler/driver/compile.hpp"
#include "compiler/driver/scenarios.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/load_plan.hpp"
#include "runtime/command/output.hpp"
#include "runtime/console/text.hpp"
#include "runtime/console/timeline.hpp"
#include "runtime/plan/value.hpp"
#include "runtime/scenario/player.hpp"

// The way back, rehearsed on the virtual clock: in a world in which the rollout succeeds, a person rolls it back in the
// middle of every stage.

namespace rollout::command {

namespace {

using machine::RunState;
using plan::Nanoseconds;
using plan::Value;
using scenario::Result;

// One stage's rehearsal.
struct Rehearsal {
  std::string stage;
  Nanoseconds after = 0;  // the start of the run: when the person speaks
  std::string told;       // what came of it, for people
  bool back = false;      // it went back, or the plan says that it cannot any more
  Nanoseconds takes = 0;
  std::size_t calls = 0;  // of the outside, on the way back
  Result result;
};

bool expects_success(const scenario::Scenario& one) {
  return std::ranges::any_of(one.expectations, [](const scenario::Expectation& expectation) {
    return expectation.kind == scenario::ExpectKind::End && !expectation.negated &&
           expectation.end == scenario::ExpectedEnd::Succeeded;
  });
}

// The scenarios of the rollout (of the first one, where none is named) in which it succeeds.
const driver::CompiledScenario* world_of(const std::vector<driver::CompiledScenario>& all, const std::string& rollout) {
  for (const driver::CompiledScenario& one : all) {
    if ((rollout.empty() || one.scenario.rollout == rollout) && expects_success(one.scenario)) return &one;
  }
  return nullptr;
}

// The same world, but commands take a moment where nothing else is said: a stage that is over at once could not be
// interrupted.
driver::CompiledScenario slowed(const driver::CompiledScenario& world) {
  driver::CompiledScenario slow = world;
  slow.scenario.expectations.clear();
  scenario::WorldRule moment;
  moment.command = "*";
  moment.answer = scenario::WorldRule::Answer::Succeeds;
  moment.after = 1'000'000'000;
  slow.scenario.world.insert(slow.scenario.world.begin(), std::move(moment));
  return slow;
}

std::string outcome(const Result& result) {
  switch (result.state) {
    case RunState::RolledBack: return "rolled back";
    case RunState::RollbackIncomplete: return "INCOMPLETE: " + result.reason;
    case RunState::Succeeded:
    case RunState::FollowingUp: return "NOT ROLLED BACK: it succeeded all the same";
    default: return fmt::format("NOT ROLLED BACK: {}: {}", machine::state_name(result.state), result.reason);
  }
}

Rehearsal rehearse(const driver::CompiledScenario& world, const scenario::StageVisit& visit, std::uint32_t occurrence,
                   Nanoseconds start, const scenario::PlayOptions& options) {
  scenario::Scenario drill = world.scenario;
  drill.name = fmt::format("back from {}", visit.stage);
  const Nanoseconds stays = visit.done.value_or(visit.entered) - visit.entered;
  scenario::Console rollback;
  rollback.at = {scenario::Point::Base::StageEntry, visit.stage, occurrence, stays / 2};
  rollback.verb = scenario::ConsoleVerb::Rollback;
  rollback.reason = "drill";
  drill.console.push_back(std::move(rollback));
  Rehearsal rehearsal{visit.stage, visit.entered + stays / 2 - start, {}, false, 0, 0, {}};
  rehearsal.result = scenario::play(world.plan, drill, options);
  const Result& result = rehearsal.result;
  const Nanoseconds spoken = visit.entered + stays / 2;
  rehearsal.calls = static_cast<std::size_t>(
      std::ranges::count_if(result.calls, [&](const scenario::Called& call) { return call.at >= spoken; }));
  if (result.ended) rehearsal.takes = *result.ended - spoken;
  rehearsal.told = outcome(result);
  rehearsal.back = result.state == RunState::RolledBack;
  return rehearsal;
}

std::vector<Rehearsal> rehearse_all(const driver::CompiledScenario& world, const Result& whole,
                                    const scenario::PlayOptions& options) {
  std::vector<Rehearsal> rehearsals;
  std::map<std::string, std::uint32_t> visits;
  for (const scenario::StageVisit& visit : whole.stages) {
    const std::uint32_t occurrence = ++visits[visit.stage];
    rehearsals.push_back(rehearse(world, visit, occurrence, whole.start.value_or(whole.created), options));
  }
  return rehearsals;
}

Value json_of(const Rehearsal& one) {
  return Value::map({{"stage", Value::string(one.stage)},
                     {"after", Value::number(static_cast<double>(one.after) / 1e9)},
                     {"rolled_back", Value::boolean(one.back)},
                     {"outcome", Value::string(one.told)},
                     {"takes", Value::number(static_cast<double>(one.takes) / 1e9)},
                     {"calls", Value::number(static_cast<double>(one.calls))}});
}

void print_table(const std::vector<Rehearsal>& rehearsals) {
  std::size_t width = 5;
  for (const Rehearsal& one : rehearsals) width = std::max(width, console::columns(console::escaped(one.stage)));
  fmt::print("  {}  {:>8}  {:>8}  {:>5}  outcome\n", console::padded("stage", width), "after", "way back", "calls");
  for (const Rehearsal& one : rehearsals) {
    fmt::print("  {}  {:>8}  {:>8}  {:>5}  {}\n", console::padded(console::escaped(one.stage), width),
               console::readable(one.after), one.back ? console::readable(one.takes) : "", one.calls,
               console::escaped(one.told));
  }
}

void print_timelines(const std::vector<Rehearsal>& rehearsals, bool all) {
  const auto terminal = driver::terminal_options(STDOUT_FILENO);
  for (const Rehearsal& one : rehearsals) {
    if (one.back && !all) continue;
    const console::TimelineOptions options{.width = terminal.columns,
                                           .colour = terminal.colour == diagnostics::Colour::Always,
                                           .title = "back from " + one.stage};
    fmt::print("\n");
    for (const std::string& line : console::timeline(one.result.trace, options)) fmt::print("{}\n", line);
  }
}

}  // namespace

Exit drill(const DrillArguments& arguments) {
  const auto scenarios = load_scenarios(arguments.file);
  if (!scenarios) return Exit::Usage;
  const driver::CompiledScenario* world = world_of(*scenarios, arguments.rollout);
  if (world == nullptr) {
    return complain(
        fmt::format("`{}` has no scenario in which {} succeeds: a drill needs one, to know the world from "
                    "which it goes back",
                    arguments.file, arguments.rollout.empty() ? "a rollout" : "`" + arguments.rollout + "`"));
  }
  scenario::PlayOptions options;
  options.directory = std::filesystem::path(arguments.file).parent_path().string();
  const driver::CompiledScenario slow = slowed(*world);
  const Result whole = scenario::play(slow.plan, slow.scenario, options);
  if (whole.state != RunState::Succeeded && whole.state != RunState::FollowingUp) {
    return complain(fmt::format("in the world of \"{}\" it does not succeed, so there is nothing to go back from: {}",
                                world->scenario.name, outcome(whole)));
  }
  const std::vector<Rehearsal> rehearsals = rehearse_all(slow, whole, options);
  const auto back = static_cast<std::size_t>(std::ranges::count(rehearsals, true, &Rehearsal::back));
  if (arguments.format == Format::Json) {
    for (const Rehearsal& one : rehearsals) fmt::print("{}\n", plan::to_json(json_of(one)));
  } else {
    fmt::print("{}: rolled back by a person in the middle of every stage, in the world of \"{}\"\n\n",
               world->scenario.rollout, console::escaped(world->scenario.name));
    print_table(rehearsals);
    print_timelines(rehearsals, arguments.verbose);
    fmt::print("\n{} of {} stages lead back\n", back, rehearsals.size());
  }
  return back == rehearsals.size() ? Exit::Ok : Exit::Failed;
}

}  // namespace rollout::command
