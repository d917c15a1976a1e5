// A time limit of a step that is longer than what it stands in may take.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

struct Around {
  Nanoseconds limit = plan::kLongestTime;
  plan::BlockId block = plan::kNone;  // whose it is
};

class Walk {
 public:
  Walk(const Timing& timing, const TimedRollout& rollout, Findings& findings)
      : timing_(timing), rollout_(rollout), findings_(findings) {}

  void block(plan::BlockId id, Around around) {
    const plan::Plan& plan = rollout_.plan;
    const plan::Block& row = plan.blocks[id];
    if (const Most within = rollout_.values.duration(row.within); within && *within < around.limit)
      around = {*within, id};
    limited(row.timeout, row.spot, around);
    for (const plan::Instruction& one : std::span(plan.code).subspan(row.begin, row.end - row.begin)) {
      const bool runs = one.op == plan::Op::Run || one.op == plan::Op::Parallel;
      if (runs && plan.blocks[one.b].kind != plan::BlockKind::Rollout) block(one.b, around);
      // Limits that a call has from an action around it are that action's.
      if (one.op == plan::Op::Effect && has_own_limit(plan.effects[one.b].spot))
        limited(plan.effects[one.b].timeout, plan.effects[one.b].spot, around);
    }
  }

 private:
  bool has_own_limit(plan::SpotId spot) const {
    const auto place = timing_.place(rollout_.plan, spot);
    return place && timing_.limit_place(*place, false).span != place->span;
  }

  void limited(plan::RoutineId timeout, plan::SpotId spot, const Around& around) {
    const auto place = timing_.place(rollout_.plan, spot);
    const Most limit = rollout_.values.duration(timeout);
    if (!place || timeout == plan::kNone) return;
    const Location primary = timing_.limit_place(*place, false);
    if (!limit || *limit <= around.limit) {
      findings_.use(primary, std::nullopt);
      return;
    }
    Diagnostic made;
    made.code = Code::LimitNeverReached;
    made.message = fmt::format("this time limit of {} never applies: what stands around it is over after {}",
                               text(*limit), text(around.limit));
    made.primary = primary;
    also(made, timing_.scope_place(rollout_, around.block), "all inside is over then");
    made.helps.push_back(fmt::format("write a limit below {}, or allow more time around it", text(around.limit)));
    findings_.use(primary, std::move(made));
  }

  const Timing& timing_;
  const TimedRollout& rollout_;
  Findings& findings_;
};

}  // namespace

void limit_never_reached(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    const plan::Plan& plan = rollout.plan;
    Walk walk(timing, rollout, findings);
    for (plan::RolloutId id = 0; id < plan::rollout_count(plan); ++id) {
      const plan::Rollout& row = plan::rollout_row(plan, id);
      walk.block(row.block, {});
      for (const plan::Hook& hook : row.hooks) walk.block(hook.block, {});
      for (const plan::Schedule& schedule : row.schedules) walk.block(schedule.block, {});
    }
    for (plan::BlockId id = 0; id < plan.blocks.size(); ++id) {
      const plan::BlockKind kind = plan.blocks[id].kind;
      const bool apart = kind == plan::BlockKind::Undo || kind == plan::BlockKind::Response ||
                         kind == plan::BlockKind::Every || kind == plan::BlockKind::Traffic;
      if (apart && rollout.time(id).reached) walk.block(id, {});
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
