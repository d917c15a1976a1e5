#include <algorithm>

#include "runtime/machine/core.hpp"

// What runs beside the forward work: notifications, companions, schedules. None of them holds it up.

namespace rollout::machine {

using plan::Anchor;

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr std::uint32_t kTries = 3;
constexpr Nanoseconds kTryAgain = 10 * kSecond;
// How often a channel is asked whether somebody has answered.
constexpr Nanoseconds kAskEvery = 15 * kSecond;

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
    wait_for_acknowledgement(task);
    return;
  }
  if (task.tries + 1 >= kTries || row.channel >= plan.channels.size()) {
    record(RecordKind::NotifyFailed,
           {{"channel", Value::string(channel)}, {"error", Value::string(error)}, {"notification", number}}, row.spot);
    // Nobody was told, so nobody will answer: there is nothing to wait for.
    if (row.acknowledge_within != kNone) unacknowledged(id, "the notification could not be sent", rollout_of(task));
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

void Core::wait_for_acknowledgement(const Task& task) {
  const plan::Notification& row = plan.notifications[task.subject];
  const Nanoseconds within = duration_or(row.acknowledge_within, &task, kNever);
  AckWait ack;
  ack.notification = static_cast<plan::NotificationId>(task.subject);
  ack.due = later(state.now, within);
  ack.reason = task.reason;
  ack.text = task.text;
  ack.severity = task.severity;
  ack.rollout = rollout_of(task);
  // Scenarios say who acknowledges; nothing outside is asked.
  if (!state.scripted_world && row.channel < plan.channels.size() && plan.channels[row.channel].acknowledged != kNone) {
    ack.every = std::clamp(within / 4, kSecond, kAskEvery);
    ack.next_check = later(state.now, ack.every);
    for (const plan::VariableId variable : plan.channels[row.channel].kept) {
      ack.kept.push_back(variable < state.variables.size() ? state.variables[variable] : Value{});
    }
  }
  state.acks.push_back(std::move(ack));
}

// One at a time for each channel, since what it reads the answer with is kept in variables.
void Core::ask_for_acknowledgement(std::uint32_t index) {
  if (index >= state.acks.size()) return;
  AckWait& ack = state.acks[index];
  const plan::ChannelId channel = plan.notifications[ack.notification].channel;
  const bool asked_already = std::ranges::any_of(state.acks, [&](const AckWait& other) {
    return plan.notifications[other.notification].channel == channel && find_task(other.task) != nullptr;
  });
  if (asked_already || channel >= plan.channels.size()) {
    ack.next_check = channel < plan.channels.size() ? later(state.now, kSecond) : kNever;
    return;
  }
  const plan::Channel& row = plan.channels[channel];
  ack.next_check = kNever;
  for (std::size_t place = 0; place < row.copies.size() && place < ack.kept.size(); ++place) {
    if (row.copies[place] < state.variables.size()) state.variables[row.copies[place]] = ack.kept[place];
  }
  Task& task = new_task(TaskKind::AckCheck, nullptr);
  task.rollout = ack.rollout;
  task.reason = ack.reason;
  task.text = ack.text;
  task.severity = ack.severity;
  ack.task = task.id;
  enter(task, row.acknowledged);
}

// Whatever is no `true` is no answer, so it is asked for again; also where it could not be read.
void Core::acknowledgement_answered(Task& task) {
  const auto ack = std::ranges::find(state.acks, task.id, &AckWait::task);
  if (ack == state.acks.end()) return;
  ack->task = 0;
  ack->next_check = later(state.now, ack->every);
  if (!task.answer.as_bool()) return;
  const plan::ChannelId channel = plan.notifications[ack->notification].channel;
  const std::string name = channel < plan.channels.size() ? plan.channels[channel].name : std::string{};
  state.acks.erase(ack);
  record(RecordKind::GateAnswered, {{"gate", Value::string(name)},
                                    {"verb", Value::string("acknowledge")},
                                    {"who", Value::string("the answer in the channel")},
                                    {"item", Value::string("")},
                                    {"text", Value::string("")}});
}

void Core::ack_limit_passed(std::uint32_t index) {
  if (index >= state.acks.size()) return;
  const AckWait ack = state.acks[index];
  state.acks.erase(state.acks.begin() + index);
  kill(ack.task);
  unacknowledged(ack.notification, "nobody acknowledged the notification", ack.rollout);
}

void Core::unacknowledged(plan::NotificationId id, const std::string& reason, RolloutId rollout) {
  const plan::Notification& row = plan.notifications[id];
  if (row.otherwise == kNone) return;
  const Cause cause{reason, {}, row.spot, state.now, rollout};
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
  task.rollout = found->second.rollout;
  run.task = task.id;
  enter(task, run.block);
}

plan::Openings Core::openings_of(RolloutId id, plan::StageId stage) const {
  static const std::vector<plan::Window> kNoWindows;
  const bool own = stage < plan.stages.size() && plan.stages[stage].rollout == id;
  return {row(id).windows, own ? plan.stages[stage].windows : kNoWindows, row(id).freezes, state.zones};
}

// Before the first stage a run is waiting anyhow; what for is news all the same.
void Core::wait_for_opening(Task& task, Nanoseconds opening) {
  const bool planned = state.start_at && !state.main().has_started && opening == *state.start_at;
  const std::string why = opening == kNever ? "no window of this rollout opens any more"
                          : planned         ? "its start is planned for " + plan::instant_text(opening)
                                            : "its window opens at " + plan::instant_text(opening);
  task.wait = Wait::Window;
  task.due = opening;
  record(RecordKind::WindowClosed, {{"why", Value::string(why)}, {"until", Value::instant(opening)}});
  // Others may run on while one child waits.
  if (rollout_of(task) != 0) return;
  set_state(RunState::Waiting, why);
  state.reason = why;
}

// Schedules before the start are due relative to when the run may start at the earliest.
void Core::plan_schedules(RolloutId id) {
  const plan::Rollout& rollout = row(id);
  std::vector<ScheduleRun>& schedules = state.rollouts[id].schedules;
  schedules.assign(rollout.schedules.size(), {});
  const Nanoseconds opening = opening_of(id, rollout.stages.empty() ? kNone : rollout.stages.front());
  for (std::size_t index = 0; index < schedules.size(); ++index) {
    const plan::Schedule& schedule = rollout.schedules[index];
    const Nanoseconds offset = duration_or(schedule.offset, nullptr, 0);
    if (schedule.anchor != Anchor::Start || offset >= 0) continue;
    schedules[index].due = std::max(state.now, later(opening, offset));
  }
}

void Core::anchor_schedules(RolloutId id, Anchor anchor) {
  const bool went_wrong = anchor == Anchor::Rollback || anchor == Anchor::Failure;
  for (std::size_t index = 0; index < state.rollouts[id].schedules.size(); ++index) {
    const plan::Schedule& row = this->row(id).schedules[index];
    const Nanoseconds offset = duration_or(row.offset, nullptr, 0);
    ScheduleRun& run = state.rollouts[id].schedules[index];
    // What belongs to the rollout itself is over when it went wrong, also after a child's success.
    if (went_wrong && (row.anchor == Anchor::Start || row.anchor == Anchor::Success)) run.due = kNever;
    if (row.anchor != anchor || (anchor == Anchor::Start && offset < 0)) continue;
    run.due = later(state.now, std::max<Nanoseconds>(0, offset));
    if (row.every == kNone) continue;
    run.period = std::max(kSecond, duration_or(row.every, nullptr, kSecond));
    run.until = later(run.due, duration_or(row.for_duration, nullptr, 0));
  }
}

void Core::run_schedule(RolloutId id, std::uint32_t index) {
  const Acting for_it(*this, id);
  ScheduleRun& run = state.rollouts[id].schedules[index];
  const plan::Schedule& row = this->row(id).schedules[index];
  const Nanoseconds next = later(run.due, run.period);
  run.due = run.period > 0 && next <= run.until ? next : kNever;
  record(RecordKind::ScheduleRun, {{"schedule", Value::string(row.text)}});
  Task& task = new_task(TaskKind::Schedule, nullptr);
  task.rollout = id;
  task.subject = index;
  run.task = task.id;
  enter(task, row.block);
}

void Core::superseded(const std::string& by) {
  if (!state.has_ended && state.run_state != RunState::FollowingUp) return;
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) {
    const Acting for_it(*this, id);
    for (std::size_t index = 0; index < state.rollouts[id].schedules.size(); ++index) {
      const plan::Schedule& schedule = row(id).schedules[index];
      ScheduleRun& run = state.rollouts[id].schedules[index];
      if (schedule.always || run.due == kNever) continue;
      run.due = kNever;
      record(RecordKind::ScheduleCancelled, {{"schedule", Value::string(schedule.text)}, {"by", Value::string(by)}});
    }
  }
}

bool Core::open_schedules() const {
  const auto open = [](const ScheduleRun& run) { return run.due != kNever || run.task != 0; };
  return std::ranges::any_of(state.rollouts,
                             [&](const RolloutRun& run) { return std::ranges::any_of(run.schedules, open); });
}

void Core::schedule_ended(Task& task) {
  std::vector<ScheduleRun>& schedules = state.rollouts[task.rollout].schedules;
  if (task.subject < schedules.size() && schedules[task.subject].task == task.id) schedules[task.subject].task = 0;
}

}  // namespace rollout::machine
