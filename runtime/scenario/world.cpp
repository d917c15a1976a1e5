#include "runtime/scenario/world.hpp"

#include <algorithm>

#include "runtime/scenario/signals.hpp"

namespace rollout::scenario {

namespace {

using machine::EffectStatus;
using machine::RequestKind;
using machine::StartEffect;
using plan::EffectClass;

bool is_command(RequestKind kind) {
  return kind == RequestKind::Process || kind == RequestKind::Shell;
}

std::vector<Value> values_of(const std::vector<std::pair<std::string, Value>>& arguments) {
  std::vector<Value> values;
  values.reserve(arguments.size());
  for (const auto& [name, value] : arguments) values.push_back(value);
  return values;
}

bool about(const WorldRule& rule, const StartEffect& effect) {
  if (!rule.command.empty()) {
    if (!is_command(effect.kind)) return false;
    return command_matches(rule.command, effect.callable);
  }
  const CallNames call = call_names(effect);
  return !is_command(effect.kind) && rule.callable == call.callable &&
         arguments_match(rule.arguments, values_of(call.arguments));
}

// Text that a command writes to say a value.
std::string output_of(const Value& value) {
  return value.kind() == plan::ValueKind::Map || value.kind() == plan::ValueKind::List ? plan::to_json(value)
                                                                                       : plan::to_text(value);
}

Value json_of(const Value& value) {
  if (value.kind() != plan::ValueKind::String) return value;
  auto parsed = plan::from_json(value.as_string());
  return parsed ? std::move(*parsed) : Value::missing("the output is not JSON");
}

Value process_result(double exit, Value stdout_text, std::string stderr_text, Value json) {
  return Value::map({{"exit", Value::number(exit)},
                     {"stdout", std::move(stdout_text)},
                     {"stderr", Value::string(std::move(stderr_text))},
                     {"json", std::move(json)},
                     {"elapsed", Value::duration(0)}});
}

Value http_result(double status, Value text, Value json) {
  return Value::map({{"status", Value::number(status)},
                     {"headers", Value::map({})},
                     {"text", std::move(text)},
                     {"json", std::move(json)},
                     {"elapsed", Value::duration(0)}});
}

Value nothing_said() {
  return Value::missing("the scenario says nothing of it");
}

// What an effect gives that succeeds without a word about its result. What a read has read is unknown then.
Value plain_result(RequestKind kind, EffectClass effect_class = EffectClass::Opaque) {
  const Value output = effect_class == EffectClass::ReadOnly ? nothing_said() : Value::string({});
  switch (kind) {
    case RequestKind::Process:
    case RequestKind::Shell: return process_result(0, output, {}, nothing_said());
    case RequestKind::Http: return http_result(200, output, nothing_said());
    case RequestKind::Mail:
    case RequestKind::Plugin:
    case RequestKind::Call: return nothing_said();
    case RequestKind::Check: return Value::boolean(true);
  }
  return nothing_said();
}

// A record with the result's own fields is the result; of those that it leaves out, the plain ones stay.
Value merged(const Value& base, const Value& given) {
  plan::Map fields = base.as_map();
  for (const auto& [name, value] : given.as_map()) {
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.first == name; });
    if (field != fields.end()) field->second = value;
  }
  return Value::map(std::move(fields));
}

Value given_result(RequestKind kind, const Value& value) {
  switch (kind) {
    case RequestKind::Process:
    case RequestKind::Shell:
      if (value.find("exit") || value.find("stdout")) return merged(plain_result(kind), value);
      return process_result(0, Value::string(output_of(value)), {}, json_of(value));
    case RequestKind::Http:
      if (value.find("status")) return merged(plain_result(kind), value);
      return http_result(200, Value::string(output_of(value)), json_of(value));
    case RequestKind::Mail:
    case RequestKind::Plugin:
    case RequestKind::Call:
    case RequestKind::Check: return value;
  }
  return value;
}

WorldAnswer failure(const StartEffect& effect, const std::string& why) {
  WorldAnswer answer{EffectStatus::Failed, nothing_said(), why.empty() ? "the scenario lets it fail" : why, 0};
  if (is_command(effect.kind)) answer.result = process_result(1, Value::string({}), why, nothing_said());
  if (effect.kind == RequestKind::Http) answer.result = http_result(500, Value::string(why), nothing_said());
  if (effect.kind == RequestKind::Check) answer.result = Value::boolean(false);
  return answer;
}

