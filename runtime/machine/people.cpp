#include <fmt/format.h>

#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/plan/planted.hpp"

// What people say at the console. Nothing is dropped silently: what has no effect is journalled with the reason.

namespace rollout::machine {

using plan::Gate;
using plan::GateKind;

namespace {

std::string_view verb_name(Verb verb) {
  static constexpr std::string_view kNames[] = {"approve", "reject", "tick",     "answer", "pause",      "resume",
                                                "promote", "abort",  "rollback", "retry",  "acknowledge"};
  return kNames[std::min<std::size_t>(static_cast<std::size_t>(verb), std::size(kNames) - 1)];
}

// The kind of gate that a verb is for.
bool fits(Verb verb, GateKind kind) {
  if (verb == Verb::Approve) return kind == GateKind::Approve;
  if (verb == Verb::Tick) return kind == GateKind::Checklist;
  if (verb == Verb::Answer) return kind == GateKind::Ask;
  return kind != GateKind::Ask;
}

std::string_view way_out(GateKind kind) {
  switch (kind) {
    case GateKind::Approve: return "an approval: approve or reject it";
    case GateKind::Checklist: return "a checklist: tick its items one by one, or all with `*`";
    case GateKind::Ask: return "a question: give one of its answers";
  }
  return "";
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + text;
  return result;
}

const DecidedGate* find_decided(const State& state, const std::string& text) {
  const auto found = std::ranges::find(state.decided, text, &DecidedGate::text);
  return found == state.decided.end() ? nullptr : &*found;
}

}  // namespace

void Core::ignore(const PersonSaid& said, const std::string& why) {
  record(RecordKind::PersonIgnored, {{"verb", Value::string(std::string(verb_name(said.verb)))},
                                     {"who", Value::string(said.who)},
                                     {"gate", Value::string(said.gate)},
                                     {"why", Value::string(why)}});
}

void Core::person_said(const PersonSaid& said) {
  switch (said.verb) {
    case Verb::Approve:
    case Verb::Reject:
    case Verb::Tick:
    case Verb::Answer: person_at_gate(said); break;
    case Verb::Pause:
    case Verb::Resume:
    case Verb::Abort:
    case Verb::Rollback: person_steers(said); break;
    case Verb::Promote: person_promotes(said); break;
    case Verb::Retry: person_retries(said); break;
    case Verb::Acknowledge: person_acknowledges(said); break;
  }
}

void Core::person_at_gate(const PersonSaid& said) {
  std::vector<std::uint64_t> chosen;
  std::vector<std::string> open;
  const bool any = said.gate.empty() || said.gate == "*";
  const GateRun* other = nullptr;
  for (const auto& [id, gate] : state.gates) {
    open.push_back("\"" + gate.text + "\"");
    if (!any && gate.text != said.gate) continue;
    if (fits(said.verb, plan.gates[gate.gate].kind)) {
      chosen.push_back(id);
    } else {
      other = &gate;
    }
  }
  if (chosen.empty() && other) {
    ignore(said, fmt::format("\"{}\" is {}", other->text, way_out(plan.gates[other->gate].kind)));
  } else if (const DecidedGate* decided = chosen.empty() ? find_decided(state, said.gate) : nullptr) {
    ignore(said, fmt::format("\"{}\" was decided already: {}", decided->text, decided->how));
  } else if (chosen.empty() && open.empty()) {
    ignore(said, any ? "nothing waits for people now"
                     : fmt::format("\"{}\" is not open, and nothing else waits for people", said.gate));
  } else if (chosen.empty()) {
    ignore(said, fmt::format("\"{}\" is not open; open now: {}", said.gate, joined(open)));
  } else if (chosen.size() > 1 && said.gate.empty()) {
    ignore(said, fmt::format("several are open, say which: {}", joined(open)));
  }
  if (chosen.size() > 1 && said.gate.empty()) return;
  for (const std::uint64_t id : chosen) {
    const auto found = state.gates.find(id);
    if (found == state.gates.end()) continue;
    if (said.verb == Verb::Tick) {
      person_ticks(found->second, said);
    } else if (said.verb == Verb::Answer) {
      person_answers(found->second, said);
    } else {
      person_approves(found->second, said);
    }
  }
}

bool Core::belongs(const PersonSaid& said, plan::RoleId role, const std::string& gate) {
  if (role >= plan.roles.size() || planted(plan::Bug::StrangerApproves)) return true;
  const std::vector<std::string> members = members_of(role);
  if (std::ranges::find(members, said.who) != members.end()) return true;
  ignore(said, fmt::format("{} is not in the role {} that \"{}\" asks for; its members: {}",
                           said.who.empty() ? "nobody" : said.who, plan.roles[role].name, gate,
                           members.empty() ? "none" : joined(members)));
  return false;
}

void Core::person_approves(GateRun& gate, const PersonSaid& said) {
  const Gate& row = plan.gates[gate.gate];
  if (!belongs(said, row.role, gate.text)) return;
  const std::uint64_t id = gate.id;
  if (said.verb == Verb::Approve && std::ranges::find(gate.approved_by, said.who) != gate.approved_by.end() &&
      !planted(plan::Bug::ApprovedTwice)) {
    ignore(said, fmt::format("{} has approved \"{}\" already; it needs {} different people", said.who, gate.text,
                             gate.needed));
    return;
  }
  record(RecordKind::GateAnswered,
         {{"gate", Value::string(gate.text)},
          {"verb", Value::string(std::string(verb_name(said.verb)))},
          {"who", Value::string(said.who)},
          {"item", Value::string("")},
          {"text", Value::string(said.text)}},
         row.spot);
  if (said.verb == Verb::Reject) {
    gate_failed(
        id, fmt::format("\"{}\" was rejected by {}{}{}", gate.text, said.who, said.text.empty() ? "" : ": ", said.text),
        "rejected", said.who);
    return;
  }
  gate.approved_by.push_back(said.who);
  if (gate.approved_by.size() < gate.needed) return;
  Task* task = find_task(gate.task);
  close_gate(id, "approved", joined(gate.approved_by));
  if (task) advance(*task);
}

void Core::person_ticks(GateRun& gate, const PersonSaid& said) {
  const Gate& row = plan.gates[gate.gate];
  const bool all = said.text == "*";
  const std::uint64_t id = gate.id;
  bool known = false;
  for (std::size_t index = 0; index < gate.items.size() && index < row.items.size(); ++index) {
    GateItemRun& item = gate.items[index];
    if (!all && item.text != said.text) continue;
    known = true;
    if (row.items[index].check != kNone) {
      if (!all) ignore(said, fmt::format("\"{}\" is ticked by its check alone", item.text));
      continue;
    }
    if (item.ticked) {
      if (!all) ignore(said, fmt::format("\"{}\" is ticked already, by {}", item.text, joined(item.ticked_by)));
      continue;
    }
    const plan::RoleId role = row.items[index].role != kNone ? row.items[index].role : row.role;
    if (!belongs(said, role, item.text)) continue;
    if (std::ranges::find(item.ticked_by, said.who) != item.ticked_by.end()) {
      if (!all) {
        ignore(said, fmt::format("{} has ticked \"{}\" already; it needs {} different people", said.who, item.text,
                                 item.needed));
      }
      continue;
    }
    item.ticked_by.push_back(said.who);
    item.ticked = item.ticked_by.size() >= item.needed;
    record(RecordKind::GateAnswered,
           {{"gate", Value::string(gate.text)},
            {"verb", Value::string("tick")},
            {"who", Value::string(said.who)},
            {"item", Value::string(item.text)},
            {"text", Value::string("")}},
           row.spot);
  }
  if (!known) ignore(said, fmt::format("\"{}\" has no item \"{}\"", gate.text, said.text));
  complete_checklist(id);
}

void Core::person_answers(GateRun& gate, const PersonSaid& said) {
  const Gate& row = plan.gates[gate.gate];
  if (!belongs(said, row.role, gate.text)) return;
  const auto chosen = std::ranges::find(row.answers, said.text, &plan::GateAnswer::text);
  if (chosen == row.answers.end()) {
    std::vector<std::string> answers;
    answers.reserve(row.answers.size());
    for (const plan::GateAnswer& answer : row.answers) answers.push_back("\"" + answer.text + "\"");
    ignore(said, fmt::format("\"{}\" is no answer to \"{}\"; possible: {}", said.text, gate.text, joined(answers)));
    return;
  }
  record(RecordKind::GateAnswered,
         {{"gate", Value::string(gate.text)},
          {"verb", Value::string("answer")},
          {"who", Value::string(said.who)},
          {"item", Value::string("")},
          {"text", Value::string(said.text)}},
         row.spot);
  const Cause cause{fmt::format("\"{}\": {} answered \"{}\"", gate.text, said.who, said.text), said.who, row.spot,
                    state.now};
  Task* task = find_task(gate.task);
  close_gate(gate.id, "answered", said.who);
  if (!task) return;
  task->waits_for = 0;
  respond(*task, chosen->response, cause);
}

void Core::person_steers(const PersonSaid& said) {
  const std::string by = said.who.empty() ? "asked for" : "asked for by " + said.who;
  const std::string reason = said.text.empty() ? by : fmt::format("{} ({})", said.text, by);
  const Cause cause{reason, said.who.empty() ? "someone" : said.who, kNone, state.now};
  const bool over = state.has_ended || state.run_state == RunState::FollowingUp;
  if (over) {
    ignore(said, fmt::format("the run is over: {}", state_name(state.run_state)));
  } else if (said.verb == Verb::Abort) {
    abort_run(reason);
  } else if (said.verb == Verb::Rollback) {
    if (is_incomplete()) {
      rollback_again(said.who);
    } else if (state.main().rollback && state.main().rollback->to != kNone) {
      widen_rollback(reason, cause);
    } else if (state.main().rollback) {
      ignore(said, "the run is rolling back already");
    } else {
      begin_rollback(reason, kNone, kNone, cause);
    }
  } else if (state.main().rollback) {
    ignore(said, "the run is rolling back");
  } else if (said.verb == Verb::Pause) {
    if (state.pause && paused_as_well(PauseRun{.reason = reason, .who = said.who})) {
      ignore(said, "the run is paused already: " + state.pause->reason);
    } else {
      pause_run(reason, cause, kNone, nullptr);
    }
  } else if (!state.pause) {
    ignore(said, "the run is not paused");
  } else if (std::ranges::any_of(state.effects, [](const auto& entry) { return entry.second.in_doubt; })) {
    ignore(said, "nobody knows whether " + state.pause->reason +
                     ": say `retry` to run it again, `promote` if it happened, or `rollback`");
  } else {
    resume_run(said.who);
  }
}

void Core::person_retries(const PersonSaid& said) {
  if (is_incomplete()) {
    rollback_again(said.who);
    return;
  }
  bool any = false;
  for (auto& [id, run] : state.effects) {
    if (!run.in_doubt || (!said.gate.empty() && said.gate != run.text)) continue;
    start_again(run, "run again by a person's word", said.who);
    any = true;
  }
  bool stuck = false;
  for (auto& [id, task] : state.tasks) {
    if (any || task.wait != Wait::Resume || task.error.empty()) continue;
    task.wait = Wait::Ready;
    task.stay = false;
    task.error.clear();
    stuck = true;
  }
  if (stuck) resume_run(said.who);
  if (any) doubts_settled(said.who);
  if (!any && !stuck) ignore(said, "nothing has failed that could be tried again");
}

void Core::person_promotes(const PersonSaid& said) {
  if (state.has_ended || state.main().rollback) {
    ignore(said, fmt::format("the run goes nowhere from here: {}", state_name(state.run_state)));
    return;
  }
  std::vector<std::uint64_t> doubts;
  for (const auto& [id, run] : state.effects) {
    if (run.in_doubt && (said.gate.empty() || said.gate == run.text)) doubts.push_back(id);
  }
  for (const std::uint64_t id : doubts) {
    if (const auto run = state.effects.find(id); run != state.effects.end()) {
      settle_doubt(run->second, "it happened, by a person's word", said.who);
    }
  }
  const bool freed = anything_frozen();
  waive_blindness();
  if (!doubts.empty()) {
    doubts_settled(said.who);
    return;
  }
  bool ended = state.pause.has_value();
  if (ended) {
    resume_run(said.who);
  } else {
    for (auto& [id, task] : state.tasks) {
      if (task.wait != Wait::Hold || !is_forward(task)) continue;
      end_hold(task, "promoted by " + said.who);
      ended = true;
    }
  }
  if (ended) return;
  if (!freed) {
    ignore(said, "nothing waits that could be promoted");
    return;
  }
  // What a guard does not see any more is this person's to answer for.
  record(RecordKind::GateAnswered, {{"gate", Value::string("")},
                                    {"verb", Value::string("promote")},
                                    {"who", Value::string(said.who)},
                                    {"item", Value::string("")},
                                    {"text", Value::string(said.text)}});
}

void Core::person_acknowledges(const PersonSaid& said) {
  const auto before = state.acks.size();
  std::vector<std::uint64_t> asking;
  std::erase_if(state.acks, [&](const AckWait& ack) {
    const plan::ChannelId channel = plan.notifications[ack.notification].channel;
    const bool meant =
        said.gate.empty() || (channel < plan.channels.size() && plan.channels[channel].name == said.gate);
    if (meant && ack.task != 0) asking.push_back(ack.task);
    return meant;
  });
  for (const std::uint64_t task : asking) kill(task);
  if (state.acks.size() == before) {
    ignore(said, "no notification waits to be acknowledged");
    return;
  }
  record(RecordKind::GateAnswered, {{"gate", Value::string(said.gate)},
                                    {"verb", Value::string("acknowledge")},
                                    {"who", Value::string(said.who)},
                                    {"item", Value::string("")},
                                    {"text", Value::string(said.text)}});
}

}  // namespace rollout::machine
