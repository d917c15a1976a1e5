#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/machine/series.hpp"

// Computing with the plan's routines: where their inputs come from.

namespace rollout::machine {

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kDefaultCadence = 15 * kSecond;
// A plan from elsewhere may ask for a poll each nanosecond.
constexpr Nanoseconds kShortestCadence = kSecond / 100;

}  // namespace

// The functions of an environment hold one pointer each, so that none of them needs memory of its own.
plan::Environment Core::environment(const Sight& sight) const {
  const Sight* at = &sight;
  plan::Environment result;
  result.variables = state.variables;
  result.metric = [at](plan::MetricId metric) {
    return at->in_slot ? at->core->slot_sample(metric) : at->core->newest_sample(metric, at->task);
  };
  result.window = [at](plan::MetricId metric, plan::Aggregate kind, Nanoseconds window) {
    // A window ends with the newest sample: where that is unknown, so is the window, whatever was known before.
    const bool unseen = at->in_slot && kind != plan::Aggregate::Count && at->core->slot_sample(metric).is_missing();
    return unseen ? at->core->slot_sample(metric) : at->core->aggregate(metric, kind, window, at->slot);
  };
  result.quantile = [at](plan::MetricId metric, double fraction, Nanoseconds window) {
    if (metric >= at->core->state.metrics.size()) return Value{};
    if (at->in_slot && at->core->slot_sample(metric).is_missing()) return at->core->slot_sample(metric);
    return quantile_of_samples(at->core->state.metrics[metric].samples, fraction, window, at->slot);
  };
  result.baseline = [at](plan::MetricId metric) {
    const auto& metrics = at->core->plan.metrics;
    const RoutineId own = metric < metrics.size() ? metrics[metric].baseline : kNone;
    if (own != kNone) return at->core->compute(own, at->task);
    return metric < metrics.size() ? at->core->state.metrics[metric].baseline : Value{};
  };
  result.context = [at](plan::ContextValue value) {
    if (at->in_slot && value == plan::ContextValue::Now) return Value::instant(at->slot);
    return at->core->context_value(value, at->task);
  };
  return result;
}

Value Core::compute(RoutineId routine, const Task* task) const {
  if (routine >= plan.routines.size()) return {};
  const Sight sight{this, task, state.now, false};
  return plan::evaluate(plan, routine, environment(sight));
}

// With the samples of the slot that is being decided, see decide_slot.
Value Core::compute_in_slot(RoutineId routine) const {
  return routine < plan.routines.size() ? plan::evaluate(plan, routine, slot_environment) : Value{};
}

Nanoseconds Core::duration_or(RoutineId routine, const Task* task, Nanoseconds otherwise) const {
  if (routine == kNone) return otherwise;
  const Value value = compute(routine, task);
  return value.kind() == plan::ValueKind::Duration ? value.as_integer() : otherwise;
}

std::string Core::text_of(RoutineId routine, const Task* task) const {
  if (routine >= plan.routines.size()) return {};
  const Sight sight{this, task, state.now, false};
  plan::Environment told = environment(sight);
  told.tells_missing = true;
  return plan::to_text(plan::evaluate(plan, routine, told));
}

std::vector<std::pair<std::string, Value>> Core::arguments_of(const std::vector<plan::Argument>& arguments,
                                                              const Task* task) const {
  std::vector<std::pair<std::string, Value>> result;
  result.reserve(arguments.size());
  for (const plan::Argument& argument : arguments) result.emplace_back(argument.name, compute(argument.value, task));
  return result;
}

