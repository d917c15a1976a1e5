#include "runtime/plan/clockwork.hpp"

#include <algorithm>
#include <utility>

// How long blocks take. Jumps lead forward only, so one pass over a block's code knows when each statement begins.

namespace rollout::plan {

namespace {

// Tries that nobody has spaced are this far apart (runtime/machine/failures.cpp).
constexpr Nanoseconds kShortestRetry = 1'000'000;

template <typename Rows>
bool has(const Rows& rows, Id id) {
  return id < rows.size();
}

void merge(std::optional<TimeSpan>& into, const TimeSpan& span) {
  into = into ? either(*into, span) : span;
}

TimeRange wider(const TimeRange& left, const TimeRange& right) {
  return {std::min(left.least, right.least), longest_of(left.most, right.most)};
}

}  // namespace

Clockwork::Clockwork(const Plan& plan, const KnownValues& values) : plan_(plan), values_(values) {
  bounds_.blocks.resize(plan.blocks.size());
  bounds_.rollouts.resize(rollout_count(plan));
  prepared_.resize(rollout_count(plan));
  stages_.resize(plan.stages.size());
  for (RolloutId id = 0; id < rollout_count(plan); ++id) {
    const Rollout& row = rollout_row(plan, id);
    RolloutTime& time = bounds_.rollouts[id];
    time.budget = values.duration(row.rollback_within);
    time.has_budget = row.rollback_within != kNone;
    for (const StageId stage : row.stages) time.stages.push_back({.stage = stage, .takes = {}});
    for (StageTime& stage : time.stages) {
      if (has(stages_, stage.stage)) stages_[stage.stage] = &stage;
    }
  }
  for (const Response& response : plan.responses) {
    const bool known = response.outcome == OutcomeKind::RollbackTo && has(plan.stages, response.stage);
    if (known)
      bounds_.rollouts[std::min<std::size_t>(plan.stages[response.stage].rollout, prepared_.size() - 1)].repeats = true;
  }
}

TimeBounds Clockwork::run() {
  const TimeContext context;
  rollout(0, context);
  owing(plan_.rollout.block, {}, context);
  bounds_.rollouts[0].back = back_from(0, context);
  for (BlockId id = 0; id < plan_.blocks.size(); ++id) watchers(id);
  return std::move(bounds_);
}

// What happens around a rollout, and its own times.
void Clockwork::rollout(RolloutId id, const TimeContext& context) {
  if (prepared_[id]) return;
  prepared_[id] = true;
  const Rollout& row = rollout_row(plan_, id);
  if (id == 0) block(row.block, context);
  for (const Hook& hook : row.hooks) block(hook.block, context);
  for (const Schedule& schedule : row.schedules) block(schedule.block, context);
  for (const ResponseId response : {row.on_failure, row.on_missing, row.expired}) respond_aside(response, context);
  entries(id, context);
}

// When each stage is entered at the earliest, and how long it takes.
void Clockwork::entries(RolloutId id, const TimeContext& context) {
  const Rollout& row = rollout_row(plan_, id);
  RolloutTime& time = bounds_.rollouts[id];
  if (!has(plan_.blocks, row.block)) return;
  time.takes = bounds_.blocks[row.block].takes;
  const Block& block = plan_.blocks[row.block];
  const TimeContext inner = inside(block, context);
  std::vector<std::optional<TimeSpan>> begins;
  for (std::uint32_t at = block.begin; at < block.end; ++at) {
    const Instruction& instruction = plan_.code[at];
    const bool stage = instruction.op == Op::Run && has(plan_.blocks, instruction.b) &&
                       plan_.blocks[instruction.b].kind == BlockKind::Stage;
    if (!stage) continue;
    if (begins.empty()) begins = arrivals(block, at, inner);
    const StageId which = plan_.blocks[instruction.b].stage;
    if (!has(stages_, which) || stages_[which] == nullptr) continue;
    if (begins[at - block.begin]) stages_[which]->entered = begins[at - block.begin]->takes.least;
    stages_[which]->takes = bounds_.blocks[instruction.b].takes;
  }
}

TimeContext Clockwork::inside(const Block& row, TimeContext context) const {
  if (row.kind == BlockKind::Rollout) {
    context.rollout = row.rollout < prepared_.size() ? row.rollout : 0;
    // What stands in a child belongs to no stage of its parent.
    if (context.rollout != 0) context.stage = kNone;
  }
  if (row.kind == BlockKind::Stage) context.stage = row.stage;
  if (row.kind == BlockKind::Branch) context.usual_timeout = kUsualTimeout;
  if (row.timeout != kNone) context.usual_timeout = values_.duration(row.timeout);
  if (row.kind == BlockKind::Check || row.kind == BlockKind::Verify) {
    context.around = EffectClass::ReadOnly;
  } else if ((row.kind == BlockKind::Action || row.kind == BlockKind::Step) &&
             row.effect_class != EffectClass::Opaque) {
    context.around = row.effect_class;
  }
  return context;
}

TimeSpan Clockwork::block(BlockId id, const TimeContext& context) {
  if (!has(plan_.blocks, id)) return {};
  const Key key{id, context.rollout, context.usual_timeout, context.rest, context.until_people};
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  const Block& row = plan_.blocks[id];
  TimeContext inner = inside(row, context);
  if (!row.sampling.empty()) inner.sampling = id;
  const TimeSpan content = content_of(id, inner);
  TimeSpan takes = attempts(row, content);
  if (row.kind == BlockKind::Action || row.kind == BlockKind::Source) takes.returns = false;
  if (goes_on(row.otherwise)) {
    takes = in_turn(takes, answer(row.otherwise, context));
    takes.takes.least = 0;
  }
  if (row.kind == BlockKind::Rollout && bounds_.rollouts[inner.rollout].repeats) takes.takes.most.reset();
  note(id, content, takes, inner);
  aside(id, inner);
  const bool child = row.kind == BlockKind::Rollout && inner.rollout != 0;
  if (child) {
    rollout(inner.rollout, inner);
    owing(id, {}, inner);
    RolloutTime& time = bounds_.rollouts[inner.rollout];
    time.back = back_from(inner.rollout, inner);
    takes.beyond = sum_of(takes.beyond, time.back);
  }
  return known_.emplace(key, takes).first->second;
}

TimeSpan Clockwork::content_of(BlockId id, const TimeContext& context) {
  const Block& row = plan_.blocks[id];
  TimeSpan content = row.kind == BlockKind::Branches ? branches(row, context) : path(row, context);
  const Rollout& rollout = rollout_row(plan_, context.rollout);
  const bool starts = row.kind == BlockKind::Stage ? !rollout.stages.empty() && rollout.stages.front() == row.stage
                                                   : row.kind == BlockKind::Rollout && rollout.stages.empty();
  if (starts) content = in_turn(content, hooks(context.rollout, HookKind::Start, context));
  if (row.kind == BlockKind::Stage) content = in_turn(content, hooks(context.rollout, HookKind::StageEntered, context));
  if (row.kind == BlockKind::Rollout) content = in_turn(content, hooks(context.rollout, HookKind::Success, context));
  // What a `return` leaves out may be all of it.
  if (content.returns) content.takes.least = 0;
  return content;
}

TimeSpan Clockwork::attempts(const Block& row, const TimeSpan& once) const {
  TimeSpan all = limited(once, values_.duration(row.timeout));
  if (row.retries > 0) {
    const Most wait = row.retry_every == kNone ? Most(0) : values_.duration(row.retry_every);
    const Most waits = wait ? times(Most(std::max(*wait, kShortestRetry)), row.retries) : std::nullopt;
    all.takes.most = sum_of(times(all.takes.most, row.retries + 1ULL), waits);
    all.beyond = times(all.beyond, row.retries + 1ULL);
  }
  return limited(all, values_.duration(row.within));
}

TimeSpan Clockwork::branches(const Block& row, const TimeContext& context) {
  std::vector<TimeSpan> all;
  for (std::uint32_t at = row.begin; at < row.end; ++at) {
    if (plan_.code[at].op == Op::Run) all.push_back(block(plan_.code[at].b, context));
  }
  return side_by_side(all, row.at_most);
}

TimeSpan Clockwork::path(const Block& row, const TimeContext& context) {
  const std::vector<std::optional<TimeSpan>> begins = arrivals(row, row.begin, context);
  std::optional<TimeSpan> end, left;
  for (std::uint32_t at = row.begin; at < row.end; ++at) {
    const auto& begin = begins[at - row.begin];
    if (!begin) continue;
    const Instruction& instruction = plan_.code[at];
    const bool people = context.until_people && instruction.op == Op::Gate;
    if (instruction.op == Op::End) {
      merge(end, *begin);
    } else if (instruction.op == Op::Result || instruction.op == Op::Absent) {
      merge(end, *begin);
      end->returns = true;
    } else if (ends_there(instruction) || people) {
      merge(left, *begin);
    }
  }
  if (!end) return left.value_or(TimeSpan{});
  if (left) {
    const Nanoseconds least = end->takes.least;
    merge(end, *left);
    end->takes.least = least;
  }
  return *end;
}

std::vector<std::optional<TimeSpan>> Clockwork::arrivals(const Block& row, std::uint32_t first,
                                                         const TimeContext& context) {
  std::vector<std::optional<TimeSpan>> begins(row.end - row.begin);
  if (first >= row.end) return begins;
  begins[first - row.begin] = TimeSpan{};
  const auto reach = [&](std::uint32_t at, const TimeSpan& span) {
    if (at > first && at < row.end) merge(begins[at - row.begin], span);
  };
  for (std::uint32_t at = first; at < row.end; ++at) {
    if (!begins[at - row.begin]) continue;
    const TimeSpan here = *begins[at - row.begin];
    const Instruction& instruction = plan_.code[at];
    if (instruction.op == Op::Jump) {
      reach(instruction.b, here);
    } else if (instruction.op == Op::JumpUnless) {
      const std::optional<bool> condition = values_.truth(instruction.c);
      if (condition != false) reach(at + 1, here);
      if (condition != true) reach(instruction.b, here);
    } else if (!ends_there(instruction) && instruction.op != Op::End && instruction.op != Op::Result &&
               instruction.op != Op::Absent && !(context.until_people && instruction.op == Op::Gate)) {
      reach(at + 1, in_turn(here, statement(instruction, context)));
    }
  }
  return begins;
}

// Whether nothing behind the statement is run: the run is led elsewhere.
bool Clockwork::ends_there(const Instruction& instruction) const {
  if (instruction.op != Op::Outcome || !has(plan_.responses, instruction.b)) return false;
  const OutcomeKind outcome = plan_.responses[instruction.b].outcome;
  return outcome == OutcomeKind::Rollback || outcome == OutcomeKind::RollbackTo || outcome == OutcomeKind::Abort;
}

bool Clockwork::goes_on(ResponseId id) const {
  if (!has(plan_.responses, id)) return false;
  const OutcomeKind outcome = plan_.responses[id].outcome;
  return outcome == OutcomeKind::None || outcome == OutcomeKind::Continue || outcome == OutcomeKind::Pause;
}

// The steps of an answer after which the run goes on. Those of a pause run beside it.
TimeSpan Clockwork::answer(ResponseId id, const TimeContext& context) {
  if (!goes_on(id) || plan_.responses[id].outcome == OutcomeKind::Pause) return {};
  TimeSpan span = block(plan_.responses[id].steps, context);
  span.takes.least = 0;
  return span;
}

TimeSpan Clockwork::statement(const Instruction& instruction, const TimeContext& context) {
  const Id id = instruction.b;
  switch (instruction.op) {
    case Op::Run:
    case Op::Parallel: {
      TimeSpan span = block(id, context);
      if (!has(plan_.blocks, id) || plan_.blocks[id].kind != BlockKind::Stage) return span;
      span.waits = span.waits || is_bound(plan_.blocks[id].stage);
      return in_turn(span, hooks(context.rollout, HookKind::StageDone, context));
    }
    case Op::Traffic: return block(rollout_row(plan_, context.rollout).traffic_via, context);
    case Op::UndoRest: return {{0, context.rest}, 0, false, false};
    case Op::Effect: {
      if (!has(plan_.effects, id)) return {};
      const RoutineId timeout = plan_.effects[id].timeout;
      return {{0, timeout == kNone ? context.usual_timeout : values_.duration(timeout)}, 0, false, false};
    }
    case Op::Hold: return has(plan_.holds, id) ? hold(plan_.holds[id], context) : TimeSpan{};
    case Op::Gate: return has(plan_.gates, id) ? gate(plan_.gates[id], context) : TimeSpan{};
    default: return {};
  }
}

TimeSpan Clockwork::hold(const Hold& row, const TimeContext& context) {
  const Most least = values_.duration(row.least);
  TimeSpan span;
  span.takes.least = least.value_or(0);
  span.takes.most = row.most == kNone ? least : values_.duration(row.most);
  if (least && span.takes.most) span.takes.most = std::max(*least, *span.takes.most);
  for (const HoldCondition& condition : row.until) {
    const Nanoseconds held = values_.duration(condition.for_duration).value_or(0);
    // It has to hold for that long first; where it cannot, the hold fails at its end.
    span.takes.least = std::max(span.takes.least, span.takes.most ? std::min(held, *span.takes.most) : held);
  }
  return in_turn(span, answer(row.otherwise, context));
}

TimeSpan Clockwork::gate(const Gate& row, const TimeContext& context) {
  const TimeSpan asked{{0, row.within == kNone ? std::nullopt : values_.duration(row.within)}, 0, false, false};
  TimeSpan answered = answer(row.otherwise, context);
  for (const GateAnswer& one : row.answers) answered = either(answered, answer(one.response, context));
  return in_turn(asked, answered);
}

TimeSpan Clockwork::hooks(RolloutId id, HookKind kind, const TimeContext& context) {
  TimeSpan all;
  for (const Hook& hook : rollout_row(plan_, id).hooks) {
    if (hook.kind == kind) all = in_turn(all, block(hook.block, context));
  }
  return all;
}

// Whether windows or freezes, its own or those around it, may delay the entry of the stage.
bool Clockwork::is_bound(StageId stage) const {
  if (!has(plan_.stages, stage)) return false;
  if (!plan_.stages[stage].windows.empty()) return true;
  RolloutId id = plan_.stages[stage].rollout < prepared_.size() ? plan_.stages[stage].rollout : 0;
  for (;; id = rollout_row(plan_, id).parent) {
    const Rollout& row = rollout_row(plan_, id);
    if (!row.windows.empty() || !row.freezes.empty()) return true;
    if (id == 0 || row.parent >= id) return false;
  }
}

// Whether the run may stand at the end of the stage again, with its guards.
bool Clockwork::is_target(StageId stage) const {
  return has(plan_.stages, stage) && std::ranges::any_of(plan_.responses, [&](const Response& response) {
           return response.outcome == OutcomeKind::RollbackTo && response.stage == stage;
         });
}

TimeRange Clockwork::watched_by(BlockId id, const TimeSpan& once, const TimeContext& context) {
  const Block& row = plan_.blocks[id];
  if (row.kind == BlockKind::Rollout && !rollout_row(plan_, context.rollout).stages.empty())
    return watched_by_rollout(row, context);
  TimeSpan span = limited(limited(once, values_.duration(row.timeout)), values_.duration(row.within));
  const bool open = span.waits || (row.kind == BlockKind::Stage && is_target(row.stage));
  if (open) span.takes.most.reset();
  return whole(span);
}

// From the entry of the first stage to the end of the last.
TimeRange Clockwork::watched_by_rollout(const Block& row, const TimeContext& context) {
  const Rollout& rollout = rollout_row(plan_, context.rollout);
  const auto runs = [&](StageId stage) {
    for (std::uint32_t at = row.begin; at < row.end; ++at) {
      const Instruction& one = plan_.code[at];
      if (one.op == Op::Run && has(plan_.blocks, one.b) && plan_.blocks[one.b].stage == stage) return at;
    }
    return row.end;
  };
  const std::uint32_t first = runs(rollout.stages.front()), last = runs(rollout.stages.back());
  const auto begins = arrivals(row, first, context);
  if (first > last || last >= row.end || !begins[last - row.begin]) return {0, std::nullopt};
  const TimeSpan stage = block(plan_.code[last].b, context);
  TimeSpan span = in_turn(*begins[last - row.begin], stage);
  // Its first stage is entered when it begins.
  const bool waits = span.waits && first != last;
  if (waits || stage.waits || bounds_.rollouts[context.rollout].repeats) span.takes.most.reset();
  return whole(span);
}

void Clockwork::note(BlockId id, const TimeSpan& content, const TimeSpan& takes, const TimeContext& context) {
  BlockTime& time = bounds_.blocks[id];
  const TimeRange watched = watched_by(id, content, context);
  if (!time.reached) {
    time = {whole(takes), whole(content), watched, true, context.stage, context.rollout, context.sampling};
    return;
  }
  // Run from several places, or under several limits: what holds in all of them.
  time.takes = wider(time.takes, whole(takes));
  time.content = wider(time.content, whole(content));
  time.watched = wider(time.watched, watched);
  if (time.stage != context.stage) time.stage = kNone;
}

// What runs beside the block, or instead of its end.
void Clockwork::aside(BlockId id, const TimeContext& context) {
  const Block& row = plan_.blocks[id];
  for (const BlockId companion : row.companions) block(companion, context);
  TimeContext undoing = context;
  undoing.usual_timeout = kUsualTimeout;
  undoing.around = EffectClass::Opaque;
  if (row.undo != kNone) block(row.undo, undoing);
  respond_aside(row.otherwise, context);
  for (const GuardId guard : row.guards) {
    if (!has(plan_.guards, guard)) continue;
    respond_aside(plan_.guards[guard].response, undoing);
    respond_aside(plan_.guards[guard].blind, undoing);
  }
  for (std::uint32_t at = row.begin; at < row.end; ++at) {
    const Instruction& one = plan_.code[at];
    if (one.op == Op::Outcome) respond_aside(one.b, context);
    if (one.op == Op::Hold && has(plan_.holds, one.b)) respond_aside(plan_.holds[one.b].otherwise, context);
    if (one.op == Op::Notify && has(plan_.notifications, one.b))
      respond_aside(plan_.notifications[one.b].otherwise, undoing);
    if (one.op != Op::Gate || !has(plan_.gates, one.b)) continue;
    respond_aside(plan_.gates[one.b].otherwise, context);
    for (const GateAnswer& answer : plan_.gates[one.b].answers) respond_aside(answer.response, context);
  }
}

void Clockwork::respond_aside(ResponseId id, const TimeContext& context) {
  if (!has(plan_.responses, id)) return;
  block(plan_.responses[id].steps, context);
  respond_aside(plan_.responses[id].otherwise, context);
}

TimeBounds time_bounds(const Plan& plan, const KnownValues& values) {
  return Clockwork(plan, values).run();
}

}  // namespace rollout::plan
