#include "runtime/executors/process_effect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/failure.hpp"
#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

using plan::PlanError;
using plan::Value;
using plan::ValueKind;

std::optional<PlanError> add_command(const Value& command, const Secrets& secrets, ProcessRequest& request) {
  if (command.kind() != ValueKind::List || command.as_list().empty()) return failure("the command is empty");
  for (const Value& word : command.as_list()) {
    const std::size_t index = request.command.size();
    if (word.kind() == ValueKind::Secret) {
      return failure(
          fmt::format("argument {} of the command is a secret, which everybody on the machine could read; pass it with "
                      "`env:` or `stdin:`",
                      index));
    }
    const auto text = secrets.text_of(word);
    if (!text)
      return failure(fmt::format("argument {} of the command cannot be passed: {}", index, text.error().message));
    request.command.push_back(*text);
  }
  return std::nullopt;
}

std::optional<PlanError> add_environment(const Value& variables, const Secrets& secrets, ProcessRequest& request) {
  for (const auto& [name, value] : variables.as_map()) {
    const auto text = secrets.text_of(value);
    if (!text) {
      return failure(
          fmt::format("the environment variable `{}` cannot be set: {}", printable(name, 80), text.error().message));
    }
    request.environment.emplace_back(name, *text);
  }
  return std::nullopt;
}

std::vector<int> accepted_statuses(const machine::StartEffect& effect) {
  const Value* accepted = find_argument(effect.arguments, "exit");
  if (accepted == nullptr || accepted->kind() != ValueKind::List) return {0};
  std::vector<int> statuses;
  for (const Value& status : accepted->as_list()) statuses.push_back(static_cast<int>(std::lround(status.as_double())));
  return statuses;
}

machine::EffectStatus status_of(ProcessEnd end, bool accepted) {
  switch (end) {
    case ProcessEnd::Exited: return accepted ? machine::EffectStatus::Succeeded : machine::EffectStatus::Failed;
    case ProcessEnd::Signalled: return machine::EffectStatus::Failed;
    case ProcessEnd::NotStarted: return machine::EffectStatus::NotStarted;
    case ProcessEnd::TimedOut: return machine::EffectStatus::TimedOut;
    case ProcessEnd::Cancelled: return machine::EffectStatus::Cancelled;
  }
  return machine::EffectStatus::Failed;
}

Value result_value(const ProcessResult& result, const Masker& masker) {
  if (result.end == ProcessEnd::NotStarted) return Value::missing("it was not started");
  const std::string output = result.output.text(masker);
  const bool exited = result.end == ProcessEnd::Exited;
  plan::Map map;
  // As shells count: a signal is 128 + its number.
  map.emplace_back("exit", Value::number(exited ? result.status : 128 + result.status));
  map.emplace_back("stdout", Value::string(output));
  map.emplace_back("stderr", Value::string(result.errors.text(masker)));
  std::optional<Value> json;
  if (result.output.dropped() == 0) json = plan::from_json(trimmed(output));
  map.emplace_back("json", json.value_or(Value::missing("the output is not JSON")));
  map.emplace_back("elapsed", Value::duration(result.elapsed));
  return Value::map(std::move(map));
}

std::string with_last_words(std::string what, const ProcessResult& result, const Masker& masker) {
  std::string words = printable(last_line(result.errors.text(masker)));
  if (words.empty()) words = printable(last_line(result.output.text(masker)));
  return words.empty() ? what : fmt::format("{}: {}", what, words);
}

}  // namespace

plan::Expected<ProcessRequest> process_request(const std::vector<std::pair<std::string, Value>>& arguments,
                                               const Secrets& secrets, const ProcessDefaults& defaults) {
  ProcessRequest request;
  request.grace = defaults.grace;
  request.output_limit = defaults.output_limit;
  if (const Value* script = find_argument(arguments, "script")) {
    if (script->kind() != ValueKind::String) return failure("the script is not a text");
    request.command = {"/bin/sh", "-e", "-c", script->as_string()};
  } else if (const Value* command = find_argument(arguments, "command")) {
    if (auto wrong = add_command(*command, secrets, request)) return *wrong;
  } else {
    return failure("the command is empty");
  }
  if (const Value* variables = find_argument(arguments, "env")) {
    if (auto wrong = add_environment(*variables, secrets, request)) return *wrong;
  }
  if (const Value* input = find_argument(arguments, "stdin")) {
    const auto text = secrets.text_of(*input);
    if (!text) return failure(fmt::format("the standard input cannot be passed: {}", text.error().message));
    request.input = *text;
  }
  if (const Value* directory = find_argument(arguments, "cwd")) {
    const auto text = secrets.text_of(*directory);
    if (!text) return failure(fmt::format("the folder to run in is not known: {}", text.error().message));
    request.directory = *text;
  }
  return request;
}

std::string process_failure(const ProcessResult& result, const std::vector<int>& accepted, const Masker& masker,
                            Nanoseconds timeout) {
  switch (result.end) {
    case ProcessEnd::Exited:
      if (std::find(accepted.begin(), accepted.end(), result.status) != accepted.end()) return {};
      return with_last_words(fmt::format("exit status {}", result.status), result, masker);
    case ProcessEnd::Signalled: {
      const char* name = ::sigdescr_np(result.status);
      return with_last_words(fmt::format("ended by signal {} ({})", result.status, name == nullptr ? "unknown" : name),
                             result, masker);
    }
    case ProcessEnd::NotStarted: return masker.apply(result.error);
    case ProcessEnd::TimedOut:
      return with_last_words(fmt::format("not finished within {}", plan::duration_text(timeout)), result, masker);
    case ProcessEnd::Cancelled: return "cancelled";
  }
  return {};
}

machine::EffectDone process_outcome(const machine::StartEffect& effect, const ProcessResult& result,
                                    const Masker& masker) {
  machine::EffectDone done;
  done.effect = effect.effect;
  done.error = process_failure(result, accepted_statuses(effect), masker, effect.timeout);
  done.status = status_of(result.end, done.error.empty());
  done.result = result_value(result, masker);
  return done;
}

}  // namespace rollout::executors
