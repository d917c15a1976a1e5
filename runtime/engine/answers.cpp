#include "runtime/engine/answers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollout::engine {

namespace {

using machine::Record;
using machine::RecordKind;
using machine::Verb;

std::string text_in(const Record& record, std::string_view name) {
  const plan::Value* value = record.find(name);
  return value == nullptr ? std::string{} : value->as_string();
}

std::string approval(const Record& record, const machine::View& before) {
  const std::string text = text_in(record, "gate");
  const auto gate = std::find_if(before.gates.begin(), before.gates.end(),
                                 [&](const machine::GateView& view) { return view.text == text; });
  const std::string who = text_in(record, "who");
  if (gate == before.gates.end() || gate->needed <= 1) return fmt::format("\"{}\": approved by {}", text, who);
  return fmt::format("\"{}\": approved by {} ({} of {})", text, who, gate->approved_by.size() + 1, gate->needed);
}

std::string answered(const Record& record, const machine::View& before) {
  const std::string verb = text_in(record, "verb");
  const std::string gate = text_in(record, "gate");
  const std::string who = text_in(record, "who");
  if (verb == "approve") return approval(record, before);
  if (verb == "tick") return fmt::format("\"{}\": ticked \"{}\" by {}", gate, text_in(record, "item"), who);
  if (verb == "answer") return fmt::format("\"{}\": \"{}\" by {}", gate, text_in(record, "text"), who);
  if (verb == "acknowledge") {
    return gate.empty() ? fmt::format("acknowledged by {}", who) : fmt::format("{}: acknowledged by {}", gate, who);
  }
  if (verb == "promote") return fmt::format("promoted by {}, whatever the blind guards would say", who);
  return fmt::format("\"{}\": rejected by {}", gate, who);
}

std::string_view done_word(Verb verb) {
  switch (verb) {
    case Verb::Approve: return "approved";
    case Verb::Reject: return "rejected";
    case Verb::Tick: return "ticked";
    case Verb::Answer: return "answered";
    case Verb::Pause: return "paused";
    case Verb::Resume: return "resumed";
    case Verb::Promote: return "promoted";
    case Verb::Abort: return "aborted";
    case Verb::Rollback: return "rolling back";
    case Verb::Retry: return "trying again";
    case Verb::Acknowledge: return "acknowledged";
  }
  return "done";
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace

plan::Expected<std::string> answer_to(const machine::PersonSaid& said, const machine::View& before,
                                      const std::vector<Record>& records, machine::RunState after) {
  std::vector<std::string> done, refused;
  for (const Record& record : records) {
    if (record.kind == RecordKind::GateAnswered) done.push_back(answered(record, before));
    if (record.kind == RecordKind::PersonIgnored) refused.push_back(text_in(record, "why"));
  }
  if (done.empty() && !refused.empty()) return plan::PlanError{joined(refused), 0};
  if (done.empty()) {
    done.push_back(fmt::format("{}{}{}; the run is {}", done_word(said.verb), said.who.empty() ? "" : " by ", said.who,
                               machine::state_name(after)));
  }
  if (!refused.empty()) done.push_back("but " + joined(refused));
  return joined(done);
}

}  // namespace rollout::engine