// A pattern as the program would see its words: quotes that group are gone, and so is what else only the shell-like
// writing needs (several blanks, a backslash at a line's end).
std::string without_quotes(std::string_view pattern) {
  std::string plain;
  char quote = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote == 0 && c == '\\' && i + 1 < pattern.size() &&
               (pattern[i + 1] == '\n' || pattern[i + 1] == '\r')) {
      continue;
    } else if (quote == 0 && blank) {
      if (!plain.empty() && !plain.ends_with(' ')) plain += ' ';
    } else {
      plain += c;
    }
  }
  return plain;
}

}  // namespace

CallNames call_names(const StartEffect& effect) {
  CallNames call{effect.callable, effect.arguments};
  if (effect.kind == RequestKind::Mail) call.callable = "smtp.send";
  if (effect.kind != RequestKind::Http) return call;
  call.callable = "http.";
  for (const char c : effect.callable.substr(0, effect.callable.find(' ')))
    call.callable += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::erase_if(call.arguments, [](const auto& argument) { return argument.first == "method"; });
  return call;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool command_matches(std::string_view pattern, std::string_view command) {
  return glob_matches(pattern, command) || glob_matches(without_quotes(pattern), command);
}

World::World(const Scenario& scenario) {
  for (const WorldRule& rule : scenario.world)
    lines_.push_back({&rule, {rule.from, rule.to, std::nullopt, std::nullopt}, 0});
}

void World::resolve(const Points& points) {
  for (Line& line : lines_) {
    line.span.resolve(points);
    for (const auto& bound : {line.span.from, line.span.to}) last_change_ = std::max(last_change_, bound.value_or(0));
  }
}

WorldAnswer World::answer(const StartEffect& effect, Nanoseconds now) {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    const WorldRule& rule = *line->rule;
    const bool used_up = rule.answer == WorldRule::Answer::Fails && rule.times > 0 && line->used >= rule.times;
    if (!used_up && line->span.holds_at(now) && about(rule, effect)) return apply(*line, effect);
  }
  // What nobody scripted as a whole is carried out, so that its commands are seen.
  if (effect.kind == RequestKind::Call) return {EffectStatus::Descend, nothing_said(), {}, 0};
  return {EffectStatus::Succeeded, plain_result(effect.kind, effect.effect_class), {}, 0};
}

WorldAnswer World::apply(Line& line, const StartEffect& effect) {
  const WorldRule& rule = *line.rule;
  const std::uint32_t turn = line.used++;
  switch (rule.answer) {
    case WorldRule::Answer::Succeeds:
      return {EffectStatus::Succeeded, plain_result(effect.kind), {}, std::max<Nanoseconds>(0, rule.after)};
    case WorldRule::Answer::Fails: return failure(effect, rule.why);
    case WorldRule::Answer::Hangs: return {EffectStatus::TimedOut, nothing_said(), {}, std::nullopt};
    case WorldRule::Answer::Returns: break;
  }
  if (rule.values.empty()) return {EffectStatus::Succeeded, plain_result(effect.kind), {}, 0};
  const Value& value = rule.values[std::min<std::size_t>(turn, rule.values.size() - 1)];
  if (effect.kind == RequestKind::Check && value.kind() == plan::ValueKind::Bool && !value.as_bool())
    return failure(effect, rule.why);
  return {EffectStatus::Succeeded, given_result(effect.kind, value), {}, 0};
}

std::optional<Nanoseconds> World::requirement_met_after(const std::string& rollout) const {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    if (line->rule->callable != rollout) continue;
    const bool succeeds = line->rule->answer == WorldRule::Answer::Succeeds;
    return succeeds ? std::optional(std::max<Nanoseconds>(0, line->rule->after)) : std::nullopt;
  }
  return 0;
}

std::optional<bool> World::check_passes(const std::string& check, const std::vector<Value>& arguments,
                                        Nanoseconds now) {
  StartEffect effect;
  effect.kind = RequestKind::Check;
  effect.callable = check;
  for (const Value& argument : arguments) effect.arguments.emplace_back(std::string{}, argument);
  const WorldAnswer found = answer(effect, now);
  if (!found.after) return std::nullopt;
  return found.status == EffectStatus::Succeeded;
}

}  // namespace rollout::scenario
