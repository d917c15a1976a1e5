// A guard that needs more history than its block can give it.
#include <fmt/format.h>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

std::string needs_text(const plan::Guard& guard, const plan::GuardTime& time) {
  if (guard.of_m > 0) return fmt::format("{} samples, which take {}", guard.of_m, text(time.held));
  return fmt::format("{} of history", text(time.held));
}

Diagnostic finding(const Timing& timing, const TimedRollout& rollout, const plan::GuardTime& time,
                   const Location& place) {
  const plan::Guard& guard = rollout.plan.guards[time.guard];
  const Nanoseconds most = *rollout.time(time.scope).watched.most;
  const std::string scope = timing.scope_name(rollout, time.scope);
  const check::Guard* source = timing.guard_at(place);
  Diagnostic made;
  made.code = Code::GuardNeverFires;
  made.message =
      fmt::format("this guard needs {}, and {} lasts at most {}", needs_text(guard, time), scope, text(most));
  made.primary = source ? timing.expression(source->for_duration, timing.expression(source->of_n, place)) : place;
  made.primary_label = fmt::format("fires {} after the beginning at the earliest", text(time.earliest));
  also(made, timing.scope_place(rollout, time.scope), fmt::format("is over {} after it is entered", text(most)));
  if (time.warmup > 0)
    made.notes.push_back(fmt::format("the first {} are `warmup`: it does not watch then", text(time.warmup)));
  made.notes.push_back("it could only fire in a run that is paused there for long enough");
  made.helps.push_back(
      fmt::format("ask for less than {}, or put it into a block that lasts longer, as the rollout itself", text(most)));
  return made;
}

std::optional<Diagnostic> look(const Timing& timing, const TimedRollout& rollout, const plan::GuardTime& time,
                               const Location& place) {
  // What never watches, or for no time, is said of its block.
  const bool watches = !is_left_at_once(rollout, time.scope) &&
                       (time.warmup == 0 || time.warmup < rollout.time(time.scope).watched.most.value_or(0));
  return watches && never_fires(rollout, time) ? std::optional(finding(timing, rollout, time, place)) : std::nullopt;
}

}  // namespace

void guard_never_fires(const Timing& timing, diagnostics::Sink& sink) {
  report_guards(timing, sink, look);
}

}  // namespace rollout::lints
