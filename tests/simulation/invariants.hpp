// What must be true of every run, judged by the world's ledger, what people said, and the journal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/simulation.hpp"

namespace rollout::simulation {

// An entry of the journal, read.
struct Fact {
  Nanoseconds at = 0;
  std::string kind;
  plan::Value body;
  std::string text(std::string_view name) const;
  Nanoseconds instant(std::string_view name) const;  // of a printed instant; kNotEver where there is none
  Nanoseconds duration(std::string_view name) const;
  double number(std::string_view name) const;
};

// A run that is over, as the invariants look at it.
struct Case {
  const Story& story;
  const World& world;
  Chronicle& chronicle;
  std::vector<Fact> facts;

  // `invariant`: its number and name, `what`: what was seen.
  void breach(std::string_view invariant, const std::string& what) const;
  // Whether somebody said that within the time, accepted or not.
  bool said(machine::Verb verb, Nanoseconds from, Nanoseconds to) const;
  bool said(std::initializer_list<machine::Verb> verbs, Nanoseconds from, Nanoseconds to) const;
  // Whether there is such an entry within the time.
  bool has(std::string_view kind, Nanoseconds from, Nanoseconds to) const;
  // The latest that something due at that instant may come: the runtime may be dead, and has to catch up after it.
  Nanoseconds excused(Nanoseconds due) const;
};

// The key of a call as the journal has it: without the instant of the run's creation.
std::string journal_key(const std::string& key);
// The name of the thing that the call puts or drops; empty where it does neither.
std::string put_name(const Call& call);
std::string drop_name(const Call& call);

// Adds what does not hold to the chronicle's breaches.
void check_invariants(const Story& story, const World& world, Chronicle& chronicle);

// Notes what the run went through (sometimes.hpp), and what that could be.
void note_situations(const Case& run);
std::vector<std::string_view> noted_situations();

void check_effects(const Case& run);     // I1 to I4: what was started, how often, and what is known of it
void check_durability(const Case& run);  // I5, I9: what was told as durable, and what must not be stored
void check_world(const Case& run);       // I6: traffic and things, at the end and on the way
void check_guards(const Case& run);      // I7: guards against an evaluator of their own
void check_times(const Case& run);       // I11: holds, schedules, limits
void check_people(const Case& run);      // I12: approvals, pauses

}  // namespace rollout::simulation
