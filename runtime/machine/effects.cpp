#include <fmt/format.h>

#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/plan/planted.hpp"

// Effects: their intents, and what their outcomes mean for the task that waits.

namespace rollout::machine {

using plan::Block;
using plan::BlockKind;
using plan::Effect;
using plan::EffectKind;

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kDefaultTimeout = 60 * kSecond;
constexpr std::uint32_t kCallPlace = 0x8000'0000;

std::string_view status_name(EffectStatus status) {
  static constexpr std::string_view kNames[] = {"succeeded", "failed",  "not started", "timed out",
                                                "cancelled", "descend", "in doubt"};
  const auto index = static_cast<std::size_t>(status);
  return index < std::size(kNames) ? kNames[index] : "failed";
}

std::string_view class_name(EffectClass effect_class) {
  static constexpr std::string_view kNames[] = {"opaque", "readonly", "idempotent", "irreversible"};
  return kNames[std::min<std::size_t>(static_cast<std::size_t>(effect_class), 3)];
}

std::string_view kind_name(RequestKind kind) {
  static constexpr std::string_view kNames[] = {"run", "shell", "http", "call", "check", "mail", "plugin"};
  return kNames[std::min<std::size_t>(static_cast<std::size_t>(kind), std::size(kNames) - 1)];
}

std::string callable_of(const Effect& effect, const std::vector<std::pair<std::string, Value>>& arguments) {
  const auto find = [&](std::string_view name) -> std::string {
    for (const auto& [key, value] : arguments) {
      if (key != name) continue;
      if (value.kind() != plan::ValueKind::List) return plan::to_text(value);
      std::string joined;
      for (const Value& part : value.as_list()) joined += (joined.empty() ? "" : " ") + plan::to_text(part);
      return joined;
    }
    return {};
  };
  switch (effect.kind) {
    case EffectKind::Process: return find("command");
    case EffectKind::Shell: return find("script");
    case EffectKind::Http: {
      const std::string method = find("method");
      return (method.empty() ? "GET" : method) + " " + find("url");
    }
    case EffectKind::Mail: return "mail to " + find("to");
    case EffectKind::Plugin: return "plugin " + find("plugin") + "." + find("operation");
  }
  return {};
}

RequestKind request_kind(EffectKind kind) {
  switch (kind) {
    case EffectKind::Process: return RequestKind::Process;
    case EffectKind::Shell: return RequestKind::Shell;
    case EffectKind::Http: return RequestKind::Http;
    case EffectKind::Mail: return RequestKind::Mail;
    case EffectKind::Plugin: return RequestKind::Plugin;
  }
  return RequestKind::Shell;
}

// The reason why a call may not leave: one of its arguments is unknown, so that it would do something else than was
// written.
std::string unknown_argument(const std::vector<std::pair<std::string, Value>>& arguments) {
  for (const auto& [name, value] : arguments) {
    const auto& parts = value.as_list();
    const auto missing = std::ranges::find_if(parts, [](const Value& part) { return part.is_missing(); });
    const bool whole = value.is_missing();
    if (!whole && missing == parts.end()) continue;
    const std::string& why = whole ? value.as_string() : missing->as_string();
    return fmt::format("its `{}` is unknown{}{}", name, why.empty() ? "" : ": ", why);
  }
  return {};
}

}  // namespace

EffectClass Core::effective_class(const Task& task, EffectClass own) const {
  if (is_silent(task)) return EffectClass::ReadOnly;
  if (own != EffectClass::Opaque) return own;
  for (auto frame = task.frames.rbegin(); frame != task.frames.rend(); ++frame) {
    const Block& block = plan.blocks[frame->block];
    if (block.kind == BlockKind::Check || block.kind == BlockKind::Verify) return EffectClass::ReadOnly;
    if (block.kind != BlockKind::Action && block.kind != BlockKind::Step) continue;
    if (block.effect_class != EffectClass::Opaque) return block.effect_class;
  }
  return EffectClass::Opaque;
}

