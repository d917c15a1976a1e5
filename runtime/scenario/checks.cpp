#include "runtime/scenario/checks.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "runtime/machine/series.hpp"
#include "runtime/plan/evaluate.hpp"

namespace rollout::scenario {

namespace {

using plan::Op;

constexpr std::size_t kMostStatements = 10'000;
constexpr Nanoseconds kUsualCadence = 15LL * 1'000'000'000;
constexpr Nanoseconds kMostSamples = 5'760;

}  // namespace

// One evaluation: its variables, and how many statements it may still take.
struct Checks::Evaluation {
  const plan::Plan& plan;
  const Checks& checks;
  std::vector<Value> variables;
  Nanoseconds slot = 0;
  const Samples& samples;
  std::size_t left = kMostStatements;

  Value value(plan::RoutineId routine) const {
    plan::Environment environment;
    environment.variables = variables;
    environment.metric = [&](plan::MetricId metric) { return samples(metric, slot); };
    environment.window = [&](plan::MetricId metric, plan::Aggregate kind, Nanoseconds length) {
      return window(metric, {kind, length, 0});
    };
    environment.quantile = [&](plan::MetricId metric, double fraction, Nanoseconds length) {
      return window(metric, {plan::Aggregate::Quantile, length, fraction});
    };
    environment.baseline = [&](plan::MetricId metric) {
      const plan::RoutineId own = metric < plan.metrics.size() ? plan.metrics[metric].baseline : plan::kNone;
      return own == plan::kNone ? Value::missing("a check in a condition knows no baseline") : value(own);
    };
    return plan::evaluate(plan, routine, environment);
  }

  // As the machine computes it: unknown where the newest sample is; of a grouped metric, each series' own.
  Value window(plan::MetricId metric, const machine::WindowQuestion& question) const {
    const Value newest = samples(metric, slot);
    const bool counts = question.kind == plan::Aggregate::Count;
    const bool grouped = newest.kind() == plan::ValueKind::Map;
    if (newest.is_missing() && (!counts || !plan.metrics[metric].by.empty())) return newest;
    const Nanoseconds every = checks.cadence(metric);
    std::map<std::string, std::vector<machine::Sample>> known;
    const Nanoseconds count = std::min((question.length - 1) / every, kMostSamples);
    for (Nanoseconds back = count; back >= 0; --back) {
      const Nanoseconds at = slot - back * every;
      const Value sample = samples(metric, at);
      if (!grouped && !sample.is_missing()) known[{}].push_back({at, sample});
      for (const auto& [name, one] : sample.as_map()) {
        if (!one.is_missing()) known[name].push_back({at, one});
      }
    }
    if (!grouped) return machine::aggregate_samples(known[{}], question, slot, every);
    plan::Map result;
    for (const auto& [name, last] : newest.as_map()) {
      result.emplace_back(
          name, last.is_missing() && !counts ? last : machine::aggregate_samples(known[name], question, slot, every));
    }
    return Value::map(std::move(result));
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

Nanoseconds Checks::cadence(plan::MetricId metric) const {
  plan::Environment environment;
  environment.variables = variables_;
  const Value every = metric < plan_.metrics.size() && plan_.metrics[metric].every != plan::kNone
                          ? plan::evaluate(plan_, plan_.metrics[metric].every, environment)
                          : Value::missing();
  const bool given = every.kind() == plan::ValueKind::Duration && every.as_integer() > 0;
  return given ? every.as_integer() : kUsualCadence;
}

std::optional<bool> Checks::passes(plan::BlockId check, Nanoseconds slot, const Samples& samples) const {
  return Evaluation{plan_, *this, variables_, slot, samples}.run(check);
}

}  // namespace rollout::scenario
