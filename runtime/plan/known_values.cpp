#include "runtime/plan/known_values.hpp"

#include <algorithm>

#include "runtime/plan/evaluate.hpp"

namespace rollout::plan {

namespace {

// A `let` may read those before it; a plan from elsewhere may have them in any order.
constexpr int kMostPasses = 4;

// Answers of their own about what is missing: here nothing but the knowledge is.
bool asks_the_run(Op op) {
  switch (op) {
    case Op::MetricMissing:
    case Op::IsMissing:
    case Op::AnySeries:
    case Op::AllSeries:
    case Op::CountSeries:
    case Op::ShareSeries:
    case Op::WhichSeries: return true;
    default: return false;
  }
}

// How often each variable is written by something else than its declaration.
std::vector<std::uint32_t> writers_of(const Plan& plan) {
  std::vector<std::uint32_t> writers(plan.variables.size());
  const auto write = [&](VariableId variable) {
    if (variable < writers.size()) ++writers[variable];
  };
  for (const Instruction& instruction : plan.code) {
    if (instruction.op == Op::Let) write(instruction.b);
  }
  for (const Effect& effect : plan.effects) write(effect.result);
  for (const Block& block : plan.blocks) write(block.result);
  for (const Channel& channel : plan.channels) std::ranges::for_each(channel.copies, write);
  for (const Metric& metric : plan.metrics) {
    for (const VariableId variable : {metric.past_from, metric.past_to, metric.past_step}) write(variable);
  }
  return writers;
}

}  // namespace

KnownValues::KnownValues(const Plan& plan, const ParameterValues& given, Defaults defaults) : plan_(plan) {
  variables_.resize(plan.variables.size());
  for (const Parameter& parameter : plan.parameters) {
    if (parameter.variable >= variables_.size()) continue;
    const auto found = std::ranges::find(given, parameter.name, [](const auto& one) { return one.first; });
    if (found != given.end()) {
      variables_[parameter.variable] = found->second;
    } else if (defaults == Defaults::Assumed) {
      variables_[parameter.variable] = value(parameter.default_value);
    }
  }
  for (std::size_t i = 0; i + 1 < plan.globals.size(); i += 2) {
    if (plan.globals[i] < variables_.size()) variables_[plan.globals[i]] = value(plan.globals[i + 1]);
  }
  bind_lets();
}

// A variable that one `let` alone writes has that value wherever it is read.
void KnownValues::bind_lets() {
  std::vector<std::uint32_t> writers = writers_of(plan_);
  for (const Parameter& parameter : plan_.parameters) {
    if (parameter.variable < writers.size()) writers[parameter.variable] = 2;
  }
  bool changed = true;
  for (int pass = 0; pass < kMostPasses && changed; ++pass) {
    changed = false;
    for (const Instruction& instruction : plan_.code) {
      const bool alone = instruction.op == Op::Let && instruction.b < writers.size() && writers[instruction.b] == 1;
      if (!alone || !variables_[instruction.b].is_missing()) continue;
      variables_[instruction.b] = value(instruction.c);
      changed = changed || !variables_[instruction.b].is_missing();
    }
  }
}

Value KnownValues::value(RoutineId routine) const {
  if (routine >= plan_.routines.size()) return Value::missing();
  const Routine& row = plan_.routines[routine];
  for (std::uint32_t at = row.begin; at < row.end && at < plan_.code.size(); ++at) {
    if (asks_the_run(plan_.code[at].op)) return Value::missing("only the run knows");
  }
  return evaluate(plan_, routine, Environment{variables_, {}, {}, {}, {}, {}});
}

std::optional<bool> KnownValues::truth(RoutineId routine) const {
  const Value found = value(routine);
  return found.kind() == ValueKind::Bool ? std::optional(found.as_bool()) : std::nullopt;
}

std::optional<Nanoseconds> KnownValues::duration(RoutineId routine) const {
  const Value found = value(routine);
  if (found.kind() != ValueKind::Duration) return std::nullopt;
  return std::clamp<Nanoseconds>(found.as_integer(), 0, kLongestTime);
}

}  // namespace rollout::plan
