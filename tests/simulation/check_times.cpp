#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "tests/simulation/invariants.hpp"

namespace rollout::simulation {

namespace {

constexpr std::string_view kHold = "I11 a hold lasts what it says, whatever happens to the runtime";
constexpr std::string_view kLate = "I11 what is due comes";
constexpr std::string_view kSchedule = "I11 a schedule runs once, at its time";

bool is_plain(const std::string& hold) {
  return hold.find("until") == std::string::npos;
}

void check_holds(const Case& run) {
  for (auto begun = run.facts.begin(); begun != run.facts.end(); ++begun) {
    if (begun->kind != "hold started") continue;
    const std::string hold = begun->text("hold");
    // Going back drops a hold without a word.
    const auto ended = std::find_if(begun + 1, run.facts.end(), [&](const Fact& fact) {
      return fact.kind.starts_with("hold ") && fact.text("hold") == hold && fact.text("spot") == begun->text("spot") &&
             fact.text("rollout") == begun->text("rollout");
    });
    if (ended == run.facts.end() || ended->kind != "hold ended") continue;
    const Nanoseconds least = begun->duration("least"), most = begun->duration("most");
    const Nanoseconds slot = ended->instant("slot");
    // Pauses that began while it ran; one that began after its least changes nothing. A pause counts from the slot of
    // the guard that brought it about, so its entry may come late, and the sum here is the least that it can be.
    Nanoseconds paused = 0;
    std::optional<Nanoseconds> since;
    bool was_paused = false;
    for (auto fact = begun; fact != ended; ++fact) {
      was_paused = was_paused || fact->kind == "paused";
      if (fact->kind == "paused" && !since) since = fact->at;
      if (fact->kind != "resumed" || !since) continue;
      if (*since < begun->at + least + paused) paused += fact->at - *since;
      since.reset();
    }
    const std::string how = ended->text("how");
    if (how.starts_with("promoted")) continue;
    const Nanoseconds lasted = slot - begun->at;
    const bool wrong = was_paused       ? lasted < least + paused
                       : is_plain(hold) ? lasted != least
                                        : lasted < least || lasted > most;
    if (how == "done" && wrong && slot != kNotEver) {
      run.breach(kHold, fmt::format("`{}` lasted {}, {} of it paused", hold, plan::duration_text(lasted),
                                    plan::duration_text(paused)));
    }
  }
}

// Gates that are open. A guard may ask the same question again while the first is open.
using OpenGates = std::map<std::string, std::vector<Nanoseconds>>;

// The deadline of the one that was closed: where several have its text, one that has passed, else the newest.
std::optional<Nanoseconds> close_gate(OpenGates& open, const Fact& closed) {
  std::vector<Nanoseconds>& deadlines = open[closed.text("gate")];
  if (deadlines.empty()) return std::nullopt;
  auto one = closed.text("how") == "deadline passed" ? std::ranges::min_element(deadlines) : deadlines.end() - 1;
  const Nanoseconds deadline = *one;
  deadlines.erase(one);
  return deadline;
}

void check_due(const Case& run) {
  OpenGates open;
  for (const Fact& fact : run.facts) {
    if (fact.kind == "gate opened") open[fact.text("gate")].push_back(fact.instant("deadline"));
    if (fact.kind != "gate closed") continue;
    const auto deadline = close_gate(open, fact);
    if (!deadline || *deadline == kNotEver) continue;
    if (fact.text("how") == "deadline passed" && fact.at < *deadline)
      run.breach(kLate, fmt::format("the time of \"{}\" was over before its deadline", fact.text("gate")));
    if (fact.at > run.excused(*deadline))
      run.breach(kLate, fmt::format("\"{}\" was open long after its deadline", fact.text("gate")));
  }
}

void check_schedules(const Case& run) {
  if (!run.chronicle.ended || run.chronicle.state != machine::RunState::Succeeded) return;
  Nanoseconds succeeded = kNotEver;
  for (const Fact& fact : run.facts) {
    const bool reached =
        fact.kind == "state changed" && (fact.text("to") == "following up" || fact.text("to") == "succeeded");
    if (reached) succeeded = std::min(succeeded, fact.at);
  }
  for (const std::string& command : run.story.schedules) {
    std::map<std::string, const Call*> keys;
    for (const Call& call : run.world.ledger) {
      if (call.text == command) keys.emplace(call.key, &call);
    }
    if (keys.size() != 1) {
      run.breach(kSchedule, fmt::format("`{}` ran {} times", command, keys.size()));
      continue;
    }
    const Nanoseconds due = succeeded + 5 * kMinute;
    const Nanoseconds at = keys.begin()->second->started;
    if (at < due || at > run.excused(due))
      run.breach(kSchedule, fmt::format("`{}` ran {} after success", command, plan::duration_text(at - succeeded)));
  }
}

}  // namespace

void check_times(const Case& run) {
  check_holds(run);
  check_due(run);
  check_schedules(run);
}

}  // namespace rollout::simulation
