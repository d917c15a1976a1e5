#include <algorithm>

#include "runtime/plan/clockwork.hpp"

// What the way back takes: a walk along the steps with the undo steps that are due so far. A block with an `undo`
// stands for all that was done inside it; several changes of traffic go back by one call; a child goes back as a whole;
// and beyond what is irreversible the rollback does not go by itself.

namespace rollout::plan {

namespace {

// Of a plan from elsewhere no more is worked out than a reader would ever see.
constexpr std::size_t kMostVisits = 1'000'000;

Debt larger(const Debt& left, const Debt& right) {
  return {longest_of(left.undo, right.undo), left.traffic || right.traffic};
}

void merge(std::optional<Debt>& into, const Debt& debt) {
  into = into ? larger(*into, debt) : debt;
}

// What retries leave: each attempt its part again.
Debt repeated(const Debt& before, const Debt& after, std::uint32_t retries) {
  if (retries == 0 || !after.undo || !before.undo || *after.undo <= *before.undo) return after;
  return {sum_of(after.undo, times(Most(*after.undo - *before.undo), retries)), after.traffic};
}

}  // namespace

Most Clockwork::cost(const Debt& debt, const TimeContext& context) {
  if (!debt.traffic) return debt.undo;
  TimeContext back = context;
  back.usual_timeout = kUsualTimeout;
  return sum_of(debt.undo, whole(block(rollout_row(plan_, context.rollout).traffic_via, back)).most);
}

// Remembers how much the way back takes from here.
Debt Clockwork::raised(const Debt& debt, const TimeContext& context) {
  if (context.replaced) return debt;
  const Most most = cost(debt, context);
  RolloutTime& rollout = bounds_.rollouts[context.rollout];
  rollout.undo = longest_of(rollout.undo, most);
  if (context.stage < stages_.size() && stages_[context.stage] != nullptr) {
    StageTime& stage = *stages_[context.stage];
    stage.undo = longest_of(stage.undo, most);
  }
  return debt;
}

Most Clockwork::back_from(RolloutId id, const TimeContext& context) {
  TimeContext back = context;
  back.rollout = id;
  back.usual_timeout = kUsualTimeout;
  back.around = EffectClass::Opaque;
  const Most before = whole(hooks(id, HookKind::RollingBack, back)).most;
  back.until_people = true;
  const Most after = whole(hooks(id, HookKind::Rollback, back)).most;
  return sum_of(sum_of(before, bounds_.rollouts[id].undo), after);
}

Debt Clockwork::owing_answer(ResponseId id, const Debt& before, const TimeContext& context) {
  if (!goes_on(id) || plan_.responses[id].outcome == OutcomeKind::Pause) return before;
  return owing(plan_.responses[id].steps, before, context);
}

Debt Clockwork::owing_hooks(RolloutId id, HookKind kind, const Debt& before, const TimeContext& context) {
  Debt after = before;
  for (const Hook& hook : rollout_row(plan_, id).hooks) {
    if (hook.kind == kind) after = owing(hook.block, after, context);
  }
  return after;
}

Debt Clockwork::owing(BlockId id, const Debt& before, const TimeContext& context) {
  if (id >= plan_.blocks.size() || ++visits_ > kMostVisits) return before;
  const Block& row = plan_.blocks[id];
  const TimeContext own = inside(row, context);
  TimeContext inner = own;
  inner.replaced = inner.replaced || row.undo != kNone;
  const Debt begin = row.undo == kNone ? before : Debt{};
  Debt after = repeated(begin, owing_inside(row, begin, inner), row.retries);
  if (row.undo != kNone) {
    TimeContext undoing = inner;
    undoing.usual_timeout = kUsualTimeout;
    undoing.around = EffectClass::Opaque;
    undoing.rest = cost(after, inner);
    after = {sum_of(before.undo, whole(block(row.undo, undoing)).most), before.traffic};
  }
  return raised(owing_answer(row.otherwise, after, context), own);
}

Debt Clockwork::owing_inside(const Block& row, const Debt& before, const TimeContext& context) {
  if (row.kind == BlockKind::Branches) {
    Debt all = before;
    for (std::uint32_t at = row.begin; at < row.end; ++at) {
      if (plan_.code[at].op != Op::Run) continue;
      const Debt branch = owing(plan_.code[at].b, {}, context);
      all = {sum_of(all.undo, branch.undo), all.traffic || branch.traffic};
    }
    return raised(all, context);
  }
  std::vector<std::optional<Debt>> at_begin(row.end - row.begin);
  Debt first = before;
  if (row.kind == BlockKind::Stage) {
    first = owing_hooks(context.rollout, HookKind::StageEntered, raised(before, context), context);
  }
  if (at_begin.empty()) return first;
  at_begin.front() = first;
  std::optional<Debt> end;
  for (std::uint32_t at = row.begin; at < row.end; ++at) {
    if (!at_begin[at - row.begin]) continue;
    const Debt here = *at_begin[at - row.begin];
    const Instruction& instruction = plan_.code[at];
    const auto reach = [&](std::uint32_t to, const Debt& debt) {
      if (to > at && to < row.end) merge(at_begin[to - row.begin], debt);
    };
    if (instruction.op == Op::End || instruction.op == Op::Result || instruction.op == Op::Absent) {
      merge(end, here);
    } else if (instruction.op == Op::Jump) {
      reach(instruction.b, here);
    } else if (instruction.op == Op::JumpUnless) {
      const std::optional<bool> condition = values_.truth(instruction.c);
      if (condition != false) reach(at + 1, here);
      if (condition != true) reach(instruction.b, here);
    } else if (!ends_there(instruction)) {
      reach(at + 1, owing_after(instruction, here, context));
    }
  }
  return end.value_or(first);
}

Debt Clockwork::owing_after(const Instruction& instruction, const Debt& before, const TimeContext& context) {
  const Id id = instruction.b;
  if (instruction.op == Op::Traffic) return raised({before.undo, true}, context);
  if (instruction.op == Op::Effect && id < plan_.effects.size()) {
    const EffectClass own = plan_.effects[id].effect_class;
    const bool barrier = (own == EffectClass::Opaque ? context.around : own) == EffectClass::Irreversible;
    return barrier ? Debt{} : before;
  }
  if (instruction.op == Op::Hold && id < plan_.holds.size())
    return owing_answer(plan_.holds[id].otherwise, before, context);
  if (instruction.op == Op::Gate && id < plan_.gates.size()) {
    Debt after = owing_answer(plan_.gates[id].otherwise, before, context);
    for (const GateAnswer& answer : plan_.gates[id].answers)
      after = larger(after, owing_answer(answer.response, before, context));
    return after;
  }
  if ((instruction.op != Op::Run && instruction.op != Op::Parallel) || id >= plan_.blocks.size()) return before;
  const Block& block = plan_.blocks[id];
  if (block.kind != BlockKind::Rollout || block.rollout == 0) return owing(id, before, context);
  // A child has been worked out with its times: it goes back as a whole.
  const RolloutId child = block.rollout < bounds_.rollouts.size() ? block.rollout : 0;
  return raised({sum_of(before.undo, bounds_.rollouts[child].back), before.traffic}, context);
}

}  // namespace rollout::plan
