#include "runtime/scenario/checks.hpp"

#include <algorithm>

#include "runtime/plan/evaluate.hpp"

namespace rollout::scenario {

namespace {

using plan::Op;

constexpr std::size_t kMostStatements = 10'000;

}  // namespace

// One evaluation: its variables, and how many statements it may still take.
struct Checks::Evaluation {
  const plan::Plan& plan;
  std::vector<Value> variables;
  const std::function<Value(plan::MetricId)>& sample;
  std::size_t left = kMostStatements;

  Value value(plan::RoutineId routine) const {
    plan::Environment environment;
    environment.variables = variables;
    environment.metric = sample;
    return plan::evaluate(plan, routine, environment);
  }

  std::optional<bool> run(plan::BlockId id) {
    const plan::Block& block = plan.blocks[id];
    std::optional<bool> verdict = true;
    for (std::uint32_t at = block.begin; at < block.end && left > 0; ++at, --left) {
      const plan::Instruction& instruction = plan.code[at];
      if (instruction.op == Op::End) return verdict;
      if (instruction.op == Op::Let && instruction.b < variables.size()) {
        variables[instruction.b] = value(instruction.c);
      } else if (instruction.op == Op::Jump) {
        at = instruction.b - 1;
      } else if (instruction.op == Op::JumpUnless) {
        const Value condition = value(instruction.c);
        if (condition.is_missing()) return std::nullopt;
        if (!condition.as_bool()) at = instruction.b - 1;
      } else if (instruction.op == Op::Require) {
        const Value condition = value(instruction.b);
        // One that certainly fails decides, whatever the unknown ones would say.
        if (condition.is_missing())
          verdict.reset();
        else if (!condition.as_bool())
          return false;
      } else if (instruction.op == Op::Run) {
        const auto inner = run(instruction.b);
        if (inner == false) return false;
        if (!inner) verdict.reset();
      } else {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }
};

Checks::Checks(const plan::Plan& plan, const Scenario& scenario) : plan_(plan) {
  variables_.resize(plan.variables.size());
  const auto computed = [&](plan::RoutineId routine) {
    plan::Environment environment;
    environment.variables = variables_;
    return routine == plan::kNone ? Value::missing() : plan::evaluate(plan, routine, environment);
  };
  for (const plan::Parameter& parameter : plan.parameters) {
    const auto given = std::find_if(scenario.parameters.begin(), scenario.parameters.end(),
                                    [&](const auto& one) { return one.first == parameter.name; });
    if (parameter.variable >= variables_.size()) continue;
    variables_[parameter.variable] =
        given != scenario.parameters.end() ? given->second : computed(parameter.default_value);
  }
  for (std::size_t i = 0; i + 1 < plan.globals.size(); i += 2)
    if (plan.globals[i] < variables_.size()) variables_[plan.globals[i]] = computed(plan.globals[i + 1]);
}

bool Checks::decided_by_signals(plan::BlockId check) const {
  return check < plan_.blocks.size() && !plan_.blocks[check].external;
}

std::optional<bool> Checks::passes(plan::BlockId check, const std::function<Value(plan::MetricId)>& sample) const {
  return Evaluation{plan_, variables_, sample}.run(check);
}

}  // namespace rollout::scenario
