#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "compiler/driver/compile.hpp"
#include "compiler/lower/lower.hpp"
#include "runtime/plan/builder.hpp"
#include "runtime/plan/time_bounds.hpp"
#include "runtime/plan/verify.hpp"
#include "runtime/scenario/player.hpp"

// Every scenario of the examples and of the language, played: what stages, the way back and guards really took lies
// within what the analysis of the plan says, with the scenario's parameters and without any.

using namespace rollout;
using machine::Record;
using machine::RecordKind;
using plan::Nanoseconds;

namespace {

namespace fs = std::filesystem;

std::vector<std::string> sources() {
  std::vector<std::string> files;
  for (const char* folder : {"/examples", "/tests/scenario"}) {
    for (const auto& entry : fs::recursive_directory_iterator(std::string(ROLLOUT_SOURCE_DIRECTORY) + folder)) {
      if (entry.path().extension() == ".rollout") files.push_back(entry.path().string());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string field(const Record& record, std::string_view name) {
  const plan::Value* value = record.find(name);
  return value == nullptr ? "" : plan::to_text(*value);
}

using Spans = std::vector<std::pair<Nanoseconds, Nanoseconds>>;

Nanoseconds within(const Spans& spans, Nanoseconds from, Nanoseconds to) {
  Nanoseconds sum = 0;
  for (const auto& [begin, end] : spans) sum += std::max<Nanoseconds>(0, std::min(end, to) - std::max(begin, from));
  return sum;
}

// Time that does not count: `paused` stops everything; what a blind guard, or an open question,
// holds up goes on but does not end.
struct Stops {
  Spans paused, held_up;
};

Stops stops_of(const scenario::Result& result) {
  Stops stops;
  std::optional<Nanoseconds> paused, held_up;
  std::set<std::string> blind;
  const auto follow = [&](bool stands, std::optional<Nanoseconds>& since, Spans& spans, Nanoseconds at) {
    if (stands && !since) since = at;
    if (stands || !since) return;
    spans.emplace_back(*since, at);
    since.reset();
  };
  bool pause = false;
  for (const Record& record : result.trace) {
    if (record.kind == RecordKind::StateChanged) pause = field(record, "to") == "paused";
    if (record.kind == RecordKind::GuardBlind) blind.insert(field(record, "guard"));
    if (record.kind == RecordKind::GateOpened && field(record, "kind") == "ask") blind.insert(field(record, "gate"));
    if (record.kind == RecordKind::GateClosed) blind.erase(field(record, "gate"));
    if (record.kind == RecordKind::GuardSeesAgain || record.kind == RecordKind::GuardDisarmed)
      blind.erase(field(record, "guard"));
    follow(pause, paused, stops.paused, record.at);
    follow(pause || !blind.empty(), held_up, stops.held_up, record.at);
  }
  follow(false, paused, stops.paused, result.last);
  follow(false, held_up, stops.held_up, result.last);
  return stops;
}

struct Visit {
  plan::StageId stage = plan::kNone;
  Nanoseconds entered = 0, left = 0;
  bool done = false;
};

plan::StageId stage_of(const plan::Plan& plan, const Record& record) {
  const auto found = std::ranges::find(plan.stages, field(record, "stage"), &plan::Stage::name);
  return found == plan.stages.end() ? plan::kNone : static_cast<plan::StageId>(found - plan.stages.begin());
}

// Each time in a stage that was passed through. Of the main rollout's also those that a rollback or the end cut short;
// how a child's was left, only the records of its parents tell.
std::vector<Visit> visits_of(const plan::Plan& plan, const scenario::Result& result) {
  std::vector<Visit> visits;
  std::map<plan::StageId, Nanoseconds> open;
  for (const Record& record : result.trace) {
    const bool cut = record.kind == RecordKind::RollbackStarted || record.kind == RecordKind::RunEnded;
    if (cut && record.find("rollout") == nullptr) {
      for (const auto& [stage, entered] : open) {
        if (plan.stages[stage].rollout == 0) visits.push_back({stage, entered, record.at, false});
      }
      open.clear();
    }
    if (record.kind != RecordKind::StageEntered && record.kind != RecordKind::StageDone) continue;
    const plan::StageId stage = stage_of(plan, record);
    REQUIRE(stage != plan::kNone);
    if (record.kind == RecordKind::StageEntered) {
      open[stage] = record.at;
    } else if (const auto entry = open.extract(stage)) {
      visits.push_back({stage, entry.mapped(), record.at, true});
    }
  }
  return visits;
}

struct Play {
  const plan::Plan& plan;
  const plan::TimeBounds& bounds;
  const scenario::Result& result;
  const Stops& stops;
  const std::vector<Visit>& visits;
};

std::size_t check_stages(const Play& play) {
  for (const Visit& visit : play.visits) {
    const auto& stages = play.bounds.rollouts[play.plan.stages[visit.stage].rollout].stages;
    const auto time = std::ranges::find(stages, visit.stage, &plan::StageTime::stage);
    REQUIRE(time != stages.end());
    const Nanoseconds took = visit.left - visit.entered;
    const Nanoseconds running = took - within(play.stops.paused, visit.entered, visit.left);
    const Nanoseconds unhindered = took - within(play.stops.held_up, visit.entered, visit.left);
    const std::string stage = play.plan.stages[visit.stage].name;
    const std::string least = plan::duration_text(time->takes.least);
    const std::string most = time->takes.most ? plan::duration_text(*time->takes.most) : "no limit";
    CAPTURE(stage, plan::duration_text(running), plan::duration_text(unhindered), least, most);
    if (visit.done) CHECK(running >= time->takes.least);
    if (time->takes.most) CHECK(unhindered <= *time->takes.most);
  }
  return play.visits.size();
}

// The way back of the main rollout, from its beginning to where the state is reached.
std::size_t check_way_back(const Play& play) {
  std::optional<Nanoseconds> begun;
  for (const Record& record : play.result.trace) {
    if (record.kind == RecordKind::RollbackStarted && record.find("rollout") == nullptr) begun = record.at;
    // People take their time behind the way back.
    if (begun && record.kind == RecordKind::GateOpened) return 0;
    const bool over = record.kind == RecordKind::RunEnded && field(record, "state") == "rolled back";
    if (!over || !begun || !play.bounds.rollouts[0].back) continue;
    CAPTURE(plan::duration_text(record.at - *begun), plan::duration_text(*play.bounds.rollouts[0].back));
    CHECK(record.at - *begun <= *play.bounds.rollouts[0].back);
    return 1;
  }
  return 0;
}

std::size_t check_guards(const Play& play) {
  std::size_t checked = 0;
  std::map<std::string, Nanoseconds> armed;
  for (const Record& record : play.result.trace) {
    const std::string guard = field(record, "guard");
    if (record.kind == RecordKind::GuardArmed) armed[guard] = record.at;
    const plan::Value* slot = record.find("slot");
    if (record.kind != RecordKind::GuardFired || slot == nullptr) continue;
    std::optional<Nanoseconds> earliest;
    for (const plan::GuardTime& time : play.bounds.guards) {
      if (play.plan.guards[time.guard].text != guard) continue;
      earliest = std::min(earliest.value_or(time.earliest), time.earliest);
    }
    CAPTURE(guard, slot->as_integer() - armed[guard]);
    REQUIRE(earliest);
    CHECK(slot->as_integer() - armed[guard] >= *earliest);
    ++checked;
  }
  return checked;
}

// What comes days after the last stage takes most of a play and is not asked about.
scenario::PlayOptions options_for(const std::string& path) {
  return {.directory = fs::path(path).parent_path().string(), .most_time = 36 * plan::kHour};
}

struct Known {
  std::shared_ptr<const plan::VerifiedPlan> plan;
  plan::TimeBounds without_parameters;
};

Known known_of(const check::CheckedModule& module, const std::string& rollout) {
  auto plan = plan::verify(lower::lower_rollout(module, rollout));
  REQUIRE(plan);
  const plan::KnownValues values(***plan, {}, plan::Defaults::Unknown);
  return {*plan, plan::time_bounds(***plan, values)};
}

}  // namespace

TEST_CASE("what is played lies within the bounds", "[time]") {
  std::size_t stages = 0, ways_back = 0, guards = 0;
  for (const std::string& path : sources()) {
    const auto file = driver::compile_file(path);
    if (!file || file->has_errors) continue;
    std::map<std::string, Known> known;
    for (const scenario::Scenario& each : lower::lower_scenarios(file->module)) {
      if (!each.crashes.empty() || !each.console.empty()) continue;
      Known& one = known[each.rollout];
      if (!one.plan) one = known_of(file->module, each.rollout);
      CAPTURE(path, each.name);
      const plan::Plan& plan = **one.plan;
      const auto result = scenario::play(one.plan, each, options_for(path));
      const Stops stops = stops_of(result);
      const std::vector<Visit> visits = visits_of(plan, result);
      const plan::KnownValues values(plan, each.parameters, plan::Defaults::Assumed);
      const plan::TimeBounds given = plan::time_bounds(plan, values);
      for (const plan::TimeBounds* bounds : {&given, static_cast<const plan::TimeBounds*>(&one.without_parameters)}) {
        const Play play{plan, *bounds, result, stops, visits};
        stages += check_stages(play);
        ways_back += check_way_back(play);
        guards += check_guards(play);
      }
    }
  }
  // Enough of each to mean something.
  CHECK(stages > 1000);
  CHECK(ways_back > 50);
  CHECK(guards > 100);
}
