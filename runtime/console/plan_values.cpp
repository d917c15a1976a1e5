#include "runtime/console/plan_values.hpp"

#include "runtime/console/text.hpp"

namespace rollout::console {

namespace {

using plan::kNone;
using plan::Op;
using plan::Value;

constexpr std::size_t kMostDepth = 4;  // of responses inside responses that are told

std::string outcome_text(const plan::Plan& plan, const plan::Response& response) {
  switch (response.outcome) {
    case plan::OutcomeKind::None: return {};
    case plan::OutcomeKind::Continue: return "continue";
    case plan::OutcomeKind::Pause: return response.until == kNone ? "pause" : "pause for a while";
    case plan::OutcomeKind::RollbackTo: {
      const std::string stage = response.stage < plan.stages.size() ? plan.stages[response.stage].name : "a stage";
      return "rollback to " + stage + (response.retry ? " and retry" : "");
    }
    case plan::OutcomeKind::Rollback: return "rollback";
    case plan::OutcomeKind::Abort: return "abort";
  }
  return {};
}

}  // namespace

std::string PlanValues::text(plan::RoutineId routine) const {
  const Value found = value(routine);
  if (!found.is_missing()) return escaped(plan::to_text(found));
  return routine < plan_.routines.size() ? escaped(plan_.routines[routine].text) : std::string{};
}

std::vector<std::string> PlanValues::texts(plan::RoutineId routine) const {
  std::vector<std::string> list;
  for (const Value& one : value(routine).as_list()) list.push_back(escaped(plan::to_text(one)));
  return list;
}

std::string PlanValues::response(plan::ResponseId id, std::size_t depth) const {
  if (id >= plan_.responses.size() || depth > kMostDepth) return {};
  const plan::Response& row = plan_.responses[id];
  std::string text;
  if (row.steps < plan_.blocks.size()) {
    const plan::Block& steps = plan_.blocks[row.steps];
    for (std::uint32_t i = steps.begin; i < steps.end; ++i) {
      const plan::Instruction& instruction = plan_.code[i];
      std::string step;
      if (instruction.op == Op::Notify && instruction.b < plan_.notifications.size()) {
        const plan::ChannelId channel = plan_.notifications[instruction.b].channel;
        step = "notify " +
               (channel < plan_.channels.size() ? escaped(plan_.channels[channel].name) : std::string("people"));
      }
      if (instruction.op == Op::Run && instruction.b < plan_.blocks.size())
        step = escaped(plan_.blocks[instruction.b].name);
      if (instruction.op == Op::Gate) step = "ask";
      if (instruction.op == Op::Outcome) step = response(instruction.b, depth + 1);
      if (!step.empty()) text += (text.empty() ? "" : ", ") + step;
    }
  }
  const std::string outcome = outcome_text(plan_, row);
  if (outcome.empty()) return text;
  return text.empty() ? outcome : text + ", then " + outcome;
}

}  // namespace rollout::console