std::string Core::path_of(const Task& task) const {
  const Task* parent = task.kind == TaskKind::Branch ? find_task(task.parent) : nullptr;
  std::string path = parent ? path_of(*parent) : std::string{};
  // The hooks and undos of several children have the same names.
  if (!parent && task.rollout != 0) path = row(task.rollout).path;
  for (std::size_t depth = 0; depth < task.frames.size(); ++depth) {
    const Block& block = plan.blocks[task.frames[depth].block];
    const std::string name = block.name.empty() || block.name.size() > 60 ? "step" : block.name;
    if (!path.empty()) path += '/';
    path += name;
    if (depth > 0) {
      const Frame& above = task.frames[depth - 1];
      path += fmt::format(".{}", above.pc - std::min(above.pc, plan.blocks[above.block].begin));
    }
  }
  for (char& letter : path) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') || letter == '/' || letter == '.' || letter == '_' ||
                       letter == '-';
    if (!plain) letter = '-';
  }
  return path;
}

// run/step path/statement/attempt. The path is for people; the statement's place in the plan tells apart what has one
// name, as the undos of two actions do. The attempt counts how often this very statement has been started in the run,
// so that no two logical attempts share a key, whichever loop, retry or fallback led to them.
std::string Core::effect_key(const Task& task, std::uint32_t place) {
  const std::uint32_t attempt = ++state.attempts[place];
  const bool call = (place & kCallPlace) != 0;
  return fmt::format("{}/{}/{}{}/{}", state.run_id, path_of(task), call ? "c" : "", place & ~kCallPlace, attempt);
}

// How long a call may take that has no limit of its own: what is left of the nearest `timeout` around it.
Nanoseconds Core::usual_limit(const Task& task) const {
  Nanoseconds usual = kDefaultTimeout;
  for (const Frame& frame : task.frames) {
    if (frame.attempt_due != kNever) usual = std::max<Nanoseconds>(0, between(state.now, frame.attempt_due));
  }
  return usual;
}

void Core::start_effect(Task& task, const plan::Instruction& instruction) {
  if (instruction.b >= plan.effects.size()) {
    advance(task);
    return;
  }
  const Effect& effect = plan.effects[instruction.b];
  EffectRun run;
  run.request.kind = request_kind(effect.kind);
  run.request.effect_class = effective_class(task, effect.effect_class);
  run.request.arguments = arguments_of(effect.arguments, &task);
  run.request.callable = callable_of(effect, run.request.arguments);
  run.text = effect.text.empty() ? run.request.callable : effect.text;
  run.spot = effect.spot == kNone ? instruction.spot : effect.spot;
  run.result = effect.result;
  const std::string unknown = unknown_argument(run.request.arguments);
  if (!state.scripted_world && !unknown.empty()) {
    fail(task, fmt::format("`{}` was not started: {}", run.text, unknown), true);
    return;
  }
  Nanoseconds usual = usual_limit(task);
  if (task.root == TaskKind::MetricCheck && !state.metrics.empty()) {
    usual = state.metrics[std::min<std::size_t>(task.subject, state.metrics.size() - 1)].answer_within;
  }
  run.request.timeout = duration_or(effect.timeout, &task, usual);
  run.request.key = effect_key(task, task.frames.back().pc);
  send_effect(task, std::move(run));
}

void Core::start_call(Task& task, const Block& block) {
  EffectRun run;
  const bool is_check = block.kind == BlockKind::Check;
  run.request.kind = is_check ? RequestKind::Check : RequestKind::Call;
  run.request.effect_class = effective_class(task, block.effect_class);
  if (block.kind == BlockKind::Channel) run.request.effect_class = EffectClass::Idempotent;
  run.request.callable = block.name;
  run.request.arguments = arguments_of(block.arguments, &task);
  run.request.timeout = usual_limit(task);
  run.request.key = effect_key(task, kCallPlace | task.frames.back().block);
  run.text = block.name;
  run.spot = block.spot;
  run.result = block.result;
  task.frames.back().calling = true;
  send_effect(task, std::move(run));
}

