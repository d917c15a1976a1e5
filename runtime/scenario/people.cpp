#include "runtime/scenario/people.hpp"

#include <algorithm>

namespace rollout::scenario {

namespace {

using machine::GateView;
using machine::PersonSaid;
using machine::Verb;

std::string member(const GateView& gate, std::size_t index) {
  return index < gate.members.size() ? gate.members[index] : gate.members.empty() ? "somebody" : gate.members.back();
}

// Who ticks an item that nobody is named for.
std::string ticker(const machine::GateItemView& item) {
  return item.members.empty() ? "somebody" : item.members.front();
}

void approve(const GateView& gate, const Person& person, bool by_name, std::vector<Saying>& sayings) {
  const auto say = [&](std::string who) {
    sayings.push_back({person.after, PersonSaid{Verb::Approve, std::move(who), gate.text, person.text}, by_name});
  };
  if (!person.who.empty()) return say(person.who);
  // Without a name the approval is given as a whole: by as many as it needs.
  for (std::size_t i = 0; i < std::max<std::uint32_t>(1, gate.needed); ++i) say(member(gate, i));
}

// Who still has to tick the item, in the order of its people, until it is ticked by as many as it needs.
std::vector<std::string> tickers_left(const machine::GateItemView& item) {
  std::vector<std::string> left;
  std::size_t missing = item.needed > item.ticked_by.size() ? item.needed - item.ticked_by.size() : 0;
  for (const std::string& member : item.members) {
    if (missing == 0) break;
    if (std::find(item.ticked_by.begin(), item.ticked_by.end(), member) != item.ticked_by.end()) continue;
    left.push_back(member);
    --missing;
  }
  if (left.empty() && missing > 0) left.push_back(ticker(item));
  return left;
}

void tick_all(const GateView& gate, const Person& person, std::vector<Saying>& sayings) {
  for (const machine::GateItemView& item : gate.items) {
    if (item.ticked || item.automatic) continue;
    const auto who = person.who.empty() ? tickers_left(item) : std::vector{person.who};
    for (const std::string& one : who) {
      sayings.push_back({person.after, PersonSaid{Verb::Tick, one, gate.text, item.text}, false});
    }
  }
}

machine::GateItemView* item_of(GateView& gate, const std::string& text) {
  const auto found =
      std::find_if(gate.items.begin(), gate.items.end(), [&](const auto& item) { return item.text == text; });
  return found == gate.items.end() ? nullptr : &*found;
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

void answer_checklist(const Scenario& scenario, const GateView& gate, std::vector<Saying>& sayings) {
  const Person* for_all = nullptr;
  GateView left = gate;
  for (const Person& person : scenario.people) {
    if (person.kind == PersonKind::ApproveAll || person.kind == PersonKind::TickAll) for_all = &person;
    const std::string& text = person.text.empty() ? person.gate : person.text;
    machine::GateItemView* item = item_of(left, text);
    if (person.kind != PersonKind::Tick || !item) continue;
    // Without a name the tick is given as a whole: by as many as it needs.
    const auto tickers = person.who.empty() ? tickers_left(*item) : std::vector{person.who};
    for (const std::string& who : tickers) {
      sayings.push_back({person.after, PersonSaid{Verb::Tick, who, gate.text, text}, true});
      item->ticked_by.push_back(who);
    }
    item->ticked = item->ticked_by.size() >= item->needed;
  }
  if (for_all) tick_all(left, *for_all, sayings);
}

}  // namespace

std::vector<Saying> answers_to(const Scenario& scenario, const GateView& gate) {
  std::vector<Saying> sayings;
  switch (gate.kind) {
    case plan::GateKind::Approve: answer_approval(scenario, gate, sayings); break;
    case plan::GateKind::Checklist: answer_checklist(scenario, gate, sayings); break;
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
