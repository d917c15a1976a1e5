// `stale after D` that takes samples from before the block for fresh until the block is over.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

// The metric whose samples are taken for fresh longest; nothing where one of them is watched closely enough.
std::optional<std::pair<plan::MetricId, Nanoseconds>> stale_metric(const TimedRollout& rollout,
                                                                   const plan::Guard& guard, Nanoseconds most) {
  for (const plan::MetricId metric : guard.metrics) {
    const Most stale = rollout.values.duration(rollout.plan.metrics[metric].stale_after);
    if (stale && *stale > most) return std::pair(metric, *stale);
  }
  return std::nullopt;
}

std::optional<Diagnostic> look(const Timing& timing, const TimedRollout& rollout, const plan::GuardTime& guard,
                               const Location& place) {
  const Most& most = rollout.time(guard.scope).watched.most;
  const auto stale = most ? stale_metric(rollout, rollout.plan.guards[guard.guard], *most) : std::nullopt;
  if (!stale || is_left_at_once(rollout, guard.scope) || never_fires(rollout, guard)) return std::nullopt;
  const std::string scope = timing.scope_name(rollout, guard.scope);
  Diagnostic made;
  made.code = Code::StaleTooLate;
  made.message =
      fmt::format("this guard may judge {} by a sample from before it: {} old ones count, and it lasts at most {}",
                  scope, text(stale->second), text(*most));
  made.primary = place;
  const plan::Metric& metric = rollout.plan.metrics[stale->first];
  also(made, timing.place(rollout.plan, metric.spot), fmt::format("its samples count for {}", text(stale->second)));
  made.helps.push_back(fmt::format("write `stale after` with less than {}, or let the stage last longer", text(*most)));
  return made;
}

}  // namespace

void stale_too_late(const Timing& timing, diagnostics::Sink& sink) {
  report_guards(timing, sink, look);
}

}  // namespace rollout::lints
