// People may answer for longer than the window of the next stage is open.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

// A gate between the first stage and the last, with the stage that is entered next.
struct Between {
  plan::GateId gate = plan::kNone;
  plan::RolloutId rollout = 0;
  plan::StageId next = plan::kNone;
  Nanoseconds asked = 0;  // after the entry of the first stage, at the earliest
};

void find_gates(const plan::Plan& plan, const plan::Block& block, Between between, std::vector<Between>& found) {
  for (const plan::Instruction& one : std::span(plan.code).subspan(block.begin, block.end - block.begin)) {
    if (one.op != plan::Op::Gate) continue;
    between.gate = one.b;
    found.push_back(between);
  }
}

// Those in stages, and those that stand between two of them.
std::vector<Between> gates_between(const TimedRollout& rollout, plan::RolloutId id) {
  std::vector<Between> found;
  const plan::Plan& plan = rollout.plan;
  const std::vector<plan::StageTime>& stages = rollout.bounds.rollouts[id].stages;
  const plan::Block& body = plan.blocks[plan::rollout_row(plan, id).block];
  std::size_t passed = 0;
  for (const plan::Instruction& one : std::span(plan.code).subspan(body.begin, body.end - body.begin)) {
    if (passed > 0 && passed < stages.size() && one.op == plan::Op::Gate) {
      const plan::StageTime& before = stages[passed - 1];
      found.push_back({one.b, id, stages[passed].stage, before.entered + before.takes.least});
    }
    const bool stage = one.op == plan::Op::Run && plan.blocks[one.b].kind == plan::BlockKind::Stage;
    if (!stage) continue;
    if (passed + 1 < stages.size())
      find_gates(plan, plan.blocks[one.b], {plan::kNone, id, stages[passed + 1].stage, stages[passed].entered}, found);
    ++passed;
  }
  return found;
}

std::optional<Diagnostic> finding(const Timing& timing, const TimedRollout& rollout, const Between& between,
                                  const Location& place) {
  const plan::Plan& plan = rollout.plan;
  const Most within = rollout.values.duration(plan.gates[between.gate].within);
  const Most open = longest_opening(plan, between.rollout, between.next);
  if (!within || !open || between.asked >= *open) return std::nullopt;
  const Nanoseconds left = *open - between.asked;
  if (!exceeds(*within, left)) return std::nullopt;
  Diagnostic made;
  made.code = Code::AnswerAfterWindow;
  made.message = fmt::format("an answer may come after {}, and the window of the stage `{}` is closed after {} at most",
                             text(*within), plan.stages[between.next].name, text(left));
  made.primary = timing.gate_limit_place(place);
  also(made, timing.scope_place(rollout, plan.stages[between.next].block),
       "waits until the window opens again where the answer comes late");
  made.notes.push_back(
      fmt::format("the window is open for {} at a time; the question comes {} after the first stage at the earliest",
                  text(*open), text(between.asked)));
  made.helps.push_back(fmt::format("ask for an answer within less than {}, or ask before the first stage", text(left)));
  return made;
}

}  // namespace

void answer_after_window(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (plan::RolloutId id = 0; id < rollout.bounds.rollouts.size(); ++id) {
      for (const Between& between : gates_between(rollout, id)) {
        const auto place = timing.place(rollout.plan, rollout.plan.gates[between.gate].spot);
        if (place) findings.use(*place, finding(timing, rollout, between, *place));
      }
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
