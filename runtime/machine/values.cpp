#include <algorithm>
#include <span>

#include "runtime/machine/core.hpp"
#include "runtime/machine/series.hpp"
#include "runtime/plan/series.hpp"

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
  result.metric = [at](plan::MetricId metric) { return at->core->sample_at(*at, metric); };
  result.window = [at](plan::MetricId metric, plan::Aggregate kind, Nanoseconds length) {
    return at->core->aggregate(*at, metric, {kind, length, 0});
  };
  result.quantile = [at](plan::MetricId metric, double fraction, Nanoseconds length) {
    return at->core->aggregate(*at, metric, {plan::Aggregate::Quantile, length, fraction});
  };
  result.baseline = [at](plan::MetricId metric) {
    const auto& metrics = at->core->plan.metrics;
    const RoutineId own = metric < metrics.size() ? metrics[metric].baseline : kNone;
    if (own != kNone) return at->core->compute(own, at->task);
    return metric < metrics.size() ? at->core->baseline_of(metric, at->rollout) : Value{};
  };
  result.context = [at](plan::ContextValue value) {
    if (at->in_slot && value == plan::ContextValue::Now) return Value::instant(at->slot);
    return at->core->context_value(value, at->task);
  };
  return result;
}

Value Core::compute(RoutineId routine, const Task* task) const {
  if (routine >= plan.routines.size()) return {};
  const Sight sight{this, task, state.now, false, task ? rollout_of(*task) : acting};
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
    case plan::ContextValue::StageName: {
      // As the rollout itself calls it, whoever runs it.
      const RolloutId id = task ? rollout_of(*task) : acting;
      const plan::StageId stage = state.rollouts[id].stage;
      if (stage >= plan.stages.size()) return Value::string("");
      const std::string& name = plan.stages[stage].name;
      const std::string& path = row(id).path;
      return Value::string(!path.empty() && name.starts_with(path + ".") ? name.substr(path.size() + 1) : name);
    }
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

Value Core::sample_at(const Sight& sight, plan::MetricId metric) const {
  return sight.in_slot ? slot_sample(metric) : newest_sample(metric, sight.task);
}

// A window ends with the newest sample: where that is unknown, so is the window, whatever was known before. How many
// samples are known is always known.
Value Core::aggregate(const Sight& sight, plan::MetricId metric, const WindowQuestion& question) const {
  if (metric >= state.metrics.size()) return {};
  const MetricState& known = state.metrics[metric];
  Value newest = sample_at(sight, metric);
  const bool counts = question.kind == plan::Aggregate::Count;
  const auto window = [&](const Value& last, const std::vector<Sample>& samples) {
    if (last.is_missing() && !counts) return last;
    return aggregate_samples(samples, question, sight.slot, cadence(metric));
  };
  if (!is_grouped(metric)) return window(newest, known.samples);
  if (newest.is_missing()) return newest;
  static const std::vector<Sample> kNoSamples;
  plan::Map result;
  for (const auto& [name, value] : newest.as_map()) {
    const auto series = std::ranges::find(known.series, name, &SeriesState::name);
    result.emplace_back(name, window(value, series == known.series.end() ? kNoSamples : series->samples));
  }
  return Value::map(std::move(result));
}

std::vector<plan::MetricId> Core::metrics_of(RoutineId routine) const {
  return plan::metrics_read(plan, routine);
}

// A window whose length is a parameter or a `let` of a module reaches as far as that says.
void Core::fix_look_back() {
  plan::Environment probe;
  probe.variables = state.variables;
  probe.metric = [&](plan::MetricId metric) {
    // One series of a grouped metric, so that its conditions are gone through.
    return is_grouped(metric) ? Value::map({{"series", Value::missing()}}) : Value::missing();
  };
  const auto reaches = [&](plan::MetricId metric, Nanoseconds length) {
    if (metric < look_back.size()) look_back[metric] = std::max(look_back[metric], length);
    return Value::missing();
  };
  probe.window = [&](plan::MetricId metric, plan::Aggregate, Nanoseconds length) { return reaches(metric, length); };
  probe.quantile = [&](plan::MetricId metric, double, Nanoseconds length) { return reaches(metric, length); };
  for (RoutineId id = 0; id < plan.routines.size(); ++id) {
    const plan::Routine& routine = plan.routines[id];
    const auto looks_back = [&](const plan::Instruction& one) {
      return one.op == plan::Op::Window || plan::is_fold(one.op);
    };
    const auto code = std::span(plan.code).subspan(routine.begin, routine.end - routine.begin);
    if (std::ranges::any_of(code, looks_back)) plan::evaluate(plan, id, probe);
  }
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

// The shortest interval in force of those that watch it; its own where none does.
Nanoseconds Core::cadence(plan::MetricId metric) const {
  if (metric >= state.metrics.size()) return kDefaultCadence;
  const Nanoseconds own = state.metrics[metric].every;
  if (!samples_by_age) return own;
  Nanoseconds shortest = kNever;
  for (const auto& [id, scope] : state.scopes) {
    for (const GuardRun& run : scope.guards) {
      if (std::ranges::binary_search(plan.guards[run.guard].metrics, metric))
        shortest = std::min(shortest, run.interval);
    }
  }
  for (const auto& [id, run] : state.holds) {
    for (const plan::HoldCondition& condition : plan.holds[run.hold].until) {
      if (std::ranges::binary_search(condition.metrics, metric)) shortest = std::min(shortest, hold_interval(run));
    }
  }
  return shortest == kNever ? own : shortest;
}

// The shortest of the metrics' own.
Nanoseconds Core::cadence(const std::vector<plan::MetricId>& metrics) const {
  Nanoseconds shortest = kNever;
  for (const plan::MetricId metric : metrics) {
    if (metric < state.metrics.size()) shortest = std::min(shortest, state.metrics[metric].every);
  }
  return shortest == kNever ? kDefaultCadence : shortest;
}

// Less where slots are closer than the metric's own.
Nanoseconds Core::answer_within(plan::MetricId metric) const {
  const Nanoseconds usual = state.metrics[metric].answer_within;
  if (!samples_by_age) return usual;
  const Nanoseconds every = cadence(metric);
  return std::min(usual, std::max(kSecond, every - every / 64));
}

// As the author said, or three intervals of those that are in force.
Nanoseconds Core::stale_after(plan::MetricId metric) const {
  if (metric >= state.metrics.size()) return kDefaultCadence;
  if (!samples_by_age || plan.metrics[metric].stale_after != kNone) return state.metrics[metric].stale_after;
  const Nanoseconds every = cadence(metric);
  return std::max(later(every, later(every, every)), 60 * kSecond);
}

}  // namespace rollout::machine