void Core::send_effect(Task& task, EffectRun run) {
  run.id = state.next_id++;
  run.task = task.id;
  run.started = state.now;
  run.request.effect = run.id;
  run.journalled = !is_silent(task);
  const StartEffect& request = run.request;
  const bool changes = request.effect_class != EffectClass::ReadOnly && task.root != TaskKind::Notification;
  if (changes) {
    UndoEntry entry;
    entry.kind = request.effect_class == EffectClass::Irreversible ? UndoKind::Barrier : UndoKind::Skip;
    entry.effect = run.id;
    entry.text = run.text;
    task.log.push_back(std::move(entry));
  }
  if (run.journalled) {
    plan::Map arguments;
    for (const auto& [name, value] : request.arguments) arguments.emplace_back(name, value);
    record(RecordKind::Intent,
           {{"effect", Value::number(static_cast<double>(run.id))},
            {"key", Value::string(request.key)},
            {"kind", Value::string(std::string(kind_name(request.kind)))},
            {"callable", Value::string(request.callable)},
            {"arguments", Value::map(std::move(arguments))},
            {"class", Value::string(std::string(class_name(request.effect_class)))},
            {"again", Value::boolean(false)}},
           run.spot);
  }
  out.requests.emplace_back(request);
  task.wait = Wait::Effect;
  task.waits_for = run.id;
  state.effects.emplace_hint(state.effects.end(), run.id, std::move(run));
}

void Core::effect_done(const EffectDone& done) {
  const auto found = state.effects.find(done.effect);
  if (found == state.effects.end()) return;
  Task* task = find_task(found->second.task);
  const Acting for_it(*this, task ? rollout_of(*task) : 0);
  if (done.status == EffectStatus::InDoubt && outcome_unknown(found->second, done.error)) return;
  const EffectRun run = found->second;
  state.effects.erase(found);
  if (run.journalled) {
    record(RecordKind::Outcome,
           {{"effect", Value::number(static_cast<double>(run.id))},
            {"key", Value::string(run.request.key)},
            {"status", Value::string(std::string(status_name(done.status)))},
            {"error", Value::string(done.error)},
            {"result", done.result}},
           run.spot);
  }
  if (!task) return;
  // What was started before a crash and could not be started again after it may have been done all the same.
  const bool never_began =
      (done.status == EffectStatus::NotStarted && (!run.request.again || planted(plan::Bug::FirstStartForgotten))) ||
      done.status == EffectStatus::Descend;
  if (never_began) std::erase_if(task->log, [&](const UndoEntry& entry) { return entry.effect == run.id; });
  if (task->stop) {
    try_finish_stop(*task);
  } else if (task->waits_for == run.id && (task->wait == Wait::Effect || task->wait == Wait::Doubt)) {
    settle_effect(*task, run, done);
  }
}

void Core::settle_effect(Task& task, const EffectRun& run, const EffectDone& done) {
  task.waits_for = 0;
  const bool call = !task.frames.empty() && task.frames.back().calling;
  if (!done.result.is_missing() && run.result < state.variables.size()) {
    state.variables[run.result] = done.result;
  }
  if (done.status == EffectStatus::Succeeded || done.status == EffectStatus::Descend) {
    if (call) {
      call_done(task, done);
    } else {
      advance(task);
    }
    return;
  }
  if (call) task.frames.back().calling = false;
  std::string_view how = done.status == EffectStatus::Failed ? "failed" : status_name(done.status);
  if (done.status == EffectStatus::NotStarted) how = "could not be started";
  // A check that ran and said no has answered; one that could not be asked has not.
  const bool answered = done.status == EffectStatus::Failed && run.request.kind != RequestKind::Http;
  // A probe counts passes: what does not answer has not passed.
  const bool probe = task.root == TaskKind::MetricCheck && task.subject < plan.metrics.size() &&
                     plan.metrics[task.subject].provider == plan::MetricProvider::Probe;
  const bool unknown = is_silent(task) && !answered && !probe;
  fail(task, fmt::format("`{}` {}{}{}", run.text, how, done.error.empty() ? "" : ": ", done.error), unknown);
}

void Core::call_done(Task& task, const EffectDone& done) {
  Frame& frame = task.frames.back();
  frame.calling = false;
  task.wait = Wait::Ready;
  if (done.status == EffectStatus::Succeeded) frame.pc = plan.blocks[frame.block].end - 1;
}

}  // namespace rollout::machine
