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
constexpr Nanoseconds kMostSamples = 5'760;
constexpr Nanoseconds kSecond = 1'000'000'000;

}  // namespace

// One evaluation: its variables, and how many statements it may still take.
struct Checks::Evaluation {
  const Checks& checks;
  const plan::Plan& plan;
  std::vector<Value> variables;
  const CheckQuestion& question;
  std::size_t left = kMostStatements;

  // The metric's known samples in (end - length, end], at its cadence, by series; that of an ungrouped one is unnamed.
  std::map<std::string, std::vector<machine::Sample>> samples_of(plan::MetricId metric, Nanoseconds end,
                                                                 Nanoseconds length) const {
    std::map<std::string, std::vector<machine::Sample>> known;
    const Nanoseconds every = checks.cadence(metric);
    for (Nanoseconds back = std::min((length - 1) / every, kMostSamples); back >= 0; --back) {
      const Nanoseconds at = end - back * every;
      const Value sample = question.sample(metric, at);
      if (sample.kind() != plan::ValueKind::Map && !sample.is_missing()) known[{}].push_back({at, sample});
      for (const auto& [name, one] : sample.as_map()) {
        if (!one.is_missing()) known[name].push_back({at, one});
      }
    }
    return known;
  }

  Value baseline(plan::MetricId metric) const {
    const plan::RoutineId own = plan.metrics[metric].baseline;
    if (own != plan::kNone) return value(own);
    if (!question.start) return Value::missing("the run has not started");
    const Nanoseconds over = checks.duration_or(plan.rollout.baseline_over, 0);
    const Nanoseconds end = *question.start - checks.cadence(metric);
    return machine::aggregate_samples(samples_of(metric, end, over)[{}], {plan::Aggregate::Average, over, 0}, end, 0);
  }

  Value value(plan::RoutineId routine) const {
    plan::Environment environment;
    environment.variables = variables;
    environment.metric = [&](plan::MetricId metric) { return question.sample(metric, question.at); };
    environment.window = [&](plan::MetricId metric, plan::Aggregate kind, Nanoseconds length) {
      return window(metric, {kind, length, 0});
    };
    environment.quantile = [&](plan::MetricId metric, double fraction, Nanoseconds length) {
      return window(metric, {plan::Aggregate::Quantile, length, fraction});
    };
    environment.baseline = [&](plan::MetricId metric) { return baseline(metric); };
    return plan::evaluate(plan, routine, environment);
  }

  // As the machine computes it: unknown where the newest sample is; of a grouped metric, each series' own.
  Value window(plan::MetricId metric, const machine::WindowQuestion& asked) const {
    Value newest = question.sample(metric, question.at);
    const bool counts = asked.kind == plan::Aggregate::Count;
    if (newest.is_missing() && (!counts || !plan.metrics[metric].by.empty())) return newest;
    auto known = samples_of(metric, question.at, asked.length);
    const Nanoseconds every = checks.cadence(metric);
    if (newest.kind() != plan::ValueKind::Map) return aggregate_samples(known[{}], asked, question.at, every);
    plan::Map result;
    for (const auto& [name, last] : newest.as_map()) {
      const bool unknown = last.is_missing() && !counts;
      result.emplace_back(name, unknown ? last : aggregate_samples(known[name], asked, question.at, every));
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
