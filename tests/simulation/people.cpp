#include "tests/simulation/people.hpp"

#include <algorithm>

namespace rollout::simulation {

namespace {

using machine::PersonSaid;
using machine::Verb;

std::string somebody(const Story& story, Random& random) {
  if (story.members.empty() || random.chance(0.15)) return random.chance(0.9) ? "mallory" : "";
  return story.members[random.below(story.members.size())];
}

// Who speaks now: one of those whom the gate that is looked at names, in turn.
std::string patient_person(const machine::View& view, const Story& story, int tries) {
  const auto turn = static_cast<std::size_t>(tries);
  if (!story.members.empty()) return story.members[turn % story.members.size()];
  if (view.gates.empty()) return "somebody";
  const machine::GateView& gate = view.gates[turn % view.gates.size()];
  std::vector<std::string> able = gate.members;
  for (const machine::GateItemView& item : gate.items)
    able.insert(able.end(), item.members.begin(), item.members.end());
  return able.empty() ? "somebody" : able[turn / view.gates.size() % able.size()];
}

PersonSaid at_gate(const machine::GateView& gate, const std::string& who, Random& random) {
  switch (gate.kind) {
    case plan::GateKind::Approve:
      return {random.chance(0.85) ? Verb::Approve : Verb::Reject, who, random.chance(0.8) ? gate.text : "", ""};
    case plan::GateKind::Checklist: {
      const std::string item =
          gate.items.empty() || random.chance(0.5) ? "*" : gate.items[random.below(gate.items.size())].text;
      return {Verb::Tick, who, gate.text, item};
    }
    case plan::GateKind::Ask: break;
  }
  return {Verb::Answer, who, gate.text, gate.answers.empty() ? "" : gate.answers[random.below(gate.answers.size())]};
}

}  // namespace

PersonSaid anything(const machine::View& view, const Story& story, Random& random) {
  const std::string who = somebody(story, random);
  if (!view.gates.empty() && random.chance(0.75)) {
    return at_gate(view.gates[random.below(view.gates.size())], who, random);
  }
  static constexpr Verb kUsual[] = {Verb::Pause,   Verb::Resume, Verb::Promote,     Verb::Retry,
                                    Verb::Approve, Verb::Tick,   Verb::Acknowledge, Verb::Resume};
  if (view.state == machine::RunState::Paused && random.chance(0.7)) {
    return {random.chance(0.5) ? Verb::Retry : random.chance(0.7) ? Verb::Resume : Verb::Promote, who, "", ""};
  }
  if (view.state == machine::RunState::RollbackIncomplete && random.chance(0.6))
    return {random.chance(0.5) ? Verb::Abort : Verb::Rollback, who, "", "enough"};
  if (random.chance(0.04)) return {Verb::Abort, who, "", "enough"};
  if (random.chance(0.15)) return {Verb::Rollback, who, "", "customers complain"};
  return {kUsual[random.below(std::size(kUsual))], who, "", ""};
}

std::optional<PersonSaid> sensible(const machine::View& view, const Story& story, int tries, Random& random) {
  const std::string who = patient_person(view, story, tries);
  if (view.state == machine::RunState::RollbackIncomplete && view.effects.empty())
    return PersonSaid{Verb::Rollback, who, "", "again"};
  if (!view.gates.empty()) {
    const machine::GateView& gate = view.gates[static_cast<std::size_t>(tries) % view.gates.size()];
    PersonSaid said = at_gate(gate, who, random);
    if (said.verb == Verb::Reject) said.verb = Verb::Approve;
    if (said.verb == Verb::Tick) said.text = "*";
    said.gate = gate.text;
    return said;
  }
  if (!view.acknowledgements.empty()) return PersonSaid{Verb::Acknowledge, who, "", ""};
  if (view.state != machine::RunState::Paused) return std::nullopt;
  const bool doubtful =
      std::any_of(view.effects.begin(), view.effects.end(), [](const auto& effect) { return effect.in_doubt; });
  return PersonSaid{doubtful ? Verb::Retry : Verb::Resume, who, "", ""};
}

}  // namespace rollout::simulation
