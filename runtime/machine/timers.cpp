#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "runtime/machine/core.hpp"

// Everything that is due at an instant of its own: bounds, limits, next tries, companions, schedules.

namespace rollout::machine {

void Core::task_dues(const Task& task, Nanoseconds slot, std::vector<Due>& list) const {
  // Once its child goes back, a task is past its limits.
  if (task.wait == Wait::Gone || task.wait == Wait::Stopping || task.wait == Wait::GoingBack) return;
  for (std::size_t index = 0; index < task.frames.size(); ++index) {
    const Frame& frame = task.frames[index];
    const bool runs = task.wait != Wait::Doubt;
    const Nanoseconds limit = runs ? std::min(frame.attempt_due, frame.whole_due) : frame.whole_due;
    const bool held_back = is_forward(task) && slot <= limit;
    if (limit != kNever && !held_back) {
      list.push_back({limit, DueKind::FrameLimit, task.id, static_cast<std::uint32_t>(index)});
    }
  }
  const bool timed = task.wait == Wait::Timer || task.wait == Wait::Window;
  if (!timed) return;
  const bool ready_then = task.due > state.now || may_advance(task);
  const bool waits_only = is_forward(task) && (state.pause || frozen(rollout_of(task)));
  if (ready_then && !waits_only) list.push_back({task.due, DueKind::Timer, task.id, 0});
}

// What is due for the forward work comes after the slots up to its instant, but does not wait for later ones: a run
// that was down meets its limits and slots in the same order as one that was not.
void Core::dues(std::vector<Due>& list) const {
  const Nanoseconds open = next_slot();
  const Nanoseconds slot = open <= state.now ? open : kNever;
  for (const auto& [id, scope] : state.scopes) {
    for (std::uint32_t index = 0; index < scope.guards.size(); ++index) {
      const Nanoseconds due = missing_due(scope, scope.guards[index]);
      if (due < slot) list.push_back({due, DueKind::Missing, id, index});
    }
    for (std::uint32_t index = 0; index < scope.companions.size(); ++index) {
      list.push_back({scope.companions[index].due, DueKind::Companion, id, index});
    }
  }
  for (const auto& [id, run] : state.holds) {
    const Nanoseconds due = hold_due(run);
    if (due < slot) list.push_back({due, DueKind::HoldBound, id, 0});
  }
  for (const auto& [id, task] : state.tasks) task_dues(task, slot, list);
  for (const auto& [id, gate] : state.gates) {
    if (gate.deadline < slot) list.push_back({gate.deadline, DueKind::GateLimit, id, 0});
    for (std::uint32_t index = 0; index < gate.items.size(); ++index) {
      const GateItemRun& item = gate.items[index];
      if (item.next_check != kNever) list.push_back({item.next_check, DueKind::ItemCheck, id, index});
    }
  }
  if (state.pause && state.pause->within_due < slot) {
    list.push_back({state.pause->within_due, DueKind::PauseLimit, 0, 0});
  }
  for (std::uint32_t index = 0; index < state.pauses_behind.size(); ++index) {
    const Nanoseconds due = state.pauses_behind[index].within_due;
    if (due < slot) list.push_back({due, DueKind::PauseLimit, 0, index + 1});
  }
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) rollout_dues(id, list);
  for (std::uint32_t index = 0; index < state.acks.size(); ++index) {
    list.push_back({state.acks[index].due, DueKind::AckLimit, 0, index});
    if (state.acks[index].next_check != kNever) {
      list.push_back({state.acks[index].next_check, DueKind::AckCheck, 0, index});
    }
  }
}

void Core::rollout_dues(RolloutId id, std::vector<Due>& list) const {
  const RolloutRun& run = state.rollouts[id];
  if (run.rollback && run.rollback->budget_due != kNever) {
    list.push_back({run.rollback->budget_due, DueKind::Budget, id, 0});
  }
  for (std::uint32_t index = 0; run.rollback && index < run.rollback->spans.size(); ++index) {
    const Nanoseconds due = run.rollback->spans[index].budget_due;
    if (due != kNever) list.push_back({due, DueKind::Budget, id, index + 1});
  }
  for (std::uint32_t index = 0; index < run.schedules.size(); ++index) {
    if (run.schedules[index].due != kNever) list.push_back({run.schedules[index].due, DueKind::Schedule, id, index});
  }
}

void Core::budget_passed(RolloutId id, std::uint32_t place) {
  RollbackRun& run = *state.rollouts[id].rollback;
  const RolloutId whose = place == 0 ? id : run.spans[place - 1].rollout;
  const Acting for_it(*this, whose < state.rollouts.size() ? whose : id);
  const Nanoseconds budget = place == 0 ? run.budget : run.spans[place - 1].budget;
  (place == 0 ? run.budget_due : run.spans[place - 1].budget_due) = kNever;
  record(RecordKind::RollbackBreached, {{"budget", Value::duration(budget)}});
}

// Carries out the first thing that is due. Schedules come after the steps of the same instant.
bool Core::run_due(bool schedules) {
  std::vector<Due> list;
  dues(list);
  const Due* first = nullptr;
  const auto order = [](const Due& due) { return std::tuple(due.at, due.kind, due.id, due.index); };
  for (const Due& due : list) {
    if (due.at > state.now || (due.kind == DueKind::Schedule) != schedules) continue;
    if (!first || order(due) < order(*first)) first = &due;
  }
  if (!first) return false;
  run_due_item(*first);
  return true;
}

