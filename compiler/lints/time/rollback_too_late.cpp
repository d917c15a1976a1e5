// A guard whose rollback can only come when `rollback expires` has passed.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

// How long after the moment from which `rollback expires` counts the stage is entered at the earliest.
Most after_anchor(const plan::Rollout& row, const plan::RolloutTime& time, plan::StageId stage) {
  const auto anchor = std::ranges::find(time.stages, row.expires_after_stage, &plan::StageTime::stage);
  const auto entered = std::ranges::find(time.stages, stage, &plan::StageTime::stage);
  if (anchor == time.stages.end() || entered <= anchor || entered == time.stages.end()) return std::nullopt;
  const Nanoseconds end = row.expires_at_end ? anchor->takes.least : 0;
  return std::max<Nanoseconds>(0, entered->entered - anchor->entered - end);
}

std::optional<Diagnostic> look(const Timing& timing, const TimedRollout& rollout, const plan::GuardTime& guard,
                               const Location& place) {
  const plan::Guard& row = rollout.plan.guards[guard.guard];
  if (row.response >= rollout.plan.responses.size()) return std::nullopt;
  const plan::OutcomeKind outcome = rollout.plan.responses[row.response].outcome;
  if (outcome != plan::OutcomeKind::Rollback && outcome != plan::OutcomeKind::RollbackTo) return std::nullopt;
  const plan::BlockTime& scope = rollout.time(guard.scope);
  const plan::Rollout& whose = plan::rollout_row(rollout.plan, scope.rollout);
  const Most expires = rollout.values.duration(whose.rollback_expires);
  const plan::RolloutTime& time = rollout.bounds.rollouts[scope.rollout];
  const Most after = scope.stage == plan::kNone ? std::nullopt : after_anchor(whose, time, scope.stage);
  if (!expires || !after || *after < *expires || time.repeats) return std::nullopt;
  const std::string stage = rollout.plan.stages[scope.stage].name;
  Diagnostic made;
  made.code = Code::RollbackTooLate;
  made.message = fmt::format(
      "this rollback always comes too late: it expires after {}, and the stage `{}` is entered {} after that began "
      "to count",
      text(*expires), stage, text(*after));
  made.primary = place;
  made.primary_label = "is answered by what follows `else` in `rollback expires`, or by a pause";
  const auto declared = timing.place(rollout.plan, whose.spot);
  const check::RolloutDecl* source = declared ? timing.rollout_at(*declared) : nullptr;
  if (source) also(made, timing.expression(source->rollback_expires, *declared), "too short for it");
  made.helps.push_back("let the rollback expire later, or answer here with what shall happen, as in `then pause`");
  return made;
}

}  // namespace

void rollback_too_late(const Timing& timing, diagnostics::Sink& sink) {
  report_guards(timing, sink, look);
}

}  // namespace rollout::lints
