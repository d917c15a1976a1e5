// A guard that would not even count as blind before its block is over: a metric without any data passes for health.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

// Whether the other block runs around the one of the guard: a stage, the rollout or one that runs it.
bool is_around(const TimedRollout& rollout, plan::BlockId other, plan::BlockId scope) {
  const plan::Block& block = rollout.plan.blocks[other];
  const plan::BlockTime& time = rollout.time(scope);
  if (other == scope) return false;
  if (block.kind == plan::BlockKind::Stage) return block.stage == time.stage;
  if (block.kind != plan::BlockKind::Rollout) return false;
  plan::RolloutId id = time.rollout;
  while (id > block.rollout) id = plan::rollout_row(rollout.plan, id).parent;
  return id == block.rollout;
}

// Whether a guard that watches longer sees the same metrics.
bool seen_around(const TimedRollout& rollout, const plan::GuardTime& guard) {
  const plan::Guard& row = rollout.plan.guards[guard.guard];
  return std::ranges::all_of(row.metrics, [&](plan::MetricId metric) {
    return std::ranges::any_of(rollout.bounds.guards, [&](const plan::GuardTime& other) {
      return is_around(rollout, other.scope, guard.scope) &&
             std::ranges::binary_search(rollout.plan.guards[other.guard].metrics, metric);
    });
  });
}

// `absent is` turns no data into a value.
bool absence_is_known(const TimedRollout& rollout, const plan::Guard& guard) {
  return std::ranges::any_of(guard.metrics,
                             [&](plan::MetricId metric) { return rollout.plan.metrics[metric].absent != plan::kNone; });
}

std::optional<Diagnostic> look(const Timing& timing, const TimedRollout& rollout, const plan::GuardTime& guard,
                               const Location& place) {
  const Most& most = rollout.time(guard.scope).watched.most;
  const bool late = guard.blind_after && most && guard.cadence && *guard.blind_after > *most && guard.warmup < *most &&
                    !never_fires(rollout, guard) && !is_left_at_once(rollout, guard.scope) &&
                    !seen_around(rollout, guard) && !absence_is_known(rollout, rollout.plan.guards[guard.guard]);
  if (!late) return std::nullopt;
  const std::string scope = timing.scope_name(rollout, guard.scope);
  Diagnostic made;
  made.code = Code::BlindTooLate;
  made.message = fmt::format("a metric without data would pass here: that is noticed after {}, and {} lasts at most {}",
                             text(*guard.blind_after), scope, text(*most));
  made.primary = place;
  made.primary_label = fmt::format("looks every {}", text(*guard.cadence));
  also(made, timing.scope_place(rollout, guard.scope), fmt::format("is over after {}", text(*most)));
  made.notes.push_back("a guard without data holds up its stage only when it counts as blind");
  made.helps.push_back("measure more often, or let the stage last longer");
  return made;
}

}  // namespace

void blind_too_late(const Timing& timing, diagnostics::Sink& sink) {
  report_guards(timing, sink, look);
}

}  // namespace rollout::lints
