#include <algorithm>

#include "runtime/machine/core.hpp"

// What runs beside the forward work: notifications, companions, schedules. None of them holds it up.

namespace rollout::machine {

using plan::Anchor;

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr std::uint32_t kTries = 3;
constexpr Nanoseconds kTryAgain = 10 * kSecond;

}  // namespace

void Core::notify(const Task& task, plan::NotificationId id) {
  if (id >= plan.notifications.size()) return;
  const plan::Notification& row = plan.notifications[id];
  Task& sender = new_task(TaskKind::Notification, &task);
  sender.subject = id;
  sender.item = row.channel;
  sender.text = text_of(row.text, &task);
  sender.severity = static_cast<std::uint8_t>(row.severity);
  const BlockId block = row.channel < plan.channels.size() ? plan.channels[row.channel].block : kNone;
  if (block < plan.blocks.size()) {
    enter(sender, block);
  } else {
    finish_task(sender);
  }
}

void Core::notification_ended(Task& task, const std::string& error) {
  static constexpr const char* kSeverities[] = {"info", "warning", "critical"};
  const auto id = static_cast<plan::NotificationId>(task.subject);
  if (id >= plan.notifications.size()) return;
  const plan::Notification& row = plan.notifications[id];
  const std::string channel = row.channel < plan.channels.size() ? plan.channels[row.channel].name : std::string{};
  const Value number = Value::number(static_cast<double>(task.id));
  if (error.empty()) {
    record(RecordKind::Notified,
           {{"channel", Value::string(channel)},
            {"text", Value::string(task.text)},
            {"severity", Value::string(kSeverities[std::min<std::size_t>(task.severity, 2)])},
            {"notification", number}},
           row.spot);
    if (row.acknowledge_within == kNone) return;
    state.acks.push_back({id, later(state.now, duration_or(row.acknowledge_within, &task, kNever)), task.reason});
    return;
  }
  if (task.tries + 1 >= kTries || row.channel >= plan.channels.size()) {
    record(RecordKind::NotifyFailed,
           {{"channel", Value::string(channel)}, {"error", Value::string(error)}, {"notification", number}}, row.spot);
    return;
  }
  Task& again = new_task(TaskKind::Notification, &task);
  again.subject = task.subject;
  again.item = task.item;
  again.tries = task.tries + 1;
  Frame frame;
  frame.block = plan.channels[row.channel].block;
  frame.pc = plan.blocks[frame.block].begin;
  again.frames.push_back(std::move(frame));
  again.wait = Wait::Timer;
  again.due = later(state.now, kTryAgain * again.tries);
}

void Core::ack_limit_passed(std::uint32_t index) {
  if (index >= state.acks.size()) return;
  const AckWait ack = state.acks[index];
  state.acks.erase(state.acks.begin() + index);
  const plan::Notification& row = plan.notifications[ack.notification];
  if (row.otherwise == kNone) return;
  const Cause cause{"nobody acknowledged the notification", {}, row.spot, state.now};
  start_response_steps(row.otherwise, cause, nullptr);
  take_outcome(row.otherwise, cause, nullptr);
}

// The next round of an `every D` block; a round that is still running is not doubled.
void Core::start_companion(std::uint64_t scope, std::uint32_t index) {
  const auto found = state.scopes.find(scope);
  if (found == state.scopes.end() || index >= found->second.companions.size()) return;
  CompanionRun& run = found->second.companions[index];
  const Nanoseconds rounds = between(run.due, state.now) / std::max<Nanoseconds>(run.period, 1) + 1;
  Nanoseconds ahead = 0;
  run.due = __builtin_mul_overflow(rounds, run.period, &ahead) ? kNever : later(run.due, ahead);
  if (find_task(run.task)) return;
  Task& task = new_task(TaskKind::Companion, nullptr);
  run.task = task.id;
  enter(task, run.block);
}

plan::Openings Core::openings_of(plan::StageId stage) const {
  static const std::vector<plan::Window> kNoWindows;
  const auto& own = stage < plan.stages.size() ? plan.stages[stage].windows : kNoWindows;
  return {plan.rollout.windows, own, plan.rollout.freezes, state.zones};
}

