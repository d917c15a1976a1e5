// A condition of a hold, or of a pause, that has to hold for longer than there is time.
#include <fmt/format.h>

#include <span>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

Diagnostic finding(const plan::HoldCondition& condition, Nanoseconds held, Nanoseconds most, const Location& primary,
                   const Location& limit, std::string_view what) {
  Diagnostic made;
  made.code = Code::HoldNeverMet;
  made.message = fmt::format("`{}` can never be met: the {} ends after {}", condition.text, what, text(most));
  made.primary = primary;
  made.primary_label = fmt::format("has to hold for {}", text(held));
  also(made, limit, "and has failed then");
  made.helps.push_back(fmt::format("ask for at most {}, or give the {} more time", text(most), what));
  return made;
}

void of_hold(const Timing& timing, const TimedRollout& rollout, const plan::Hold& hold, Findings& findings) {
  const auto place = timing.place(rollout.plan, hold.spot);
  const Most most = hold.most == plan::kNone ? std::nullopt : rollout.values.duration(hold.most);
  if (!place) return;
  const check::Step* step = timing.step_at(*place);
  const auto* source = step ? std::get_if<check::HoldStep>(&step->body) : nullptr;
  for (std::size_t index = 0; index < hold.until.size(); ++index) {
    const plan::HoldCondition& condition = hold.until[index];
    const Most held = rollout.values.duration(condition.for_duration);
    const bool known = source && index < source->until.size();
    const Location primary = known ? timing.expression(source->until[index].for_duration, *place) : *place;
    const Location limit = known ? timing.expression(source->most, *place) : Location{};
    const bool never = held && most && *held > *most;
    findings.use(primary,
                 never ? std::optional(finding(condition, *held, *most, primary, limit, "hold")) : std::nullopt);
  }
}

void of_pause(const Timing& timing, const TimedRollout& rollout, const plan::Response& response, Findings& findings) {
  const Most within = response.within == plan::kNone ? std::nullopt : rollout.values.duration(response.within);
  if (response.until >= rollout.plan.holds.size()) return;
  const plan::Hold& until = rollout.plan.holds[response.until];
  const auto place = timing.place(rollout.plan, until.spot);
  if (!place) return;
  for (const plan::HoldCondition& condition : until.until) {
    const Most held = rollout.values.duration(condition.for_duration);
    const bool never = held && within && *held > *within;
    findings.use(*place,
                 never ? std::optional(finding(condition, *held, *within, *place, Location{}, "pause")) : std::nullopt);
  }
}

}  // namespace

void hold_never_met(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    const plan::Plan& plan = rollout.plan;
    for (plan::BlockId id = 0; id < plan.blocks.size(); ++id) {
      if (!rollout.time(id).reached) continue;
      const plan::Block& block = plan.blocks[id];
      for (const plan::Instruction& one : std::span(plan.code).subspan(block.begin, block.end - block.begin)) {
        if (one.op == plan::Op::Hold) of_hold(timing, rollout, plan.holds[one.b], findings);
      }
    }
    for (const plan::Response& response : plan.responses) of_pause(timing, rollout, response, findings);
  }
  findings.report(sink);
}

}  // namespace rollout::lints
