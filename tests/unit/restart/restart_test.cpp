#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <random>

#include "compiler/driver/compile.hpp"
#include "compiler/lower/lower.hpp"
#include "runtime/plan/verify.hpp"
#include "runtime/scenario/player.hpp"
#include "tests/support/environment.hpp"

// Every scenario of the examples again, with a runtime that dies at random moments: what is decided is what the
// uninterrupted run decided, slot for slot, until the time that it was dead delays something; the verdict stays.

using namespace rollout;
using machine::Record;
using machine::RecordKind;
using plan::Nanoseconds;

namespace {

namespace fs = std::filesystem;

constexpr Nanoseconds kSecond = 1'000'000'000;

struct Story {
  std::string file;
  scenario::Scenario scenario;
  std::shared_ptr<const plan::VerifiedPlan> plan;
  scenario::Result whole;  // without a crash of ours

  scenario::Result play(const scenario::Scenario& changed) const {
    return scenario::play(plan, changed, {.directory = fs::path(file).parent_path().string()});
  }
};

std::vector<std::string> examples() {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(ROLLOUT_SOURCE_DIRECTORY "/examples")) {
    if (entry.path().extension() == ".rollout") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

// Nothing where it does not compile.
std::optional<std::vector<Story>> stories_of(const std::string& path) {
  std::vector<Story> stories;
  const auto file = driver::compile_file(path);
  if (!file || file->has_errors) return std::nullopt;
  std::map<std::string, std::shared_ptr<const plan::VerifiedPlan>> plans;
  for (scenario::Scenario& each : lower::lower_scenarios(file->module)) {
    // Where it dies already at a moment of the author's, another one may be before it.
    if (!each.crashes.empty()) continue;
    auto& plan = plans[each.rollout];
    if (plan == nullptr) {
      auto verified = plan::verify(lower::lower_rollout(file->module, each.rollout));
      if (!verified) return std::nullopt;
      plan = *verified;
    }
    stories.push_back({path, std::move(each), plan, {}});
    stories.back().whole = stories.back().play(stories.back().scenario);
  }
  return stories;
}

// A moment of the virtual time after the start, and for how long.
struct Death {
  Nanoseconds from = 0, to = 0;
};

std::vector<Death> deaths(std::mt19937_64& random, Nanoseconds length) {
  const auto below = [&](Nanoseconds limit) {
    return static_cast<Nanoseconds>(random() % static_cast<std::uint64_t>(std::max<Nanoseconds>(limit, 1)));
  };
  std::vector<Death> result;
  Nanoseconds at = 0;
  for (std::uint64_t left = 1 + random() % 3 / 2; left > 0; --left) {
    static constexpr Nanoseconds kLongest[] = {1, 20, 120, 900, 5400};
    Nanoseconds from = at + 1 + below(length - at);
    const Nanoseconds lasts = 1 + below(kLongest[random() % 5] * kSecond);
    // Now and then at the instant of a slot.
    if (random() % 4 == 0) from -= from % (15 * kSecond);
    if (from <= at) break;
    result.push_back({from, from + lasts});
    at = from + lasts;
    if (at >= length) break;
  }
  return result;
}

// What decides: each with the slot, or else the instant, that it belongs to.
struct Decision {
  std::string text;
  Nanoseconds at = 0, slot = -1;
};

std::string field(const Record& record, std::string_view name) {
  const plan::Value* value = record.find(name);
  return value == nullptr ? "" : plan::to_text(*value);
}

std::vector<Decision> decisions(const scenario::Result& result) {
  std::vector<Decision> found;
  for (const Record& record : result.trace) {
    std::string text;
    switch (record.kind) {
      case RecordKind::StageEntered:
      case RecordKind::StageDone: text = field(record, "stage"); break;
      case RecordKind::Intent: text = field(record, "callable"); break;
      case RecordKind::TrafficChanged: text = field(record, "to"); break;
      case RecordKind::HoldStarted:
      case RecordKind::HoldEnded: text = field(record, "hold") + " " + field(record, "how"); break;
      case RecordKind::GuardFired:
      case RecordKind::GuardBlind:
      case RecordKind::GuardSeesAgain: text = field(record, "guard"); break;
      case RecordKind::GateOpened:
      case RecordKind::GateClosed: text = field(record, "gate") + " " + field(record, "how"); break;
      case RecordKind::StateChanged: text = field(record, "to") + " " + field(record, "reason"); break;
      default: continue;
    }
    const plan::Value* slot = record.find("slot");
    found.push_back({fmt::format("{} {}", machine::record_name(record.kind), text), record.at,
                     slot == nullptr ? -1 : slot->as_integer()});
  }
  return found;
}

std::string shown(const scenario::Result& result, const std::vector<Decision>& list, std::size_t index) {
  if (index >= list.size()) return "(nothing more)";
  const Nanoseconds start = result.start.value_or(result.created);
  std::string text = fmt::format("{} {}", plan::duration_text(list[index].at - start), list[index].text);
  if (list[index].slot >= 0) text += fmt::format(" at the slot {}", plan::duration_text(list[index].slot - start));
  return text;
}

// What guards do at a slot, as against what the run does next.
bool is_watching(const Decision& decision) {
  return decision.text.starts_with("guard ");
}

// Whether the run had found out by then what became of an effect that was under way when the runtime died.
bool is_settled_at(const scenario::Result& result, Nanoseconds at) {
  return std::ranges::any_of(
      result.trace, [&](const Record& record) { return record.kind == RecordKind::InDoubt && record.at <= at; });
}

// Whether a limit of time was passed by then because nobody was there: neither what people have for an answer or an
// acknowledgement, nor the `within` of a step, nor the budget of a rollback, nor the time after which it is no longer
// automatic stands still.
bool ran_out(const Story& story, const scenario::Result& result, const std::vector<Death>& dead, Nanoseconds until) {
  const Nanoseconds start = result.start.value_or(result.created);
  bool expires = false;
  for (plan::RolloutId id = 0; id < plan::rollout_count(**story.plan); ++id)
    expires = expires || plan::rollout_row(**story.plan, id).rollback_expires != plan::kNone;
  return std::ranges::any_of(result.trace, [&](const Record& record) {
    if (record.at > until) return false;
    const auto back_by_then = [&](const Death& death) { return record.at >= start + death.to; };
    const auto just_back = [&](const Death& death) { return record.at == start + death.to; };
    if (record.kind == RecordKind::GateClosed && field(record, "how") == "deadline passed")
      return std::ranges::any_of(dead, just_back);
    if (record.kind == RecordKind::RollbackBreached) return std::ranges::any_of(dead, back_by_then);
    if (record.kind == RecordKind::StepFailed || record.kind == RecordKind::UndoFailed)
      return field(record, "error").find("was not done within") != std::string::npos &&
             std::ranges::any_of(dead, just_back);
    if (record.kind != RecordKind::StateChanged) return false;
    if (field(record, "reason").find("nobody acknowledged the notification") != std::string::npos)
      return std::ranges::any_of(dead, just_back);
    return expires && field(record, "to") == "paused" && std::ranges::any_of(dead, back_by_then);
  });
}

struct Comparison {
  std::string difference;  // that the time in which the runtime was dead does not explain; empty: none
  bool delayed = false;    // a step came later by that time; nobody can say what would have been measured from then on
};

Comparison compare(const Story& story, const scenario::Result& broken, const std::vector<Death>& dead) {
  const scenario::Result& whole = story.whole;
  const auto expected = decisions(whole), seen = decisions(broken);
  const Nanoseconds start = whole.start.value_or(whole.created);
  for (std::size_t i = 0; i < std::max(expected.size(), seen.size()); ++i) {
    if (i < expected.size() && i < seen.size()) {
      const Decision &left = expected[i], &right = seen[i];
      const bool same = left.text == right.text && left.slot == right.slot;
      if (same && left.at == right.at) continue;
      const auto in_the_dead_time = [&](const Death& death) {
        return left.at >= start + death.from && left.at <= start + death.to;
      };
      const bool explained = std::ranges::any_of(
          dead, [&](const Death& death) { return in_the_dead_time(death) && right.at == start + death.to; });
      if (same && explained && is_watching(left)) continue;
      // A step, or a person's word, waits for the runtime, and until the slots that were missed are decided.
      if (explained && !is_watching(left)) return {{}, true};
      // What was under way is settled by its class: from there on it is another story.
      if (!is_watching(left) && is_settled_at(broken, right.at)) return {{}, true};
      if (ran_out(story, broken, dead, right.at)) return {{}, true};
    }
    return {fmt::format("without: {}\nwith:    {}\n", shown(whole, expected, i), shown(broken, seen, i)), false};
  }
  return {};
}

bool in_doubt(const scenario::Result& result) {
  return result.state == machine::RunState::Paused && result.reason.starts_with("unknown outcome of");
}

struct Counts {
  std::size_t all = 0, doubts = 0, delayed = 0;
};

void crash_once(const Story& story, std::uint64_t seed, Counts& counts) {
  std::mt19937_64 random(seed * 0x9E3779B97F4A7C15);
  const Nanoseconds start = story.whole.start.value_or(story.whole.created);
  const std::vector<Death> dead = deaths(random, story.whole.ended.value_or(story.whole.last) - start);
  scenario::Scenario changed = story.scenario;
  std::string lines;
  for (const Death& death : dead) {
    scenario::Crash crash;
    crash.at.offset = death.from;
    crash.down_for = death.to - death.from;
    changed.crashes.push_back(crash);
    lines += fmt::format("  crash at {} for {}\n", plan::duration_text(death.from),
                         plan::duration_text(death.to - death.from));
  }
  const scenario::Result broken = story.play(changed);
  ++counts.all;
  const auto says = [&](const std::string& what) {
    FAIL_CHECK(fmt::format("ROLLOUT_RESTART_SEED={}: {}, scenario \"{}\", with\n{}{}\nwithout: {} {}\nwith:    {} {}",
                           seed, story.file, story.scenario.name, lines, what, machine::state_name(story.whole.state),
                           story.whole.reason, machine::state_name(broken.state), broken.reason));
  };
  if (in_doubt(broken)) {
    // Nobody but a person knows what became of what was under way.
    ++counts.doubts;
    return;
  }
  const Comparison compared = compare(story, broken, dead);
  if (!compared.difference.empty()) return says(compared.difference);
  if (compared.delayed) ++counts.delayed;
  if (compared.delayed && ran_out(story, broken, dead, broken.last)) return;
  const bool same_stage = compared.delayed || broken.outcome_stage == story.whole.outcome_stage;
  if (broken.state != story.whole.state || !same_stage) says("the verdict is another");
}

}  // namespace

// ROLLOUT_RESTART_COUNT: how many for each example. ROLLOUT_RESTART_SEED: the first of them.
TEST_CASE("a run that dies at random moments is decided as if it had not") {
  const std::uint64_t count = test::number_from_environment("ROLLOUT_RESTART_COUNT", 3);
  const std::uint64_t first = test::number_from_environment("ROLLOUT_RESTART_SEED", 1);
  const std::string path = GENERATE(from_range(examples()));
  const auto stories = stories_of(path);
  INFO(path);
  REQUIRE(stories);
  // A file that others use has no scenarios of its own.
  if (stories->empty()) return;
  Counts counts;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    crash_once((*stories)[seed % stories->size()], seed, counts);
  }
  // A comparison that forgives everything would prove nothing.
  CHECK(counts.all == count);
  if (count >= 20) CHECK((counts.doubts + counts.delayed) * 10 <= counts.all * 9);
  if (count > 40) {
    WARN(fmt::format("{}: {} crashes, {} delayed a step, {} left a doubt to people", path, counts.all, counts.delayed,
                     counts.doubts));
  }
}