// When the stage may be entered at the earliest; kNone stands for a rollout without stages. The first is not entered
// before the start is planned.
Nanoseconds Core::opening_of(plan::StageId stage) const {
  Nanoseconds earliest = state.now;
  if (state.start_at && !state.has_started) earliest = std::max(earliest, *state.start_at);
  return next_opening(earliest, openings_of(stage));
}

// Before the first stage a run is waiting anyhow; what for is news all the same.
void Core::wait_for_opening(Task& task, Nanoseconds opening) {
  const bool planned = state.start_at && !state.has_started && opening == *state.start_at;
  const std::string why = opening == kNever ? "no window of this rollout opens any more"
                          : planned         ? "its start is planned for " + plan::instant_text(opening)
                                            : "its window opens at " + plan::instant_text(opening);
  task.wait = Wait::Window;
  task.due = opening;
  record(RecordKind::WindowClosed, {{"why", Value::string(why)}, {"until", Value::instant(opening)}});
  set_state(RunState::Waiting, why);
  state.reason = why;
}

// Schedules before the start are due relative to when the run may start at the earliest.
void Core::plan_schedules() {
  const Nanoseconds opening = opening_of(plan.rollout.stages.empty() ? kNone : plan.rollout.stages.front());
  for (std::size_t index = 0; index < state.schedules.size(); ++index) {
    const plan::Schedule& row = plan.rollout.schedules[index];
    const Nanoseconds offset = duration_or(row.offset, nullptr, 0);
    if (row.anchor != Anchor::Start || offset >= 0) continue;
    state.schedules[index].due = std::max(state.now, later(opening, offset));
  }
}

void Core::anchor_schedules(Anchor anchor) {
  for (std::size_t index = 0; index < state.schedules.size(); ++index) {
    const plan::Schedule& row = plan.rollout.schedules[index];
    const Nanoseconds offset = duration_or(row.offset, nullptr, 0);
    ScheduleRun& run = state.schedules[index];
    // What belongs to the run itself is over when it went wrong.
    if (row.anchor == Anchor::Start && (anchor == Anchor::Rollback || anchor == Anchor::Failure)) run.due = kNever;
    if (row.anchor != anchor || (anchor == Anchor::Start && offset < 0)) continue;
    run.due = later(state.now, std::max<Nanoseconds>(0, offset));
    if (row.every == kNone) continue;
    run.period = std::max(kSecond, duration_or(row.every, nullptr, kSecond));
    run.until = later(run.due, duration_or(row.for_duration, nullptr, 0));
  }
}

void Core::run_schedule(std::uint32_t index) {
  ScheduleRun& run = state.schedules[index];
  const plan::Schedule& row = plan.rollout.schedules[index];
  const Nanoseconds next = later(run.due, run.period);
  run.due = run.period > 0 && next <= run.until ? next : kNever;
  record(RecordKind::ScheduleRun, {{"schedule", Value::string(row.text)}});
  Task& task = new_task(TaskKind::Schedule, nullptr);
  task.subject = index;
  run.task = task.id;
  enter(task, row.block);
}

void Core::superseded(const std::string& by) {
  if (!state.has_ended && state.run_state != RunState::FollowingUp) return;
  for (std::size_t index = 0; index < state.schedules.size(); ++index) {
    const plan::Schedule& row = plan.rollout.schedules[index];
    ScheduleRun& run = state.schedules[index];
    if (row.always || run.due == kNever) continue;
    run.due = kNever;
    record(RecordKind::ScheduleCancelled, {{"schedule", Value::string(row.text)}, {"by", Value::string(by)}});
  }
}

bool Core::open_schedules() const {
  return std::ranges::any_of(state.schedules,
                             [](const ScheduleRun& run) { return run.due != kNever || run.task != 0; });
}

void Core::schedule_ended(Task& task) {
  if (task.subject < state.schedules.size() && state.schedules[task.subject].task == task.id) {
    state.schedules[task.subject].task = 0;
  }
}

}  // namespace rollout::machine
