// `at start - D` whose steps are not over, or whose questions are still open, when the rollout starts; and repetitions
// that never come.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

// The longest time that people have for an answer in the block itself.
Nanoseconds longest_answer(const TimedRollout& rollout, const plan::Block& block) {
  Nanoseconds longest = 0;
  const auto code = std::span(rollout.plan.code).subspan(block.begin, block.end - block.begin);
  for (const plan::Instruction& one : code) {
    if (one.op != plan::Op::Gate) continue;
    const plan::RoutineId within = rollout.plan.gates[one.b].within;
    longest = std::max(longest, rollout.values.duration(within).value_or(0));
  }
  return longest;
}

struct Problem {
  std::string message, help;
  bool repeats = false;  // what is wrong is its `every`
};

std::optional<Problem> before_start(const TimedRollout& rollout, const plan::Schedule& schedule, Nanoseconds least) {
  const plan::Value offset = rollout.values.value(schedule.offset);
  const bool before =
      schedule.anchor == plan::Anchor::Start && offset.kind() == plan::ValueKind::Duration && offset.as_integer() < 0;
  if (!before) return std::nullopt;
  const Nanoseconds ahead = -offset.as_integer();
  const std::string help = "plan it earlier, or let it take less time: the rollout does not wait for it";
  if (least > ahead)
    return Problem{
        fmt::format("this takes at least {}, and the rollout starts {} after it has begun", text(least), text(ahead)),
        help};
  const Nanoseconds answer = longest_answer(rollout, rollout.plan.blocks[schedule.block]);
  if (answer <= ahead) return std::nullopt;
  return Problem{fmt::format("people may answer for {}, and the rollout starts {} after they are asked", text(answer),
                             text(ahead)),
                 help};
}

std::optional<Problem> problem(const TimedRollout& rollout, const plan::Schedule& schedule) {
  const Nanoseconds least = rollout.time(schedule.block).takes.least;
  if (auto found = before_start(rollout, schedule, least)) return found;
  const Most every = rollout.values.duration(schedule.every), lasts = rollout.values.duration(schedule.for_duration);
  if (every && lasts && *lasts < *every)
    return Problem{
        fmt::format("this is done once only: it is due again after {}, and ends after {}", text(*every), text(*lasts)),
        "repeat it more often, or for longer", true};
  if (every && least > *every)
    return Problem{fmt::format("this takes at least {}, and is due again after {}", text(least), text(*every)),
                   "repeat it less often, or let it take less time", true};
  return std::nullopt;
}

// The declaration whose block stands there.
const check::ScheduleDecl* declaration_at(const check::CheckedModule& module, const Location& block) {
  for (const check::RolloutDecl& rollout : module.rollouts) {
    for (const check::ScheduleDecl& schedule : rollout.schedules) {
      const Location& at = module.blocks[schedule.body].location;
      if (at.file == block.file && at.span == block.span) return &schedule;
    }
  }
  return nullptr;
}

}  // namespace

void schedule_too_late(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (plan::RolloutId id = 0; id < plan::rollout_count(rollout.plan); ++id) {
      for (const plan::Schedule& schedule : plan::rollout_row(rollout.plan, id).schedules) {
        const auto place = timing.place(rollout.plan, rollout.plan.blocks[schedule.block].spot);
        if (!place) continue;
        const std::optional<Problem> found = problem(rollout, schedule);
        if (!found) {
          findings.use(*place, std::nullopt);
          continue;
        }
        const check::ScheduleDecl* declared = declaration_at(timing.module(), *place);
        Diagnostic made;
        made.code = Code::ScheduleTooLate;
        made.message = found->message;
        made.primary =
            declared ? timing.expression(found->repeats ? declared->every : declared->offset, *place) : *place;
        made.helps.push_back(found->help);
        findings.use(*place, std::move(made));
      }
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
