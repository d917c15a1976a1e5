#include "tests/simulation/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollout::simulation {

namespace {

constexpr Nanoseconds kCatchingUp = 6 * kMinute;

std::string name_after(const Call& call, std::string_view verb) {
  if (call.means == Means::Http) {
    const auto place = verb == "put" ? call.text.find("/put/") : std::string::npos;
    return place == std::string::npos ? std::string{} : call.text.substr(place + 5);
  }
  const auto first = call.text.find(' ');
  if (first == std::string::npos || !call.text.substr(first + 1).starts_with(verb)) return {};
  const auto second = call.text.find(' ', first + 1);
  return second == std::string::npos ? std::string{} : call.text.substr(second + 1);
}

}  // namespace

std::string Fact::text(std::string_view name) const {
  const plan::Value* found = body.find(name);
  return found == nullptr ? std::string{} : found->as_string();
}

Nanoseconds Fact::instant(std::string_view name) const {
  const auto value = plan::parse_literal(text(name), plan::ValueKind::Instant);
  return value ? value->as_integer() : kNotEver;
}

Nanoseconds Fact::duration(std::string_view name) const {
  const auto value = plan::parse_literal(text(name), plan::ValueKind::Duration);
  return value ? value->as_integer() : kNotEver;
}

double Fact::number(std::string_view name) const {
  const plan::Value* found = body.find(name);
  return found == nullptr ? 0 : found->as_double();
}

void Case::breach(std::string_view invariant, const std::string& what) const {
  // One example of each says enough.
  const bool known =
      std::ranges::any_of(chronicle.breaches, [&](const std::string& breach) { return breach.starts_with(invariant); });
  if (!known) chronicle.breaches.push_back(fmt::format("{}: {}", invariant, what));
}

bool Case::said(machine::Verb verb, Nanoseconds from, Nanoseconds to) const {
  return said({verb}, from, to);
}

bool Case::said(std::initializer_list<machine::Verb> verbs, Nanoseconds from, Nanoseconds to) const {
  return std::ranges::any_of(chronicle.sayings, [&](const Saying& saying) {
    return (chronicle.clock_went_back || (saying.at >= from && saying.at <= to)) &&
           std::ranges::find(verbs, saying.said.verb) != verbs.end();
  });
}

bool Case::has(std::string_view kind, Nanoseconds from, Nanoseconds to) const {
  return std::ranges::any_of(facts,
                             [&](const Fact& fact) { return fact.kind == kind && fact.at >= from && fact.at <= to; });
}

Nanoseconds Case::excused(Nanoseconds due) const {
  Nanoseconds latest = due + kCatchingUp;
  for (const Fall& fall : chronicle.falls) {
    if (fall.at <= latest) latest = std::max(latest, fall.until + kCatchingUp);
  }
  return latest;
}

std::string journal_key(const std::string& key) {
  const auto begin = key.find('@');
  const auto end = key.find('/', begin == std::string::npos ? 0 : begin);
  return begin == std::string::npos || end == std::string::npos ? key : key.substr(0, begin) + key.substr(end);
}

std::string put_name(const Call& call) {
  return name_after(call, "put");
}
std::string drop_name(const Call& call) {
  return name_after(call, "drop");
}

void check_invariants(const Story& story, const World& world, Chronicle& chronicle) {
  Case run{story, world, chronicle, {}};
  for (const journal::Entry& entry : chronicle.entries) {
    run.facts.push_back({entry.at, entry.kind, plan::from_json(entry.body).value_or(plan::Value{})});
  }
  if (story.made_up) note_situations(run);
  check_effects(run);
  check_durability(run);
  if (!story.made_up || chronicle.clock_went_back) return;
  check_world(run);
  check_guards(run);
  check_times(run);
  check_people(run);
}

}  // namespace rollout::simulation
