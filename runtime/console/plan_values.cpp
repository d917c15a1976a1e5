#include "runtime/console/plan_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "runtime/console/text.hpp"
#include "runtime/plan/evaluate.hpp"

namespace rollout::console {

namespace {

using plan::BlockKind;
using plan::kNone;
using plan::Op;
using plan::Value;

constexpr Nanoseconds kEffectTimeout = 60LL * 1'000'000'000;
constexpr std::size_t kMostDepth = 4;  // of responses inside responses that are told
constexpr Nanoseconds kEver = std::numeric_limits<Nanoseconds>::max() / 4;

Nanoseconds plus(Nanoseconds left, Nanoseconds right) {
  return std::min(kEver, left + right);
}
Nanoseconds times(Nanoseconds duration, std::uint64_t count) {
  return count > 0 && duration > kEver / static_cast<Nanoseconds>(std::min<std::uint64_t>(count, 1'000'000'000))
             ? kEver
             : duration * static_cast<Nanoseconds>(count);
}

TimeRange after_one_another(const TimeRange& left, const TimeRange& right) {
  TimeRange sum{plus(left.least, right.least), std::nullopt};
  if (left.most && right.most) sum.most = plus(*left.most, *right.most);
  return sum;
}
TimeRange either(const TimeRange& left, const TimeRange& right) {
  TimeRange both{std::min(left.least, right.least), std::nullopt};
  if (left.most && right.most) both.most = std::max(*left.most, *right.most);
  return both;
}
TimeRange side_by_side(const TimeRange& left, const TimeRange& right) {
  TimeRange both{std::max(left.least, right.least), std::nullopt};
  if (left.most && right.most) both.most = std::max(*left.most, *right.most);
  return both;
}

// Computes the times of blocks, each once: blocks may be run from many places.
class Clockwork {
 public:
  Clockwork(const plan::Plan& plan, const PlanValues& values) : plan_(plan), values_(values) {}

  TimeRange block(plan::BlockId id) {
    if (id >= plan_.blocks.size()) return {};
    if (const auto known = known_.find(id); known != known_.end()) return known->second;
    const plan::Block& row = plan_.blocks[id];
    TimeRange once = row.kind == BlockKind::Branches ? branches(row) : path(row);
    limit(once, row.timeout);
    TimeRange all = once;
    if (row.retries > 0 && all.most) {
      const Nanoseconds waits = times(values_.duration(row.retry_every).value_or(0), row.retries);
      all.most = plus(times(*once.most, row.retries + 1ULL), waits);
    }
    limit(all, row.within);
    return known_.emplace(id, all).first->second;
  }

 private:
  void limit(TimeRange& range, plan::RoutineId routine) const {
    const auto duration = values_.duration(routine);
    if (!duration) return;
    range.most = std::min(range.most.value_or(*duration), *duration);
    range.least = std::min(range.least, *duration);
  }

  TimeRange branches(const plan::Block& row) {
    TimeRange all, sum;
    std::uint32_t count = 0;
    for (std::uint32_t i = row.begin; i < row.end; ++i) {
      if (plan_.code[i].op != Op::Run) continue;
      const TimeRange branch = block(plan_.code[i].b);
      all = side_by_side(all, branch);
      sum = after_one_another(sum, branch);
      ++count;
    }
    // In waves the longest branches may follow one another.
    if (row.at_most > 0 && count > row.at_most) all.most = sum.most;
    return all;
  }

  // Jumps lead forward only, so the times to the end are known from the end on.
  TimeRange path(const plan::Block& row) {
    std::vector<TimeRange> to_end(row.end - row.begin + 1);
    for (std::uint32_t i = row.end; i-- > row.begin;) {
      const plan::Instruction& instruction = plan_.code[i];
      const auto at = [&](std::uint32_t index) {
        return index >= row.begin && index <= row.end ? to_end[index - row.begin] : TimeRange{};
      };
      TimeRange& here = to_end[i - row.begin];
      if (instruction.op == Op::End || instruction.op == Op::Outcome) continue;
      if (instruction.op == Op::Jump)
        here = at(instruction.b);
      else if (instruction.op == Op::JumpUnless)
        here = branch(values_.value(instruction.c), at(i + 1), at(instruction.b));
      else
        here = after_one_another(statement(instruction), at(i + 1));
    }
    return to_end.front();
  }

  // What the parameters decide takes the one way.
  static TimeRange branch(const plan::Value& condition, const TimeRange& then, const TimeRange& otherwise) {
    if (condition.kind() != plan::ValueKind::Bool) return either(then, otherwise);
    return condition.as_bool() ? then : otherwise;
  }

  TimeRange statement(const plan::Instruction& instruction) {
    if (instruction.op == Op::Run || instruction.op == Op::Parallel) return block(instruction.b);
    if (instruction.op == Op::Traffic) return block(plan_.rollout.traffic_via);
    if (instruction.op == Op::Effect && instruction.b < plan_.effects.size()) {
      const plan::RoutineId timeout = plan_.effects[instruction.b].timeout;
      return {0, values_.duration(timeout).value_or(kEffectTimeout)};
    }
    if (instruction.op == Op::Hold && instruction.b < plan_.holds.size()) {
      const plan::Hold& hold = plan_.holds[instruction.b];
      const auto least = values_.duration(hold.least);
      if (hold.most == kNone) return {least.value_or(0), least};
      return {least.value_or(0), values_.duration(hold.most)};
    }
    if (instruction.op == Op::Gate && instruction.b < plan_.gates.size())
      return {0, values_.duration(plan_.gates[instruction.b].within)};
    return {};
  }

  const plan::Plan& plan_;
  const PlanValues& values_;
  std::map<plan::BlockId, TimeRange> known_;
};

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

PlanValues::PlanValues(const plan::Plan& plan, const Parameters& parameters) : plan_(plan) {
  variables_.resize(plan.variables.size());
  for (const plan::Parameter& parameter : plan.parameters) {
    if (parameter.variable >= variables_.size()) continue;
    const auto given = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const auto& one) { return one.first == parameter.name; });
    variables_[parameter.variable] = given != parameters.end() ? given->second : value(parameter.default_value);
  }
  for (std::size_t i = 0; i + 1 < plan.globals.size(); i += 2) {
    if (plan.globals[i] < variables_.size()) variables_[plan.globals[i]] = value(plan.globals[i + 1]);
  }
}

Value PlanValues::value(plan::RoutineId routine) const {
  if (routine >= plan_.routines.size()) return Value::missing();
  return plan::evaluate(plan_, routine, plan::Environment{variables_, {}, {}, {}, {}, {}});
}

void PlanValues::assign(plan::VariableId variable, plan::RoutineId routine) {
  if (variable < variables_.size()) variables_[variable] = value(routine);
}

std::optional<Nanoseconds> PlanValues::duration(plan::RoutineId routine) const {
  const Value found = value(routine);
  if (found.kind() != plan::ValueKind::Duration) return std::nullopt;
  return std::clamp<Nanoseconds>(found.as_integer(), 0, kEver);
}

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

TimeRange time_of_block(const plan::Plan& plan, const PlanValues& values, plan::BlockId block) {
  return Clockwork(plan, values).block(block);
}

}  // namespace rollout::console
