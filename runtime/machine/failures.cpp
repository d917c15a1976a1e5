#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "runtime/machine/core.hpp"

// A step has failed: who answers for it, and what outcomes do.

namespace rollout::machine {

using plan::Block;
using plan::BlockKind;
using plan::OutcomeKind;
using plan::Response;

namespace {

// Retries without a pause between them would never let time go on.
constexpr Nanoseconds kShortestRetry = 1'000'000;

}  // namespace

void Core::fail(Task& task, const std::string& error, bool unknown) {
  handle_failure(task, task.frames.empty() ? 0 : task.frames.size() - 1, error, true, unknown);
}

// The nearest enclosing block with tries left runs again; the nearest with an `else` answers; else it is uncaught.
void Core::handle_failure(Task& task, std::size_t frame, const std::string& error, bool may_retry, bool unknown) {
  for (std::size_t next = std::min(frame + 1, task.frames.size()); next > 0; --next) {
    const std::size_t index = next - 1;
    const Frame& failed = task.frames[index];
    const Block& block = plan.blocks[failed.block];
    // What a child does not catch itself is the child's to answer.
    if (block.kind == BlockKind::Rollout && block.rollout != 0) {
      uncaught_in_rollout(task, index, frame, error);
      return;
    }
    const bool retried = (index != frame || may_retry) && failed.retried < block.retries;
    const Nanoseconds wait = std::max(kShortestRetry, duration_or(block.retry_every, &task, 0));
    // A try that would begin at the limit never runs: limits come before steps. So the reason of this one is what
    // people see.
    const bool again = retried && later(state.now, wait) < failed.whole_due;
    if (!is_silent(task)) {
      const bool check = block.kind == BlockKind::Check || block.kind == BlockKind::Verify;
      const bool step =
          block.kind == BlockKind::Action || block.kind == BlockKind::Step || block.kind == BlockKind::Within;
      const double left = again ? block.retries - failed.retried : 0;
      if (check)
        record(RecordKind::CheckFailed, {{"check", Value::string(block.name)}, {"error", Value::string(error)}},
               block.spot);
      if (step || again) {
        record(RecordKind::StepFailed,
               {{"step", Value::string(block.name)},
                {"error", Value::string(error)},
                {"retries_left", Value::number(left)}},
               block.spot);
      }
    }
    if (again) {
      retry_frame(task, index, wait);
      return;
    }
    if (block.otherwise == kNone) {
      if (!collects(task, index)) continue;
      // The others are asked all the same, so that people hear of all that is wrong.
      const std::string name = block.name;
      abandon(task, index);
      task.frames.back().failed.push_back(fmt::format("{}: {}", name, error));
      advance(task);
      return;
    }
    const ResponseId response = block.otherwise;
    const Cause cause{error, {}, block.spot, state.now};
    abandon(task, std::max<std::size_t>(index, 1));
    if (index == 0) {
      task.frames.back().pc = block.end - 1;
      task.stay = true;
    }
    respond(task, response, cause);
    return;
  }
  uncaught(task, frame, error, unknown);
}

// Whether the failed block is one of several checks of a verification.
bool Core::collects(const Task& task, std::size_t index) const {
  if (index == 0 || plan.blocks[task.frames[index].block].kind != BlockKind::Check) return false;
  const Block& verify = plan.blocks[task.frames[index - 1].block];
  return verify.kind == BlockKind::Verify && count_runs(verify) > 1;
}

std::size_t Core::count_runs(const Block& block) const {
  const auto code = std::span(plan.code).subspan(block.begin, block.end - block.begin);
  return static_cast<std::size_t>(std::ranges::count(code, plan::Op::Run, &plan::Instruction::op));
}

void Core::retry_frame(Task& task, std::size_t index, Nanoseconds wait) {
  abandon(task, index + 1);
  task.stay = false;
  Frame& frame = task.frames.back();
  ++frame.retried;
  frame.calling = false;
  frame.attempt_due = kNever;
  disarm(std::exchange(frame.scope, 0));
  task.wait = Wait::Timer;
  task.due = later(state.now, wait);
}

void Core::uncaught(Task& task, std::size_t frame, const std::string& error, bool unknown) {
  const std::optional<bool> verdict = unknown ? std::nullopt : std::optional(false);
  if (task.kind == TaskKind::Main) {
    uncaught_in_rollout(task, 0, frame, error);
    return;
  }
  abandon(task, 0);
  task.wait = Wait::Gone;
  switch (task.kind) {
    case TaskKind::Main: break;
    case TaskKind::Branch: {
      Task* parent = find_task(task.parent);
      if (!parent) break;
      std::ranges::move(task.log, std::back_inserter(parent->log));
      if (parent->stop) {
        try_finish_stop(*parent);
      } else {
        Stop stop{.kind = StopKind::Fail, .unknown = unknown, .error = error};
        stop.frame = parent->frames.empty() ? 0 : static_cast<std::uint32_t>(parent->frames.size() - 1);
        stop_task(*parent, std::move(stop));
      }
      break;
    }
    case TaskKind::Companion: {
      const Cause cause{error, {}, kNone, state.now, task.rollout};
      if (row(task.rollout).on_failure != kNone) {
        start_response_steps(row(task.rollout).on_failure, cause, nullptr);
        take_outcome(row(task.rollout).on_failure, cause, nullptr);
      } else if (rollback_expired(task.rollout)) {
        answer_expired(error, cause, nullptr);
      } else {
        begin_rollback(error, kNone, kNone, cause);
      }
      break;
    }
    case TaskKind::Hook: hook_ended(task, error); break;
    case TaskKind::Undo: undo_ended(task, false, error); break;
    case TaskKind::Response:
      record(
          RecordKind::StepFailed,
          {{"step", Value::string("response")}, {"error", Value::string(error)}, {"retries_left", Value::number(0)}});
      break;
    case TaskKind::Notification: notification_ended(task, error); break;
    case TaskKind::MetricCheck: check_answered(task, verdict, error); break;
    case TaskKind::ItemCheck: item_checked(task, verdict, error); break;
    case TaskKind::DoubtProbe: probe_answered(task, verdict, error); break;
    case TaskKind::AckCheck: acknowledgement_answered(task); break;
    case TaskKind::Schedule:
      record(
          RecordKind::StepFailed,
          {{"step", Value::string("schedule")}, {"error", Value::string(error)}, {"retries_left", Value::number(0)}});
      schedule_ended(task);
      break;
  }
}

// The rollout stands at the statement of its stage in which the failure happened, so that people may run it again.
// `root` is the frame of the rollout, `frame` the one that failed.
void Core::uncaught_in_rollout(Task& task, std::size_t root, std::size_t frame, const std::string& error) {
  const RolloutId id = root < task.frames.size() ? plan.blocks[task.frames[root].block].rollout : 0;
  const ResponseId response = row(id < state.rollouts.size() ? id : 0).on_failure;
  const BlockId answering = response < plan.responses.size() ? plan.responses[response].steps : kNone;
  const bool again =
      answering != kNone && std::ranges::find(task.frames, answering, &Frame::block) != task.frames.end();
  std::size_t depth = std::min(frame + 1, task.frames.size());
  while (depth > root + 1) {
    const BlockKind kind = plan.blocks[task.frames[depth - 1].block].kind;
    if (kind == BlockKind::Stage || kind == BlockKind::Rollout) break;
    --depth;
  }
  abandon(task, depth);
  task.wait = Wait::Resume;
  task.error = error;
  const Acting for_it(*this, id);
  hook_in_background(id, HookKind::Failure, error);
  const Cause cause{error, {}, kNone, state.now, id};
  if (response == kNone || again) {
    if (rollback_expired(id)) {
      answer_expired(error, cause, &task);
    } else {
      begin_rollback(error, kNone, kNone, cause);
    }
  } else if (plan.responses[response].outcome == OutcomeKind::None && asks_people(answering)) {
    // The question is about this failure: its answer says how the run goes on from here.
    task.wait = Wait::Ready;
    respond(task, response, cause);
  } else if (plan.responses[response].outcome == OutcomeKind::None) {
    start_response_steps(response, cause, &task);
    if (id != 0) {
      child_failed(task, root, error);
      return;
    }
    kill(task.id);
    anchor_schedules(0, plan::Anchor::Failure);
    end_run(RunState::Failed, error);
  } else {
    respond(task, response, cause);
  }
}

// Whether the block, or one that it runs, asks a question.
bool Core::asks_people(BlockId id) const {
  if (id >= plan.blocks.size()) return false;
  for (std::uint32_t place = plan.blocks[id].begin; place < plan.blocks[id].end; ++place) {
    const plan::Instruction& instruction = plan.code[place];
    if (instruction.op == plan::Op::Gate) return true;
    if (instruction.op == plan::Op::Run && asks_people(instruction.b)) return true;
  }
  return false;
}

// An automatic rollback after its time has passed: what `rollback expires ... else` says, or a pause.
void Core::answer_expired(const std::string& reason, const Cause& cause, Task* task) {
  const ResponseId instead = row(task ? rollout_of(*task) : cause.rollout).expired;
  const OutcomeKind outcome = instead < plan.responses.size() ? plan.responses[instead].outcome : OutcomeKind::Rollback;
  start_response_steps(instead, cause, task);
  const bool stands =
      outcome == OutcomeKind::Pause || outcome == OutcomeKind::Abort || outcome == OutcomeKind::Continue;
  if (stands) {
    take_outcome(instead, cause, task);
  } else if (outcome != OutcomeKind::None || task) {
    pause_run("the time to roll back has passed: " + reason, cause, kNone, task);
  }
}

// What an `else` says, for a task that stands at the statement that failed.
void Core::respond(Task& task, ResponseId id, const Cause& cause) {
  task.error = cause.reason;
  if (id >= plan.responses.size()) {
    advance(task);
    return;
  }
  const Response& response = plan.responses[id];
  const bool goes_on = response.outcome == OutcomeKind::None || response.outcome == OutcomeKind::Continue;
  if (!goes_on) {
    start_response_steps(id, cause, &task);
    take_outcome(id, cause, &task);
  } else if (response.steps != kNone) {
    task.reason = cause.reason;
    enter(task, response.steps, std::exchange(task.stay, false));
  } else {
    advance(task);
  }
  const bool answered = response.outcome == OutcomeKind::Continue && !cause.who.empty();
  if (answered && state.pause) resume_run(cause.who);
}

std::uint64_t Core::start_response_steps(ResponseId id, const Cause& cause, const Task* task) {
  if (id >= plan.responses.size() || plan.responses[id].steps == kNone) return 0;
  Task& steps = new_task(TaskKind::Response, task);
  if (!task) steps.rollout = cause.rollout;
  steps.reason = cause.reason;
  enter(steps, plan.responses[id].steps);
  return steps.id;
}

std::string Core::reason_of(ResponseId id, const Cause& cause, const Task* task) const {
  const std::string own = id < plan.responses.size() ? text_of(plan.responses[id].reason, task) : std::string{};
  if (own.empty()) return cause.reason.empty() ? "the plan says so" : cause.reason;
  return cause.reason.empty() ? own : fmt::format("{} ({})", own, cause.reason);
}

// `task` stands at the statement from which people, or `continue`, go on; null: a guard answered.
void Core::take_outcome(ResponseId id, const Cause& why, Task* task) {
  if (id >= plan.responses.size()) {
    if (task) advance(*task);
    return;
  }
  const Response& response = plan.responses[id];
  const std::string reason = reason_of(id, why, task);
  const bool goes_back = response.outcome == OutcomeKind::Rollback || response.outcome == OutcomeKind::RollbackTo;
  Cause cause = why;
  if (task) cause.rollout = rollout_of(*task);
  const bool too_late = state.has_ended || (state.main().rollback && response.outcome != OutcomeKind::Abort) ||
                        (goes_back && is_going_back(cause.rollout));
  if (too_late) {
    if (task) advance(*task);
    return;
  }
  if (goes_back && cause.who.empty() && rollback_expired(cause.rollout)) {
    answer_expired(reason, cause, task);
    return;
  }
  bool begun = true;
  switch (response.outcome) {
    case OutcomeKind::None:
      if (task) advance(*task);
      break;
    case OutcomeKind::Continue:
      if (task) advance(*task);
      if (state.pause) resume_run(cause.who);
      break;
    case OutcomeKind::Pause: pause_run(reason, cause, id, task); break;
    case OutcomeKind::RollbackTo: begun = begin_rollback(reason, response.stage, id, cause); break;
    case OutcomeKind::Rollback: begun = begin_rollback(reason, kNone, kNone, cause); break;
    case OutcomeKind::Abort: abort_run(reason); break;
  }
  if (!begun && task && find_task(task->id) && !task->stop) advance(*task);
  // Steps of a guard's answer go on with what they still have to tell; the forward work has been stopped.
  const bool ends = (goes_back && begun) || response.outcome == OutcomeKind::Abort;
  if (ends && task && task->wait != Wait::Gone && !task->stop && !is_forward(*task)) advance(*task);
}

}  // namespace rollout::machine
