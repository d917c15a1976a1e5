#include "runtime/machine/create.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/plan/format.hpp"

// A new run: its parameters and the values that its modules compute once.

namespace rollout::machine {

using plan::Parameter;
using plan::ValueKind;

namespace {

constexpr std::size_t kLongestMatched = 4096;
constexpr Nanoseconds kHour = Nanoseconds{3600} * 1'000'000'000;

// How far back each metric's windows reach. A window whose length only the run can know is taken as an hour.
std::vector<Nanoseconds> look_backs(const Plan& plan) {
  std::vector<Nanoseconds> result(plan.metrics.size(), 0);
  for (std::size_t place = 0; place < plan.code.size(); ++place) {
    const plan::Instruction& instruction = plan.code[place];
    if (instruction.op != plan::Op::Window || instruction.b >= result.size()) continue;
    Nanoseconds reach = kHour;
    if (place > 0 && plan.code[place - 1].op == plan::Op::Constant && plan.code[place - 1].b < plan.constants.size()) {
      const Value& length = plan.constants[plan.code[place - 1].b];
      if (length.kind() == ValueKind::Duration) reach = length.as_integer();
    }
    result[instruction.b] = std::max(result[instruction.b], reach);
  }
  return result;
}

std::vector<bool> baselines(const Plan& plan) {
  std::vector<bool> result(plan.metrics.size(), false);
  for (const plan::Instruction& instruction : plan.code) {
    if (instruction.op == plan::Op::Baseline && instruction.b < result.size()) result[instruction.b] = true;
  }
  return result;
}

std::string misfit(const Parameter& parameter, const Value& value) {
  if (value.kind() != parameter.kind) {
    return fmt::format("the parameter `{}` is {}, not {}", parameter.name, plan::kind_name(parameter.kind),
                       plan::kind_name(value.kind()));
  }
  if (parameter.kind == ValueKind::Enum) {
    const bool known = std::ranges::find(parameter.labels, value.as_string()) != parameter.labels.end();
    return known ? ""
                 : fmt::format("the parameter `{}` has no value `{}`; possible: {}", parameter.name, value.as_string(),
                               fmt::join(parameter.labels, ", "));
  }
  if (parameter.pattern.empty() || parameter.kind != ValueKind::String) return {};
  if (value.as_string().size() > kLongestMatched) {
    return fmt::format("the parameter `{}` is longer than {} bytes", parameter.name, kLongestMatched);
  }
  const Value texts[] = {value, Value::string(parameter.pattern)};
  const Value matches = plan::call_builtin(plan::Builtin::Matches, texts);
  if (matches.as_bool()) return {};
  if (matches.is_missing()) {
    return fmt::format("the pattern of the parameter `{}` cannot be used: {}", parameter.name, matches.as_string());
  }
  return fmt::format("the parameter `{}` is \"{}\", which does not match \"{}\"", parameter.name, value.as_string(),
                     parameter.pattern);
}

std::string bind_parameter(Core& core, const Parameter& parameter, const RunOptions& options) {
  const auto given =
      std::ranges::find(options.parameters, parameter.name, [](const auto& entry) { return entry.first; });
  if (parameter.variable >= core.state.variables.size()) return {};
  Value& variable = core.state.variables[parameter.variable];
  if (given == options.parameters.end()) {
    if (parameter.default_value == kNone)
      return fmt::format("the parameter `{}` is missing: give it with `--set {}=...`", parameter.name, parameter.name);
    variable = core.compute(parameter.default_value, nullptr);
    core.state.parameters.emplace_back(parameter.name, variable);
    return {};
  }
  Value value = given->second;
  if (parameter.kind == ValueKind::Enum && value.kind() == ValueKind::String) {
    const auto label = std::ranges::find(parameter.labels, value.as_string());
    if (label != parameter.labels.end()) value = Value::label(*label, label - parameter.labels.begin());
  }
  const std::string problem = misfit(parameter, value);
  if (problem.empty()) {
    variable = value;
    core.state.parameters.emplace_back(parameter.name, variable);
  }
  return problem;
}

// Why the run cannot start when it is planned to, or windows cannot be told at all.
std::string misplanned(const Core& core) {
  const State& state = core.state;
  for (const std::string& zone : plan::zones_of(core.plan)) {
    if (std::ranges::find(state.zones, zone, &plan::Zone::name) == state.zones.end())
      return fmt::format("the rules of the time zone \"{}\" are missing", zone);
  }
  const plan::StageId first = core.plan.rollout.stages.empty() ? kNone : core.plan.rollout.stages.front();
  const Nanoseconds opening = core.opening_of(0, first);
  if (opening == kNever) return "no window of this rollout opens any more: its freezes and windows leave no instant";
  if (!state.start_at) return {};
  const std::string planned = plan::instant_text(*state.start_at);
  if (*state.start_at < state.created) {
    return fmt::format("the start is planned for {}, which has passed: it is {}", planned,
                       plan::instant_text(state.created));
  }
  if (opening != *state.start_at) {
    return fmt::format("the start is planned for {}, when the rollout may not start; it may from {} on", planned,
                       plan::instant_text(opening));
  }
  for (const plan::Schedule& schedule : core.plan.rollout.schedules) {
    const Nanoseconds offset = core.duration_or(schedule.offset, nullptr, 0);
    if (schedule.anchor != plan::Anchor::Start || offset >= 0) continue;
    const Nanoseconds due = later(*state.start_at, offset);
    if (due >= state.created) continue;
    return fmt::format("with the start at {}, `{}` would have to run at {}, which has passed; plan it for {} or later",
                       planned, schedule.text, plan::instant_text(due),
                       plan::instant_text(later(state.created, -offset)));
  }
  return {};
}

}  // namespace

Core::Core(std::shared_ptr<const plan::VerifiedPlan> verified)
    : owner(std::move(verified)),
      plan(**owner),
      plan_id(plan::plan_id(plan)),
      takes_baseline(baselines(plan)),
      look_back(look_backs(plan)),
      samples_by_age(std::ranges::any_of(plan.blocks, [](const auto& block) { return !block.sampling.empty(); })) {
  state.rollouts.resize(plan::rollout_count(plan));
}

std::string start_run(Core& core, RunOptions options, Nanoseconds created) {
  State& state = core.state;
  state.run_id = std::move(options.run_id);
  state.scripted_world = options.scripted_world;
  state.created = state.now = created;
  state.variables.assign(core.plan.variables.size(), {});
  state.metrics.assign(core.plan.metrics.size(), {});
  for (const auto& [name, value] : options.parameters) {
    const bool known = std::ranges::find(core.plan.parameters, name, &Parameter::name) != core.plan.parameters.end();
    if (!known) return fmt::format("the plan has no parameter `{}`", name);
  }
  for (const Parameter& parameter : core.plan.parameters) {
    const std::string problem = bind_parameter(core, parameter, options);
    if (!problem.empty()) return problem;
  }
  for (std::size_t index = 0; index + 1 < core.plan.globals.size(); index += 2) {
    const plan::Id variable = core.plan.globals[index];
    if (variable < state.variables.size())
      state.variables[variable] = core.compute(core.plan.globals[index + 1], nullptr);
  }
  core.fix_metric_times();
  core.fix_look_back();
  state.zones = std::move(options.zones);
  state.start_at = options.start_at;
  return misplanned(core);
}

}  // namespace rollout::machine
