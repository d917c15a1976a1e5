#include <algorithm>

#include "runtime/machine/snapshot.hpp"

// A snapshot is untrusted input: every id that the machine uses without asking is checked here, once.

namespace rollout::machine {

namespace {

template <typename Enum>
bool within(Enum value, Enum last) {
  return static_cast<unsigned>(value) <= static_cast<unsigned>(last);
}

bool optional_id(plan::Id id, std::size_t size) {
  return id == kNone || id < size;
}

// Offsets that no zone has would run out of the range of instants.
bool sound(const plan::Zone& zone) {
  constexpr Nanoseconds kMost = Nanoseconds{26} * 3'600 * 1'000'000'000;
  const auto in_reach = [](Nanoseconds offset) { return offset >= -kMost && offset <= kMost; };
  return in_reach(zone.offset) && std::ranges::all_of(zone.changes, in_reach, &plan::ZoneChange::offset) &&
         std::ranges::is_sorted(zone.changes, {}, &plan::ZoneChange::at);
}

bool sound(const Plan& plan, const Frame& frame) {
  if (frame.block >= plan.blocks.size()) return false;
  const plan::Block& block = plan.blocks[frame.block];
  return frame.pc >= block.begin && frame.pc < block.end;
}

bool sound(const Plan& plan, const UndoEntry& entry) {
  const bool needs_block = entry.kind == UndoKind::Undo;
  if (!within(entry.kind, UndoKind::Child)) return false;
  if (entry.rollout >= plan::rollout_count(plan)) return false;
  if (needs_block && entry.block >= plan.blocks.size()) return false;
  const auto variable = [&](const auto& capture) { return capture.first < plan.variables.size(); };
  if (!std::ranges::all_of(entry.captures, variable)) return false;
  if (entry.kind != UndoKind::StageEnd) return true;
  if (entry.stage >= plan.stages.size()) return false;
  const plan::Block& rollout = plan.blocks[plan::rollout_row(plan, plan.stages[entry.stage].rollout).block];
  return entry.resume_at >= rollout.begin && entry.resume_at < rollout.end;
}

bool sound_log(const Plan& plan, const std::vector<UndoEntry>& log) {
  return std::ranges::all_of(log, [&](const UndoEntry& entry) { return sound(plan, entry); });
}

bool sound(const Plan& plan, std::uint64_t id, const Task& task) {
  const bool kinds =
      within(task.kind, TaskKind::AckCheck) && within(task.root, TaskKind::AckCheck) && within(task.wait, Wait::Gone) &&
      (!task.stop || within(task.stop->kind, StopKind::Rollback)) &&
      std::ranges::all_of(task.next_stops, [](const Stop& stop) { return within(stop.kind, StopKind::Rollback); });
  const bool frames = std::ranges::all_of(task.frames, [&](const Frame& frame) { return sound(plan, frame); });
  // Parents are older: no task is its own ancestor.
  const bool asks = task.kind == TaskKind::MetricCheck;
  const bool subject = !asks || (task.subject < plan.metrics.size() && task.step >= 0);
  return kinds && frames && subject && task.id == id && task.parent < id && task.rollout < plan::rollout_count(plan) &&
         sound_log(plan, task.log);
}

bool sound(std::uint64_t id, const EffectRun& run) {
  return run.id == id && run.request.effect == id && within(run.request.kind, RequestKind::Plugin) &&
         within(run.request.effect_class, EffectClass::Irreversible);
}

bool sound(const std::vector<SamplingPhase>& phases) {
  return std::ranges::all_of(phases, [](const SamplingPhase& phase) { return phase.every > 0; }) &&
         std::ranges::is_sorted(phases, {}, &SamplingPhase::until);
}

bool sound(const Plan& plan, std::uint64_t id, const Scope& scope) {
  const auto guard = [&](const GuardRun& run) {
    return run.guard < plan.guards.size() && run.interval > 0 && sound(run.phases) && within(run.truth, Truth::Unknown);
  };
  const auto companion = [&](const CompanionRun& run) { return run.block < plan.blocks.size() && run.period > 0; };
  return scope.id == id && scope.block < plan.blocks.size() && scope.rollout < plan::rollout_count(plan) &&
         std::ranges::all_of(scope.guards, guard) && std::ranges::all_of(scope.companions, companion);
}

bool sound(const Plan& plan, std::uint64_t id, const HoldRun& run) {
  if (run.id != id || run.hold >= plan.holds.size()) return false;
  const bool truths =
      std::ranges::all_of(run.conditions, [](const ConditionRun& c) { return within(c.truth, Truth::Unknown); });
  return truths && sound(run.phases) && run.conditions.size() == plan.holds[run.hold].until.size() &&
         (run.conditions.empty() || run.interval > 0);
}

bool sound(const Plan& plan, std::uint64_t id, const GateRun& gate) {
  return gate.id == id && gate.gate < plan.gates.size() && gate.items.size() == plan.gates[gate.gate].items.size();
}

bool sound_polls(const Plan& plan, const std::vector<SlotPoll>& polls) {
  const auto wanted = [&](const Wanted& metric) {
    return metric.metric < plan.metrics.size() && within(metric.reading.status, ReadingStatus::NoPast);
  };
  const auto poll = [&](const SlotPoll& slot) {
    return std::ranges::all_of(slot.wanted, wanted) && std::ranges::is_sorted(slot.wanted, {}, &Wanted::metric);
  };
  return std::ranges::all_of(polls, poll) && std::ranges::is_sorted(polls, {}, &SlotPoll::slot);
}

bool sound(const Plan& plan, const RollbackRun& run) {
  const auto span = [&](const UndoSpan& part) {
    return part.begin <= part.cursor && part.cursor <= run.log.size() &&
           optional_id(part.rollout, plan::rollout_count(plan)) &&
           (part.rollout == kNone || part.entry < run.log.size());
  };
  // The outermost part is the rollback's own; without its place in the log it would say that it undid everything.
  const RollbackPhase phase = run.phase == RollbackPhase::Incomplete ? run.resume_phase : run.phase;
  const bool undoes = phase == RollbackPhase::HookBefore || phase == RollbackPhase::Undoing;
  if (undoes == run.spans.empty()) return false;
  if (undoes && (run.spans.front().task != 0 || run.spans.front().rollout != kNone)) return false;
  if (!optional_id(run.barrier, run.log.size()) || (run.to != kNone && run.response >= plan.responses.size()))
    return false;
  return within(run.phase, RollbackPhase::Incomplete) && within(run.resume_phase, RollbackPhase::Incomplete) &&
         optional_id(run.to, plan.stages.size()) && sound_log(plan, run.log) && std::ranges::all_of(run.spans, span);
}

bool sound(const Plan& plan, plan::RolloutId id, const RolloutRun& run, bool begun) {
  const std::size_t schedules = plan::rollout_row(plan, id).schedules.size();
  // A child has none before it begins.
  const bool has_schedules = begun && (id == 0 || !run.schedules.empty());
  if (run.schedules.size() != (has_schedules ? schedules : 0)) return false;
  const bool own = !run.rollback || run.rollback->to == kNone ||
                   (run.rollback->to < plan.stages.size() && plan.stages[run.rollback->to].rollout == id);
  return own && within(run.progress, Progress::Stopped) && optional_id(run.stage, plan.stages.size()) &&
         (!run.rollback || sound(plan, *run.rollback));
}

template <typename Rows, typename Sound>
bool all_sound(const Rows& rows, std::uint64_t next_id, Sound sound_row) {
  return std::ranges::all_of(rows,
                             [&](const auto& row) { return row.first < next_id && sound_row(row.first, row.second); });
}

}  // namespace

std::string check_state(const Plan& plan, const State& state) {
  if (!within(state.run_state, RunState::Failed)) return "an unknown state";
  if (plan.rollout.block >= plan.blocks.size()) return "no rollout";
  if (state.variables.size() != plan.variables.size()) return "the number of variables";
  if (state.metrics.size() != plan.metrics.size()) return "the number of metrics";
  const auto times = [](const MetricState& metric) {
    return metric.every > 0 && std::ranges::is_sorted(metric.series, {}, &SeriesState::name);
  };
  if (!std::ranges::all_of(state.metrics, times)) return "a metric's cadence";
  if (state.rollouts.size() != plan::rollout_count(plan)) return "the number of rollouts";
  for (plan::RolloutId id = 0; id < state.rollouts.size(); ++id) {
    if (!sound(plan, id, state.rollouts[id], state.begun)) return "a rollout";
  }
  if (state.pause && state.pause->rollout >= state.rollouts.size()) return "the pause";
  if (!std::ranges::all_of(state.zones, [](const plan::Zone& zone) { return sound(zone); })) return "a time zone";
  const std::uint64_t next = state.next_id;
  if (next == 0) return "the next id";
  const bool works =
      all_sound(state.tasks, next, [&](std::uint64_t id, const Task& task) { return sound(plan, id, task); }) &&
      all_sound(state.effects, next, [&](std::uint64_t id, const EffectRun& run) { return sound(id, run); });
  if (!works) return "a task or an effect";
  const bool watches =
      all_sound(state.scopes, next, [&](std::uint64_t id, const Scope& scope) { return sound(plan, id, scope); }) &&
      all_sound(state.holds, next, [&](std::uint64_t id, const HoldRun& run) { return sound(plan, id, run); }) &&
      sound_polls(plan, state.slots) && sound_polls(plan, state.past) && sound_polls(plan, state.inquiries);
  if (!watches) return "a guard, a hold or a slot";
  if (!all_sound(state.gates, next, [&](std::uint64_t id, const GateRun& gate) { return sound(plan, id, gate); })) {
    return "a gate";
  }
  const auto ack = [&](const AckWait& wait) {
    return wait.notification < plan.notifications.size() && (wait.next_check == kNever || wait.every > 0) &&
           wait.rollout < state.rollouts.size();
  };
  if (!std::ranges::all_of(state.acks, ack)) return "a notification";
  return {};
}

}  // namespace rollout::machine
