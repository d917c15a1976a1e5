#include <algorithm>
#include <array>
#include <functional>

#include "tests/simulation/invariants.hpp"
#include "tests/simulation/sometimes.hpp"

// What a run went through, as its journal and its world tell. A table: each row is something that has to come about
// within enough seeds.

namespace rollout::simulation {

namespace {

using machine::RunState;
using machine::Verb;

bool tells(const Case& run, std::string_view kind, std::string_view field, std::string_view text) {
  return std::ranges::any_of(run.facts, [&](const Fact& fact) {
    return fact.kind == kind && fact.text(field).find(text) != std::string::npos;
  });
}

bool any(const Case& run, std::string_view kind) {
  return run.has(kind, 0, kNotEver);
}

std::size_t count(const Case& run, std::string_view kind) {
  return static_cast<std::size_t>(std::ranges::count(run.facts, kind, &Fact::kind));
}

bool dead_at(const Case& run, Nanoseconds instant) {
  return std::ranges::any_of(run.chronicle.falls,
                             [&](const Fall& fall) { return fall.at < instant && instant < fall.until; });
}

// Something that was due while nobody was there.
bool due_while_dead(const Case& run, std::string_view kind, std::string_view field) {
  return std::ranges::any_of(run.facts, [&](const Fact& fact) {
    return fact.kind == kind && fact.instant(field) != kNotEver && dead_at(run, fact.instant(field));
  });
}

bool crashed_in_state(const Case& run, std::string_view state) {
  std::string now;
  for (const Fact& fact : run.facts) {
    if (fact.kind == "state changed") now = fact.text("to");
    if (fact.kind == "runtime restarted" && now == state) return true;
  }
  return false;
}

struct Situation {
  std::string_view name;
  bool (*holds)(const Case&);
};

constexpr std::array kSituations = {
    Situation{"a run succeeds", [](const Case& run) { return run.chronicle.state == RunState::Succeeded; }},
    Situation{"a run goes back", [](const Case& run) { return run.chronicle.state == RunState::RolledBack; }},
    Situation{"a run is aborted", [](const Case& run) { return run.chronicle.state == RunState::Aborted; }},
    Situation{"a rollback stays incomplete, and a person completes it",
              [](const Case& run) {
                return tells(run, "state changed", "to", "rollback incomplete") &&
                       run.chronicle.state == RunState::RolledBack;
              }},
    Situation{"a rollback to a stage", [](const Case& run) { return tells(run, "rollback started", "to", "s"); }},
    Situation{"a rollback to a stage is made a whole one",
              [](const Case& run) {
                return tells(run, "rollback started", "to", "s") && count(run, "rollback started") > 1 &&
                       run.said(Verb::Rollback, 0, kNotEver);
              }},
    Situation{"a child goes back alone",
              [](const Case& run) { return tells(run, "child ended", "state", "rolled back"); }},
    Situation{"the runtime dies while the run goes back",
              [](const Case& run) { return crashed_in_state(run, "rolling back"); }},
    Situation{"the runtime dies while the run is paused",
              [](const Case& run) { return crashed_in_state(run, "paused"); }},
    Situation{"the runtime dies three times", [](const Case& run) { return run.chronicle.falls.size() >= 3; }},
    Situation{"a doubt is settled by starting again under the same key",
              [](const Case& run) { return tells(run, "doubt settled", "how", "started again"); }},
    Situation{"a doubt is settled by a probe: it happened",
              [](const Case& run) { return tells(run, "doubt settled", "how", "says that it happened"); }},
    Situation{"a doubt is settled by a person who knows that it happened",
              [](const Case& run) { return tells(run, "doubt settled", "how", "it happened, by a person"); }},
    Situation{"a doubt is left, as its step is stopped",
              [](const Case& run) { return tells(run, "doubt settled", "how", "left: its step"); }},
    Situation{"an undo is in doubt",
              [](const Case& run) { return tells(run, "doubt settled", "how", "left: whoever"); }},
    Situation{"a probe could not say, and a person is asked",
              [](const Case& run) { return tells(run, "paused", "reason", "its probe could not say"); }},
    Situation{"a blind guard", [](const Case& run) { return any(run, "guard blind"); }},
    Situation{"a guard that was blind sees again", [](const Case& run) { return any(run, "guard sees again"); }},
    Situation{"a guard that sees nothing pauses the run",
              [](const Case& run) { return tells(run, "paused", "reason", "has seen nothing"); }},
    Situation{"a guard is outranked", [](const Case& run) { return any(run, "guard outranked"); }},
    Situation{"a guard fires at a slot of the time in which the runtime was dead",
              [](const Case& run) { return due_while_dead(run, "guard fired", "slot"); }},
    Situation{"a hold is over while the runtime is dead",
              [](const Case& run) { return due_while_dead(run, "hold ended", "slot"); }},
    Situation{"a hold fails", [](const Case& run) { return tells(run, "hold ended", "how", "failed"); }},
    Situation{"an answer comes late", [](const Case& run) { return any(run, "sample late"); }},
    Situation{"an approval by two", [](const Case& run) { return tells(run, "gate closed", "how", "approved"); }},
    Situation{"the time of a gate is over",
              [](const Case& run) { return tells(run, "gate closed", "how", "deadline"); }},
    Situation{"the time of a gate is over while the runtime is dead",
              [](const Case& run) {
                return tells(run, "gate closed", "how", "deadline") && due_while_dead(run, "gate opened", "deadline");
              }},
    Situation{"somebody outside of the role is refused",
              [](const Case& run) { return tells(run, "answer refused", "why", "is not in the role"); }},
    Situation{"somebody approves twice and is refused",
              [](const Case& run) { return tells(run, "answer refused", "why", "has approved"); }},
    Situation{"a step is tried again", [](const Case& run) { return any(run, "step failed"); }},
    Situation{"a notification is given up", [](const Case& run) { return any(run, "notification failed"); }},
    Situation{"a schedule runs", [](const Case& run) { return any(run, "schedule run"); }},
    Situation{"the runtime dies while the run follows up",
              [](const Case& run) { return crashed_in_state(run, "following up"); }},
    Situation{"an effect takes longer than it may",
              [](const Case& run) { return tells(run, "effect finished", "status", "timed out"); }},
    Situation{"an effect is cancelled",
              [](const Case& run) { return tells(run, "effect finished", "status", "cancelled"); }},
    Situation{"an effect cannot be started",
              [](const Case& run) { return tells(run, "effect finished", "status", "not started"); }},
    Situation{"a pause ends by itself",
              [](const Case& run) {
                return std::ranges::any_of(
                    run.facts, [](const Fact& fact) { return fact.kind == "resumed" && fact.text("who").empty(); });
              }},
    Situation{"an undo fails", [](const Case& run) { return any(run, "undo failed"); }},
    Situation{"a rollback is over its budget", [](const Case& run) { return any(run, "rollback over budget"); }},
};

}  // namespace

void note_situations(const Case& run) {
  for (const Situation& situation : kSituations) {
    if (situation.holds(run)) sometimes(situation.name);
  }
}

std::vector<std::string_view> noted_situations() {
  std::vector<std::string_view> names;
  for (const Situation& situation : kSituations) names.push_back(situation.name);
  return names;
}

}  // namespace rollout::simulation