void Core::run_due_item(const Due& due) {
  switch (due.kind) {
    case DueKind::Missing: guard_missing(due.id, due.index, due.at); break;
    case DueKind::HoldBound:
      if (const auto hold = state.holds.find(due.id); hold != state.holds.end()) {
        hold->second.satisfied = true;
        hold->second.satisfied_at = due.at;
      }
      break;
    case DueKind::FrameLimit: frame_limit_passed(due); break;
    case DueKind::GateLimit: gate_limit_passed(due.id); break;
    case DueKind::PauseLimit: pause_limit_passed(due.index); break;
    case DueKind::AckLimit: ack_limit_passed(due.index); break;
    case DueKind::AckCheck: ask_for_acknowledgement(due.index); break;
    case DueKind::Budget: budget_passed(static_cast<RolloutId>(due.id), due.index); break;
    case DueKind::Timer:
      if (Task* task = find_task(due.id)) {
        const Acting for_it(*this, rollout_of(*task));
        if (task->wait == Wait::Window && task->frames.empty()) {
          begin_work();
        } else if (task->wait == Wait::Window) {
          task->wait = Wait::Ready;
          task->due = kNever;
        } else {
          begin_attempt(*task);
        }
      }
      break;
    case DueKind::ItemCheck:
      if (const auto gate = state.gates.find(due.id); gate != state.gates.end()) check_item(gate->second, due.index);
      break;
    case DueKind::Companion: start_companion(due.id, due.index); break;
    case DueKind::Schedule: run_schedule(static_cast<RolloutId>(due.id), due.index); break;
  }
}

// Whether a block is over but for its ends: what was done at its limit was done in time.
bool Core::nothing_left(const Task& task, std::size_t index) const {
  if (task.frames.empty()) return false;
  for (; index < task.frames.size(); ++index) {
    const bool under_way =
        index + 1 < task.frames.size() ? !task.frames[index + 1].inserted : task.wait != Wait::Ready && !task.stay;
    std::uint32_t place = task.frames[index].pc;
    const auto is = [&](plan::Op op) { return place < plan.code.size() && plan.code[place].op == op; };
    if (under_way && !is(plan::Op::End)) ++place;
    while (is(plan::Op::Jump)) place = plan.code[place].b;
    if (!is(plan::Op::End)) return false;
  }
  // Its last effect has an outcome, and that stands, whoever has paused the run meanwhile.
  if (task.wait == Wait::Ready) return true;
  if (task.wait == Wait::Hold) {
    const bool held_back = is_forward(task) && (state.pause || frozen(rollout_of(task)));
    if (held_back) return false;
    const auto hold = state.holds.find(task.waits_for);
    return hold == state.holds.end() || hold->second.satisfied;
  }
  return task.wait == Wait::Children && std::ranges::all_of(state.tasks, [&](const auto& entry) {
           const Task& branch = entry.second;
           const bool own = branch.kind == TaskKind::Branch && branch.parent == task.id && branch.wait != Wait::Gone;
           return !own || nothing_left(branch, 0);
         });
}

void Core::frame_limit_passed(const Due& due) {
  Task* task = find_task(due.id);
  if (!task || due.index >= task->frames.size()) return;
  const Acting for_it(*this, rollout_of(*task));
  Frame& frame = task->frames[due.index];
  const bool whole = frame.whole_due <= due.at;
  const plan::Block& block = plan.blocks[frame.block];
  const Nanoseconds limit = duration_or(whole ? block.within : block.timeout, task, 0);
  frame.attempt_due = kNever;
  if (whole) frame.whole_due = kNever;
  if (nothing_left(*task, due.index)) return;
  Stop stop{.kind = StopKind::Fail, .frame = due.index, .may_retry = !whole, .error = {}};
  stop.error = block.kind == plan::BlockKind::Within
                   ? fmt::format("the steps of `{}` were not all done in time", block.name)
                   : fmt::format("`{}` was not done within {}", block.name.empty() ? "the step" : block.name,
                                 plan::duration_text(limit));
  stop_task(*task, std::move(stop));
}

std::optional<Nanoseconds> Core::next_wakeup() const {
  if (state.behind) return state.now;
  Nanoseconds first = kNever;
  std::vector<Due> list;
  dues(list);
  for (const Due& due : list) first = std::min(first, due.at);
  const Nanoseconds slot = next_slot();
  const bool asked = std::ranges::find(state.slots, slot, &SlotPoll::slot) != state.slots.end();
  if (slot > state.now || !asked) first = std::min(first, slot);
  // While one slot waits for its answer, the next are asked for at their own time.
  for (const auto& [id, scope] : state.scopes) {
    for (const GuardRun& run : scope.guards) {
      if (run.asked > state.now) first = std::min(first, run.asked);
    }
  }
  for (const std::vector<SlotPoll>* polls : {&state.past, &state.slots, &state.inquiries}) {
    for (const SlotPoll& poll : *polls) {
      for (const Wanted& wanted : poll.wanted) {
        if (!wanted.answered && !poll.decided) first = std::min(first, wanted.due);
      }
    }
  }
  if (first == kNever) return std::nullopt;
  return std::max(first, state.now);
}

}  // namespace rollout::machine
