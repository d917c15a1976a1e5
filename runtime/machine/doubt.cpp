#include <fmt/format.h>

#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/machine/planted_restart.hpp"
#include "runtime/machine/sampling.hpp"
#include "runtime/plan/planted.hpp"

// After a restart: effects that were under way and have no outcome. None is repeated or skipped silently.

namespace rollout::machine {

namespace {

Value number(std::uint64_t value) {
  return Value::number(static_cast<double>(value));
}

// Where a block goes on when its probe has passed: at its end, or behind the part of it for which that probe speaks.
std::uint32_t behind_probed(const plan::Plan& plan, const plan::Block& block) {
  for (std::uint32_t i = block.begin; i < block.end; ++i) {
    const plan::Instruction& instruction = plan.code[i];
    const bool part = instruction.op == plan::Op::Run;
    if (part && plan.blocks[instruction.b].probe == block.probe) return i + 1;
  }
  return block.end - 1;
}

}  // namespace

void Core::restarted() {
  std::size_t missed = 0;
  for (const auto& [id, scope] : state.scopes) {
    for (const GuardRun& run : scope.guards) missed = std::max(missed, slots_due(run, state.now));
  }
  record(RecordKind::Restarted, {{"missed_slots", number(missed)}});
  spoil_restart(state);
  start_checks_again();
  std::vector<std::uint64_t> under_way;
  under_way.reserve(state.effects.size());
  for (const auto& [id, run] : state.effects) under_way.push_back(id);
  for (const std::uint64_t id : under_way) {
    const auto found = state.effects.find(id);
    if (found == state.effects.end()) continue;
    EffectRun& run = found->second;
    Task* task = find_task(run.task);
    if (!task || run.cancelled) {
      if (run.journalled) left_in_doubt(run);
      state.effects.erase(found);
      if (task) try_finish_stop(*task);
    } else if (is_silent(*task)) {
      run.request.again = true;
      out.requests.emplace_back(run.request);
    } else if (!run.in_doubt && run.request.kind == RequestKind::Plugin) {
      ask_plugin(run);
    } else if (!run.in_doubt) {
      doubt(*task, run);
    }
  }
  ask_again();
}

// It was being cancelled when the runtime died: whether it got that far does not matter, its step is left and undone.
void Core::left_in_doubt(const EffectRun& run, const std::string& why) {
  record_doubt(run, why);
  leave_doubt(run, "left: its step was being stopped");
}

void Core::record_doubt(const EffectRun& run, const std::string& why) {
  static constexpr std::string_view kClasses[] = {"opaque", "readonly", "idempotent", "irreversible"};
  const auto index = std::min<std::size_t>(static_cast<std::size_t>(run.request.effect_class), 3);
  const Value id = number(run.id), key = Value::string(run.request.key), called = Value::string(run.request.callable),
              effect_class = Value::string(std::string(kClasses[index]));
  if (why.empty()) {
    record(RecordKind::InDoubt, {{"effect", id}, {"key", key}, {"callable", called}, {"class", effect_class}},
           run.spot);
  } else {
    record(RecordKind::InDoubt,
           {{"effect", id}, {"key", key}, {"callable", called}, {"class", effect_class}, {"error", Value::string(why)}},
           run.spot);
  }
}

// A plugin may know what became of the call: it is asked before a probe or a person is. Its answer is the outcome.
void Core::ask_plugin(EffectRun& run) {
  record_doubt(run, {});
  start_again(run, "its plugin is asked by the same key", {}, true);
}

// The effect was started, and what carried it out is gone without an answer. Whether that is all there is to say.
bool Core::outcome_unknown(EffectRun& run, const std::string& why) {
  Task* task = find_task(run.task);
  // What was cancelled belongs to a task that stops.
  if (task && !task->stop) {
    if (is_silent(*task)) return false;
    doubt(*task, run, why);
    return true;
  }
  if (run.journalled) left_in_doubt(run, why);
  state.effects.erase(run.id);
  if (task) try_finish_stop(*task);
  return true;
}

void Core::doubt(Task& task, EffectRun& run, const std::string& why) {
  record_doubt(run, why);
  const EffectClass effect_class = run.request.effect_class;
  const bool repeatable = effect_class == EffectClass::ReadOnly || effect_class == EffectClass::Idempotent ||
                          task.root == TaskKind::Notification || planted(plan::Bug::DoubtRepeated);
  if (!repeatable && planted(plan::Bug::DoubtTakenForDone)) {
    settle_doubt(run, "it happened", {});
    return;
  }
  if (repeatable) {
    start_again(run, "started again under the same key", {});
    return;
  }
  const bool probed =
      std::ranges::any_of(task.frames, [&](const Frame& frame) { return plan.blocks[frame.block].probe != kNone; });
  if (probed && planted(plan::Bug::ProbeNotAsked)) {
    start_again(run, "started again under the same key", {});
  } else if (probed) {
    ask_probe(task, run);
  } else {
    doubt_to_people(task, run, why);
  }
}

void Core::start_again(EffectRun& run, const std::string& how, const std::string& who, bool ask) {
  record_settled(run, how, who, kNone);
  stop_probes(run.id);
  run.in_doubt = false;
  run.request.again = true;
  run.started = state.now;
  if (planted(plan::Bug::DoubtUnderNewKey)) run.request.key += "+";
  if (Task* task = find_task(run.task)) {
    task->wait = Wait::Effect;
    task->waits_for = run.id;
    renew_attempts(*task);
  }
  record(RecordKind::Intent,
         {{"effect", number(run.id)},
          {"key", Value::string(run.request.key)},
          {"callable", Value::string(run.request.callable)},
          {"again", Value::boolean(true)}},
         run.spot);
  StartEffect request = run.request;
  request.ask = ask;
  out.requests.emplace_back(std::move(request));
}

// What a probe would still say is about an effect that people have answered for, or that runs again.
void Core::stop_probes(std::uint64_t effect) {
  for (auto& [id, task] : state.tasks) {
    if (task.kind == TaskKind::DoubtProbe && task.subject == effect) kill(id);
  }
}

// The limits of `timeout` begin anew: nothing ran while the runtime was down and while people looked into it. Those of
// `within` bound the whole and go on.
void Core::renew_attempts(Task& task) {
  for (Frame& frame : task.frames) {
    if (frame.attempt_due == kNever) continue;
    frame.attempt_due = later(state.now, duration_or(plan.blocks[frame.block].timeout, &task, kNever));
  }
}

// Asks the innermost enclosing block's probe whether the effect is there.
void Core::ask_probe(Task& task, EffectRun& run) {
  run.in_doubt = true;
  task.wait = Wait::Doubt;
  task.waits_for = run.id;
  BlockId probe = kNone;
  for (const Frame& frame : task.frames) {
    if (plan.blocks[frame.block].probe != kNone) probe = plan.blocks[frame.block].probe;
  }
  Task& asked = new_task(TaskKind::DoubtProbe, &task);
  asked.subject = run.id;
  enter(asked, probe);
}

void Core::probe_answered(Task& probe, std::optional<bool> passed, const std::string& error) {
  const auto found = state.effects.find(probe.subject);
  if (found == state.effects.end() || !found->second.in_doubt) return;
  EffectRun& run = found->second;
  Task* task = find_task(run.task);
  if (!task || task->frames.empty()) return;
  if (!passed) {
    doubt_to_people(*task, run, "its probe could not say: " + error);
    return;
  }
  const std::uint64_t effect = run.id;
  if (planted(plan::Bug::ProbeInverted)) passed = !*passed;
  record_settled(run, *passed ? "its probe says that it happened" : "its probe says that it did not happen", {},
                 run.spot);
  state.effects.erase(found);
  std::size_t depth = task->frames.size();
  while (depth > 1 && plan.blocks[task->frames[depth - 1].block].probe == kNone) --depth;
  if (!*passed) std::erase_if(task->log, [&](const UndoEntry& entry) { return entry.effect == effect; });
  abandon(*task, depth);
  task->stay = false;
  task->waits_for = 0;
  Frame& frame = task->frames.back();
  frame.calling = false;
  if (*passed) {
    frame.pc = behind_probed(plan, plan.blocks[frame.block]);
    task->wait = Wait::Ready;
    return;
  }
  disarm(std::exchange(frame.scope, 0));
  task->wait = Wait::Timer;
  task->due = state.now;
}

void Core::doubt_to_people(Task& task, EffectRun& run, const std::string& why) {
  run.in_doubt = true;
  const std::string reason = fmt::format("unknown outcome of `{}`{}{}", run.text, why.empty() ? "" : ": ", why);
  const Task* top = &task;
  while (const Task* parent = top->kind == TaskKind::Branch ? find_task(top->parent) : nullptr) top = parent;
  if (const std::optional<RolloutId> undone = rollback_with(top->id)) {
    if (!planted(plan::Bug::UndoDoubtUnsettled))
      leave_doubt(run, "left: whoever takes the rollback up again runs this undo again");
    state.effects.erase(run.id);
    rollback_incomplete(*undone, reason);
    return;
  }
  if (state.main().rollback) {
    // A hook, or steps of an answer: they cannot pause a run that goes back, but people hear of it.
    leave_doubt(run, "left: the run goes back, and this step does not run again");
    const std::uint64_t left = top->id;
    state.effects.erase(run.id);
    kill(left);
    if (state.main().rollback->phase != RollbackPhase::Incomplete) rollback_incomplete(0, reason);
    return;
  }
  task.wait = Wait::Doubt;
  task.waits_for = run.id;
  pause_run(reason, Cause{reason, {}, run.spot, state.now}, kNone, nullptr, true);
}

void Core::leave_doubt(const EffectRun& run, const std::string& how) {
  record_settled(run, how, {}, run.spot);
}

void Core::record_settled(const EffectRun& run, const std::string& how, const std::string& who, SpotId spot) {
  record(RecordKind::Settled,
         {{"effect", number(run.id)},
          {"key", Value::string(run.request.key)},
          {"how", Value::string(how)},
          {"who", Value::string(who)}},
         spot);
}

// A person knows that it happened.
void Core::settle_doubt(EffectRun& run, const std::string& how, const std::string& who) {
  record_settled(run, how, who, run.spot);
  const EffectRun settled = std::move(run);
  state.effects.erase(settled.id);
  stop_probes(settled.id);
  Task* task = find_task(settled.task);
  if (!task) return;
  renew_attempts(*task);
  EffectDone done;
  done.effect = settled.id;
  done.status = EffectStatus::Succeeded;
  settle_effect(*task, settled, done);
}

void Core::doubts_settled(const std::string& who) {
  const bool open = std::ranges::any_of(state.effects, [](const auto& entry) { return entry.second.in_doubt; });
  if (open || !state.pause) return;
  if (state.pause->for_doubt && state.pauses_behind.empty()) {
    resume_run(who);
  } else if (state.pause->for_doubt) {
    pause_over(0);
  } else {
    std::erase_if(state.pauses_behind, [](const PauseRun& pause) { return pause.for_doubt; });
  }
}

}  // namespace rollout::machine
