#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/simulation/invariants.hpp"
#include "tests/simulation/sometimes.hpp"

namespace rollout::simulation {

namespace {

constexpr std::string_view kApproved = "I12 an approval is that of enough members, each once";
constexpr std::string_view kForgotten = "I12 an approval that was accepted counts";
constexpr std::string_view kBlind = "I12 nothing moves forward while a guard is blind";
constexpr std::string_view kPaused = "I12 nothing moves forward while the run is paused";
constexpr std::string_view kDoubtful = "I12 a pause for a doubt ends when the doubt does";

// Whether the guard's `blind continue` stands in the plan.
bool goes_on_blind(const Story& story, const std::string& guard) {
  return story.source.find("when " + guard + " blind continue") != std::string::npos;
}

// Members who said so while the gate was open; `only_accepted`: and were told that it counts.
std::set<std::string> approvers(const Case& run, const std::string& gate, Nanoseconds from, Nanoseconds to,
                                bool only_accepted) {
  std::set<std::string> who;
  const auto& members = run.story.members;
  for (const Saying& saying : run.chronicle.sayings) {
    const bool meant = saying.said.gate.empty() || saying.said.gate == "*" || saying.said.gate == gate;
    const bool counts = saying.said.verb == machine::Verb::Approve && meant && saying.at >= from && saying.at <= to;
    const bool told = saying.answer.starts_with(fmt::format("\"{}\"", gate));
    const bool member = std::find(members.begin(), members.end(), saying.said.who) != members.end();
    if (counts && member && (!only_accepted || (saying.accepted && told))) who.insert(saying.said.who);
  }
  return who;
}

void check_approvals(const Case& run) {
  for (auto opened = run.facts.begin(); opened != run.facts.end(); ++opened) {
    if (opened->kind != "gate opened" || opened->text("kind") != "approve") continue;
    const std::string gate = opened->text("gate");
    const auto needed = static_cast<std::size_t>(opened->number("needed"));
    const auto closed = std::find_if(opened, run.facts.end(), [&](const Fact& fact) {
      return fact.kind == "gate closed" && fact.text("gate") == gate;
    });
    const Nanoseconds until = closed == run.facts.end() ? kNotEver : closed->at;
    const bool approved = closed != run.facts.end() && closed->text("how") == "approved";
    if (approved && approvers(run, gate, opened->at, until, false).size() < needed)
      run.breach(kApproved, fmt::format("\"{}\" was approved by too few of its members", gate));
    if (!approved && approvers(run, gate, opened->at, until, true).size() >= needed)
      run.breach(kForgotten, fmt::format("\"{}\" had {} approvals and was not approved", gate, needed));
  }
}

void check_pauses(const Case& run) {
  bool paused = false;
  for (const Fact& fact : run.facts) {
    if (fact.kind == "state changed") paused = fact.text("to") == "paused";
    if (!paused || fact.kind != "effect intended") continue;
    if (fact.text("callable").find(" put ") == std::string::npos) continue;
    // What ran when the runtime died, and may run again, does: it is no step forward.
    if (fact.body.find("again") != nullptr && fact.body.find("again")->as_bool()) continue;
    run.breach(kPaused, fmt::format("`{}` began", fact.text("callable")));
  }
}

// People were asked what became of an effect: nothing else that is said or decided ends that pause.
void check_doubts(const Case& run) {
  std::set<std::string> open, asked;
  for (const Fact& fact : run.facts) {
    if (fact.kind == "effect in doubt") open.insert(fact.text("key"));
    if (fact.kind == "paused" && fact.text("reason").starts_with("unknown outcome of ")) asked = open;
    if (fact.kind == "doubt settled") {
      open.erase(fact.text("key"));
      asked.erase(fact.text("key"));
    }
    if (fact.kind == "resumed" && !asked.empty())
      run.breach(kDoubtful, fmt::format("the run went on, and nobody had said what became of {}", *asked.begin()));
  }
}

// While a guard of the whole run sees nothing: unless the plan says that it goes on, or a person takes it on.
void check_blindness(const Case& run) {
  if (run.story.source.find("on missing for 2m continue") != std::string::npos) return;
  std::map<std::string, Nanoseconds> blind;
  for (const Fact& fact : run.facts) {
    const std::string guard = fact.text("guard");
    const bool ours = fact.text("rollout").empty() && !goes_on_blind(run.story, guard);
    if (fact.kind == "guard blind" && ours) blind.emplace(guard, fact.at);
    if (fact.kind == "guard sees again" || fact.kind == "guard disarmed") blind.erase(guard);
    if (fact.kind == "resumed" || fact.kind == "hold ended") blind.clear();
    if (fact.kind != "effect intended" || !fact.text("rollout").empty() || fact.text("class").empty()) continue;
    if (fact.text("callable").find(" put ") == std::string::npos) continue;
    for (const auto& [name, since] : blind) {
      if (!run.said(machine::Verb::Promote, since, fact.at))
        run.breach(kBlind, fmt::format("`{}` began, and `{}` was blind", fact.text("callable"), name));
    }
  }
}

}  // namespace

void check_people(const Case& run) {
  check_approvals(run);
  check_pauses(run);
  check_doubts(run);
  check_blindness(run);
}

}  // namespace rollout::simulation
