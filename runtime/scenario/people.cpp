#include "runtime/scenario/people.hpp"

#include <algorithm>

#include "runtime/plan/evaluate.hpp"

namespace rollout::scenario {

namespace {

using machine::GateView;
using machine::PersonSaid;
using machine::Verb;

std::string member(const GateView& gate, std::size_t index) {
  return index < gate.members.size() ? gate.members[index] : gate.members.empty() ? "somebody" : gate.members.back();
}

// The gate's row in the plan, to know which items tick themselves; null where its text is only known at run time.
const plan::Gate* row_of(const GateView& gate, const plan::Plan& plan) {
  for (const plan::Gate& row : plan.gates) {
    if (row.kind != gate.kind || row.items.size() != gate.items.size() || row.text >= plan.routines.size()) continue;
    const Value text = plan::evaluate(plan, row.text, {});
    if (text.is_missing() || plan::to_text(text) == gate.text) return &row;
  }
  return nullptr;
}

void approve(const GateView& gate, const Person& person, bool by_name, std::vector<Saying>& sayings) {
  const auto say = [&](std::string who) {
    sayings.push_back({person.after, PersonSaid{Verb::Approve, std::move(who), gate.text, person.text}, by_name});
  };
  if (!person.who.empty()) return say(person.who);
  // Without a name the approval is given as a whole: by as many as it needs.
  for (std::size_t i = 0; i < std::max<std::uint32_t>(1, gate.needed); ++i) say(member(gate, i));
}

void tick_all(const GateView& gate, const Person& person, const plan::Gate* row, std::vector<Saying>& sayings) {
  for (std::size_t i = 0; i < gate.items.size(); ++i) {
    const bool ticks_itself = row && row->items[i].check != plan::kNone;
    if (gate.items[i].ticked || ticks_itself) continue;
    const std::string who = person.who.empty() ? member(gate, 0) : person.who;
    sayings.push_back({person.after, PersonSaid{Verb::Tick, who, gate.text, gate.items[i].text}, false});
  }
}

bool has_item(const GateView& gate, const std::string& text) {
  return std::any_of(gate.items.begin(), gate.items.end(), [&](const auto& item) { return item.text == text; });
}

std::string speaker(const GateView& gate, const Person& person) {
  return person.who.empty() ? member(gate, 0) : person.who;
}

void answer_approval(const Scenario& scenario, const GateView& gate, std::vector<Saying>& sayings) {
  const Person* for_all = nullptr;
  for (const Person& person : scenario.people) {
    if (person.kind == PersonKind::ApproveAll) for_all = &person;
    if (person.gate != gate.text) continue;
    if (person.kind == PersonKind::Approve) approve(gate, person, true, sayings);
    if (person.kind == PersonKind::Reject)
      sayings.push_back({person.after, PersonSaid{Verb::Reject, speaker(gate, person), gate.text, person.text}, true});
  }
  if (sayings.empty() && for_all) approve(gate, *for_all, false, sayings);
}

void answer_checklist(const Scenario& scenario, const GateView& gate, const plan::Plan& plan,
                      std::vector<Saying>& sayings) {
  const Person* for_all = nullptr;
  GateView left = gate;
  for (const Person& person : scenario.people) {
    if (person.kind == PersonKind::ApproveAll || person.kind == PersonKind::TickAll) for_all = &person;
    const std::string& item = person.text.empty() ? person.gate : person.text;
    if (person.kind != PersonKind::Tick || !has_item(gate, item)) continue;
    sayings.push_back({person.after, PersonSaid{Verb::Tick, speaker(gate, person), gate.text, item}, true});
    for (auto& one : left.items) one.ticked = one.ticked || one.text == item;
  }
  if (for_all) tick_all(left, *for_all, row_of(gate, plan), sayings);
}

}  // namespace

std::vector<Saying> answers_to(const Scenario& scenario, const GateView& gate, const plan::Plan& plan) {
  std::vector<Saying> sayings;
  switch (gate.kind) {
    case plan::GateKind::Approve: answer_approval(scenario, gate, sayings); break;
    case plan::GateKind::Checklist: answer_checklist(scenario, gate, plan, sayings); break;
    case plan::GateKind::Ask:
      for (const Person& person : scenario.people) {
        if (person.kind != PersonKind::Answer || person.gate != gate.text) continue;
        sayings.push_back(
            {person.after, PersonSaid{Verb::Answer, speaker(gate, person), gate.text, person.text}, true});
      }
      break;
  }
  return sayings;
}

PersonSaid console_saying(const Console& console) {
  PersonSaid said;
  switch (console.verb) {
    case ConsoleVerb::Rollback: said.verb = Verb::Rollback; break;
    case ConsoleVerb::Pause: said.verb = Verb::Pause; break;
    case ConsoleVerb::Resume: said.verb = Verb::Resume; break;
    case ConsoleVerb::Promote: said.verb = Verb::Promote; break;
    case ConsoleVerb::Abort: said.verb = Verb::Abort; break;
    case ConsoleVerb::Retry: said.verb = Verb::Retry; break;
  }
  said.who = console.who.empty() ? "somebody" : console.who;
  said.text = console.reason;
  return said;
}

}  // namespace rollout::scenario
