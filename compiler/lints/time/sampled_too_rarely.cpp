// A `for` that the slots of its metrics round up to much more than it says.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

// From half as much again on, the `for` misleads.
bool misleads(Nanoseconds written, Nanoseconds real) {
  return real - written >= (written + 1) / 2;
}

// The metric that sets the pace of the guard; kNone where a `sample` does.
plan::MetricId pacing_metric(const TimedRollout& rollout, const plan::Guard& guard, Nanoseconds cadence) {
  const auto found = std::ranges::find_if(guard.metrics, [&](plan::MetricId metric) {
    return plan::metric_cadence(rollout.plan, rollout.values, metric) == cadence;
  });
  return found == guard.metrics.end() ? plan::kNone : *found;
}

Diagnostic finding(const Timing& timing, const TimedRollout& rollout, const plan::GuardTime& time,
                   const Location& place, Nanoseconds real) {
  const plan::Guard& guard = rollout.plan.guards[time.guard];
  const check::Guard* source = timing.guard_at(place);
  Diagnostic made;
  made.code = Code::SampledTooRarely;
  made.message = fmt::format("`for {}` means {} here: the condition is looked at every {}", text(time.held), text(real),
                             text(*time.cadence));
  made.primary = source ? timing.expression(source->for_duration, place) : place;
  made.primary_label = fmt::format("has held that long at the sample after {}", text(real));
  const plan::MetricId metric = pacing_metric(rollout, guard, *time.cadence);
  if (metric != plan::kNone) {
    also(made, timing.place(rollout.plan, rollout.plan.metrics[metric].spot),
         fmt::format("measured every {}", text(*time.cadence)));
  }
  made.helps.push_back(*time.cadence > time.held
                           ? fmt::format("measure at least every {}, or write `for {}`", text(time.held), text(real))
                           : fmt::format("write `for {}`, or measure so often that {} is a whole number of times",
                                         text(real), text(time.held)));
  return made;
}

std::optional<Diagnostic> look(const Timing& timing, const TimedRollout& rollout, const plan::GuardTime& time,
                               const Location& place) {
  const Nanoseconds real = time.earliest - time.warmup;
  const bool says = time.exact && time.cadence && rollout.plan.guards[time.guard].of_m == 0 && time.held > 0 &&
                    misleads(time.held, real) && !never_fires(rollout, time);
  return says ? std::optional(finding(timing, rollout, time, place, real)) : std::nullopt;
}

}  // namespace

void sampled_too_rarely(const Timing& timing, diagnostics::Sink& sink) {
  report_guards(timing, sink, look);
}

}  // namespace rollout::lints