Value Core::context_value(plan::ContextValue value, const Task* task) const {
  static constexpr const char* kSeverities[] = {"info", "warning", "critical"};
  switch (value) {
    case plan::ContextValue::Reason: return Value::string(task && !task->reason.empty() ? task->reason : state.reason);
    case plan::ContextValue::StageName:
      return Value::string(state.stage < plan.stages.size() ? plan.stages[state.stage].name : std::string{});
    case plan::ContextValue::RunId: return Value::string(state.run_id);
    case plan::ContextValue::Text: return task ? Value::string(task->text) : Value{};
    case plan::ContextValue::Severity:
      return task ? Value::string(kSeverities[std::min<std::size_t>(task->severity, 2)]) : Value{};
    case plan::ContextValue::Now: return Value::instant(state.now);
    case plan::ContextValue::Share: break;
  }
  if (task) {
    for (auto frame = task->frames.rbegin(); frame != task->frames.rend(); ++frame) {
      if (!frame->share.is_missing()) return frame->share;
    }
  }
  return Value::missing("no traffic is being moved");
}

Value Core::newest_sample(plan::MetricId metric, const Task* task) const {
  if (metric >= state.metrics.size()) return {};
  for (const SlotPoll& poll : state.inquiries) {
    if (!task || poll.task != task->id || !poll.decided) continue;
    for (const Wanted& wanted : poll.wanted) {
      if (wanted.metric == metric) return wanted.value;
    }
  }
  const MetricState& known = state.metrics[metric];
  if (!known.decided) return Value::missing("it was not asked for yet");
  if (between(known.slot, state.now) > stale_after(metric)) return Value::missing("the newest sample is too old");
  return known.value;
}

Value Core::slot_sample(plan::MetricId metric) const {
  if (metric < slot_values.size() && slot_values[metric]) return *slot_values[metric];
  return Value::missing("it was not asked for in this slot");
}

Value Core::aggregate(plan::MetricId metric, plan::Aggregate kind, Nanoseconds window, Nanoseconds slot) const {
  if (metric >= state.metrics.size()) return {};
  return aggregate_samples(state.metrics[metric].samples, kind, window, slot);
}

std::vector<plan::MetricId> Core::metrics_of(RoutineId routine) const {
  std::vector<plan::MetricId> result;
  if (routine >= plan.routines.size()) return result;
  for (std::uint32_t place = plan.routines[routine].begin; place < plan.routines[routine].end; ++place) {
    const plan::Instruction& instruction = plan.code[place];
    const bool reads = instruction.op == plan::Op::Metric || instruction.op == plan::Op::MetricMissing ||
                       instruction.op == plan::Op::Window;
    if (reads) result.push_back(instruction.b);
  }
  std::ranges::sort(result);
  const auto repeated = std::ranges::unique(result);
  result.erase(repeated.begin(), repeated.end());
  return result;
}

// The times of a metric, once for the whole run.
void Core::fix_metric_times() {
  for (plan::MetricId metric = 0; metric < plan.metrics.size(); ++metric) {
    const plan::Metric& row = plan.metrics[metric];
    MetricState& times = state.metrics[metric];
    times.every = std::max(kShortestCadence, duration_or(row.every, nullptr, kDefaultCadence));
    const Nanoseconds usual = std::max(later(times.every, later(times.every, times.every)), 60 * kSecond);
    times.stale_after = duration_or(row.stale_after, nullptr, usual);
    times.over = duration_or(row.over, nullptr, times.every);
    // A little less than the cadence: between two slots of a source that hangs, everything is decided for a moment.
    times.answer_within = std::max(kSecond, times.every - times.every / 64);
    for (const plan::Argument& argument : row.configuration) {
      if (argument.name != "timeout") continue;
      times.answer_within = std::max(kSecond, duration_or(argument.value, nullptr, times.answer_within));
    }
  }
}

Nanoseconds Core::cadence(plan::MetricId metric) const {
  return metric < state.metrics.size() ? state.metrics[metric].every : kDefaultCadence;
}

Nanoseconds Core::cadence(const std::vector<plan::MetricId>& metrics) const {
  Nanoseconds shortest = kNever;
  for (const plan::MetricId metric : metrics) shortest = std::min(shortest, cadence(metric));
  return shortest == kNever ? kDefaultCadence : shortest;
}

Nanoseconds Core::stale_after(plan::MetricId metric) const {
  return metric < state.metrics.size() ? state.metrics[metric].stale_after : kDefaultCadence;
}

}  // namespace rollout::machine
