#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/machine/core.hpp"

// Metrics that the machine measures itself: checks (of a condition or a probe) and sources written in the language.
// Each metric has one task at a time, since its code keeps its values in variables; what comes meanwhile waits its
// turn. Slots gone by are asked for together where the source has a past.

namespace rollout::machine {

using plan::Metric;
using plan::MetricId;
using plan::MetricProvider;
using plan::ValueKind;

namespace {

Value label_of(const Metric& metric, const Value& raw) {
  for (std::size_t index = 0; index < metric.labels.size() && index < metric.label_values.size(); ++index) {
    if (metric.label_values[index].kind() == raw.kind() && metric.label_values[index] == raw)
      return Value::label(metric.labels[index], static_cast<std::int64_t>(index));
  }
  return Value::missing("it is none of the metric's labels");
}

// What a source returned as a value of the metric: a bare number counts in the metric's unit.
Value in_unit(const Metric& metric, const Value& raw) {
  if (raw.kind() == ValueKind::Number && std::isnan(raw.as_double())) return raw;
  if (metric.kind == ValueKind::Enum && raw.kind() != ValueKind::Enum) return label_of(metric, raw);
  if (raw.kind() == ValueKind::Number) return plan::quantity(metric.kind, raw.as_double() * metric.scale);
  return raw;
}

Reading reading_of(const Metric& metric, const Value& returned) {
  Reading reading;
  if (returned.is_missing()) {
    reading.status = ReadingStatus::Error;
    reading.error = returned.as_string().empty() ? "the source returned nothing"
                                                 : "what the source returns is unknown: " + returned.as_string();
    return reading;
  }
  Value value = in_unit(metric, returned);
  const bool is_nan = value.kind() == ValueKind::Number && std::isnan(value.as_double());
  if (value.kind() == metric.kind || is_nan) {
    reading.status = ReadingStatus::Value;
    reading.value = std::move(value);
    return reading;
  }
  reading.status = ReadingStatus::Error;
  reading.error =
      fmt::format("the source returned {}{}", plan::to_literal(returned),
                  metric.kind == ValueKind::Enum ? ", which is none of the metric's labels"
                                                 : fmt::format(", which is not {}", plan::kind_name(metric.kind)));
  return reading;
}

}  // namespace

bool Core::is_busy(MetricId metric) const {
  return std::ranges::any_of(state.tasks, [&](const auto& entry) {
    const Task& task = entry.second;
    return task.kind == TaskKind::MetricCheck && task.subject == metric && task.wait != Wait::Gone && !task.stop;
  });
}

// What is asked now would be the value of another slot.
bool Core::is_gone(MetricId metric, Nanoseconds slot) const {
  return later(slot, cadence(metric)) <= state.now;
}

void Core::queue_check(Wanted& wanted, Nanoseconds slot) {
  const Metric& metric = plan.metrics[wanted.metric];
  const bool unknown = metric.check == kNone || (metric.past == kNone && is_gone(wanted.metric, slot));
  wanted.queued = !unknown;
  wanted.answered = unknown;
  if (unknown) wanted.reading = Reading{wanted.metric, ReadingStatus::NoPast, {}, {}, {}};
}

// For each metric that nothing is asked for at the moment: its oldest slot, and with it the slots gone by that follow
// in even steps.
void Core::start_queued_checks() {
  if (state.scripted_world) return;
  std::vector<std::pair<MetricId, Nanoseconds>> queued;
  for (std::vector<SlotPoll>* polls : {&state.past, &state.slots, &state.inquiries}) {
    for (SlotPoll& poll : *polls) {
      for (Wanted& wanted : poll.wanted) {
        if (!wanted.queued || wanted.answered || poll.decided) continue;
        queue_check(wanted, poll.slot);
        if (wanted.queued) queued.emplace_back(wanted.metric, poll.slot);
      }
    }
  }
  std::ranges::sort(queued);
  const auto repeated = std::ranges::unique(queued);
  queued.erase(repeated.begin(), repeated.end());
  for (std::size_t at = 0; at < queued.size();) {
    const MetricId metric = queued[at].first;
    std::vector<Nanoseconds> slots{queued[at].second};
    bool together = is_gone(metric, slots.front());
    for (++at; at < queued.size() && queued[at].first == metric; ++at) {
      const Nanoseconds slot = queued[at].second;
      const bool even = slots.size() < 2 || between(slots.back(), slot) == between(slots[0], slots[1]);
      together = together && even && is_gone(metric, slot);
      if (together) slots.push_back(slot);
    }
    if (!is_busy(metric)) start_check(metric, std::move(slots));
  }
}

void Core::start_check(MetricId metric, std::vector<Nanoseconds> slots) {
  const Metric& row = plan.metrics[metric];
  const bool gone = is_gone(metric, slots.front());
  Task& task = new_task(TaskKind::MetricCheck, nullptr);
  const std::uint64_t id = task.id;
  task.subject = metric;
  if (gone) {
    task.first = slots.front();
    task.step = std::max<Nanoseconds>(1, slots.size() > 1 ? between(slots[0], slots[1]) : cadence(metric));
    const auto tell = [&](plan::VariableId variable, Value value) {
      if (variable < state.variables.size()) state.variables[variable] = std::move(value);
    };
    tell(row.past_from, Value::instant(slots.front()));
    tell(row.past_to, Value::instant(slots.back()));
    tell(row.past_step, Value::duration(task.step));
  }
  for (std::vector<SlotPoll>* polls : {&state.past, &state.slots, &state.inquiries}) {
    for (SlotPoll& poll : *polls) {
      if (!std::ranges::binary_search(slots, poll.slot)) continue;
      for (Wanted& wanted : poll.wanted) {
        if (wanted.metric != metric || !wanted.queued) continue;
        wanted.queued = false;
        wanted.task = id;
        wanted.due = std::max(wanted.due, later(state.now, answer_within(metric)));
      }
    }
  }
  enter(task, gone ? row.past : row.check);
}

// After a restart. What a source was asked for before may be a slot gone by: it is asked anew, of its past where it has
// one.
void Core::start_checks_again() {
  std::vector<std::uint64_t> dropped;
  for (auto& [id, task] : state.tasks) {
    const bool source = task.root == TaskKind::MetricCheck && task.subject < plan.metrics.size() &&
                        plan.metrics[task.subject].provider == MetricProvider::Source;
    if (!source || task.wait == Wait::Gone) continue;
    task.wait = Wait::Gone;
    dropped.push_back(id);
  }
  std::erase_if(state.effects,
                [&](const auto& entry) { return std::ranges::find(dropped, entry.second.task) != dropped.end(); });
  for (std::vector<SlotPoll>* polls : {&state.past, &state.slots, &state.inquiries}) {
    for (SlotPoll& poll : *polls) {
      for (Wanted& wanted : poll.wanted) {
        if (wanted.answered || std::ranges::find(dropped, wanted.task) == dropped.end()) continue;
        wanted.task = 0;
        wanted.queued = true;
      }
    }
  }
}

// The answer of a source's task for one of the slots that it was asked for.
Reading Core::source_reading(const Task& task, Nanoseconds slot, bool passed, const std::string& error) const {
  const Metric& metric = plan.metrics[task.subject];
  Reading reading;
  if (!passed) {
    reading.status = ReadingStatus::Error;
    reading.error = error;
  } else if (task.absent) {
    reading.status = ReadingStatus::NoData;
  } else if (task.step == 0) {
    reading = reading_of(metric, task.answer);
  } else if (task.answer.kind() != ValueKind::List) {
    reading =
        reading_of(metric, Value::missing(task.answer.is_missing() ? task.answer.as_string()
                                                                   : "it is no list of values, one for each slot"));
  } else {
    const auto& values = task.answer.as_list();
    const auto index = static_cast<std::size_t>(between(task.first, slot) / task.step);
    reading.status = ReadingStatus::NoData;
    if (index < values.size() && !values[index].is_missing()) reading = reading_of(metric, values[index]);
  }
  reading.metric = static_cast<MetricId>(task.subject);
  return reading;
}

}  // namespace rollout::machine
