#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "tests/simulation/invariants.hpp"
#include "tests/simulation/sometimes.hpp"

// Guards of the form `when m0 > 50 for D` on the Prometheus server, evaluated once more from what the server answered:
// the slots from the arming on, three truths, the sum of the gaps between adjacent true slots.

namespace rollout::simulation {

namespace {

constexpr std::string_view kFires = "I7 a guard fires when its samples say so, and only then";

struct Rule {
  std::string metric;
  Nanoseconds needed = 0;
};

std::optional<Rule> rule_of(const std::string& guard) {
  if (!guard.starts_with("m") || guard.find(" > 50") != 2 || guard.starts_with("m3")) return std::nullopt;
  Rule rule{guard.substr(0, 2)};
  const auto lasts = guard.find(" for ");
  if (guard.find("samples") != std::string::npos) return std::nullopt;
  if (lasts == std::string::npos) return rule;
  const std::string words = guard.substr(lasts + 5);
  const auto needed = plan::parse_literal(words.substr(0, words.find(' ')), plan::ValueKind::Duration);
  if (!needed) return std::nullopt;
  rule.needed = needed->as_integer();
  return rule;
}

enum class Truth : std::uint8_t { False, True, Unknown, Unsure };

Truth truth_at(const World& world, const std::string& metric, Nanoseconds slot) {
  const auto found = world.served.find({metric, slot});
  if (found == world.served.end()) return Truth::Unsure;
  const Served& first = found->second.front();
  const bool agree = std::ranges::all_of(found->second, [&](const Served& other) { return other.kind == first.kind; });
  // Failed here and answered there, or asked and never heard of because the runtime died: either may count.
  if (!agree) return Truth::Unsure;
  if (first.kind != Served::Kind::Value) return Truth::Unknown;
  return first.value > World::threshold() ? Truth::True : Truth::False;
}

// One guard from its arming to its end, or to what this evaluator does not follow.
void check_guard(const Case& run, std::vector<Fact>::const_iterator armed) {
  const std::string guard = armed->text("guard");
  const auto rule = rule_of(guard);
  if (!rule) return;
  const Nanoseconds begun = armed->instant("slot"), every = armed->duration("every");
  const auto mine = [&](const Fact& fact) {
    return fact.text("guard") == guard && fact.text("spot") == armed->text("spot") &&
           fact.text("rollout") == armed->text("rollout");
  };
  const auto end = std::find_if(armed + 1, run.facts.end(), [&](const Fact& fact) {
    return (fact.kind == "guard disarmed" && mine(fact)) || fact.kind == "resumed";
  });
  const auto fired =
      std::find_if(armed, end, [&](const Fact& fact) { return fact.kind == "guard fired" && mine(fact); });
  const Nanoseconds fired_at = fired == end ? kNotEver : fired->instant("slot");
  // Slots that were decided by the end are known to be so where a later one of the guard was reported.
  Nanoseconds held = 0;
  bool before = false;
  for (Nanoseconds slot = begun;; slot += every) {
    const Truth truth = truth_at(run.world, rule->metric, slot);
    if (truth == Truth::Unsure) return;
    if (truth == Truth::True && before) held += every;
    if (truth == Truth::False) held = 0;
    before = truth == Truth::True;
    const bool fires = before && held >= rule->needed;
    if (slot == fired_at) {
      if (!fires)
        run.breach(kFires, fmt::format("`{}` fired at {} with {} held", guard, plan::instant_text(slot),
                                       plan::duration_text(held)));
      sometimes("a guard fires");
      return;
    }
    if (!fires) continue;
    // It should fire here: unless it was over before the slot was decided, which a run that catches up tells of late.
    const Nanoseconds over = end == run.facts.end() ? kNotEver : end->at;
    const bool earlier = std::ranges::any_of(run.facts, [&](const Fact& fact) {
      const bool decides = fact.kind == "guard fired" || fact.kind == "guard blind" || fact.kind == "hold ended";
      return decides && fact.at == over && fact.instant("slot") <= slot;
    });
    if (fired_at != kNotEver || (over > run.excused(slot) && !earlier))
      run.breach(kFires, fmt::format("`{}` should have fired at {}", guard, plan::instant_text(slot)));
    return;
  }
}

}  // namespace

void check_guards(const Case& run) {
  for (auto fact = run.facts.begin(); fact != run.facts.end(); ++fact) {
    if (fact->kind == "guard armed") check_guard(run, fact);
  }
}

}  // namespace rollout::simulation
