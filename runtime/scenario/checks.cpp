#include "runtime/scenario/checks.hpp"

#include <algorithm>

#include "runtime/machine/series.hpp"
#include "runtime/plan/evaluate.hpp"

namespace rollout::scenario {

namespace {

using plan::Op;

constexpr std::size_t kMostStatements = 10'000;
constexpr std::size_t kMostSamples = 20'000;
constexpr Nanoseconds kSecond = 1'000'000'000;

}  // namespace

// One evaluation: its variables, and how many statements it may still take.
struct Checks::Evaluation {
  const Checks& checks;
  const plan::Plan& plan;
  std::vector<Value> variables;
  const CheckQuestion& question;
  std::size_t left = kMostStatements;

  // The metric's known samples in (end - reach, end], at its cadence.
  std::vector<machine::Sample> series(plan::MetricId metric, Nanoseconds end, Nanoseconds reach) const {
    std::vector<machine::Sample> samples;
    const Nanoseconds step = std::max(checks.cadence(metric), reach / static_cast<Nanoseconds>(kMostSamples));
    for (Nanoseconds back = 0; back < reach; back += step) {
      Value value = question.sample(metric, end - back);
      if (!value.is_missing()) samples.push_back({end - back, std::move(value)});
    }
    std::reverse(samples.begin(), samples.end());
    return samples;
  }

  Value baseline(plan::MetricId metric) const {
    const plan::RoutineId own = plan.metrics[metric].baseline;
    if (own != plan::kNone) return value(own);
    if (!question.start) return Value::missing("the run has not started");
    const Nanoseconds over = checks.duration_or(plan.rollout.baseline_over, 0);
    const Nanoseconds end = *question.start - checks.cadence(metric);
    return machine::aggregate_samples(series(metric, end, over), plan::Aggregate::Average, over, end);
  }

  Value value(plan::RoutineId routine) const {
    plan::Environment environment;
    environment.variables = variables;
    environment.metric = [&](plan::MetricId metric) { return question.sample(metric, question.at); };
    environment.window = [&](plan::MetricId metric, plan::Aggregate kind, Nanoseconds window) {
      return machine::aggregate_samples(series(metric, question.at, window), kind, window, question.at);
    };
    environment.quantile = [&](plan::MetricId metric, double fraction, Nanoseconds window) {
      return machine::quantile_of_samples(series(metric, question.at, window), fraction, window, question.at);
    };
    environment.baseline = [&](plan::MetricId metric) { return baseline(metric); };
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

std::optional<bool> Checks::passes(const CheckQuestion& question) const {
  return Evaluation{*this, plan_, variables_, question}.run(question.check);
}

Nanoseconds Checks::duration_or(plan::RoutineId routine, Nanoseconds otherwise) const {
  if (routine == plan::kNone) return otherwise;
  plan::Environment environment;
  environment.variables = variables_;
  const Value value = plan::evaluate(plan_, routine, environment);
  return value.kind() == plan::ValueKind::Duration ? value.as_integer() : otherwise;
}

Nanoseconds Checks::cadence(plan::MetricId metric) const {
  return std::max(kSecond / 100, duration_or(plan_.metrics[metric].every, 15 * kSecond));
}

Nanoseconds Checks::stale_after(plan::MetricId metric) const {
  return duration_or(plan_.metrics[metric].stale_after, std::max(3 * cadence(metric), 60 * kSecond));
}

}  // namespace rollout::scenario
