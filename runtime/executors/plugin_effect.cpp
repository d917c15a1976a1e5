#include "runtime/executors/plugin_effect.hpp"

#include <fmt/format.h>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/failure.hpp"
#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

using plan::PlanError;
using plan::Value;
using plan::ValueKind;

std::string text_argument(const machine::StartEffect& effect, std::string_view name) {
  const Value* found = find_argument(effect.arguments, name);
  return found == nullptr ? std::string() : found->as_string();
}

PluginMethod method_of(const machine::StartEffect& effect) {
  const std::string method = text_argument(effect, "method");
  return method == "measure" ? PluginMethod::Measure : method == "read" ? PluginMethod::Read : PluginMethod::Call;
}

// An argument of unknown value would be another call than the one that was written.
std::optional<PlanError> check_arguments(const Value& arguments) {
  for (const auto& [name, value] : arguments.as_map()) {
    if (!value.is_missing()) continue;
    const std::string& why = value.as_string();
    return failure(fmt::format("its `{}` is unknown{}{}", printable(name, 80), why.empty() ? "" : ": ", why));
  }
  return std::nullopt;
}

std::optional<PlanError> add_secrets(const Value& given, const Secrets& secrets, PluginCall& call) {
  for (const auto& [name, value] : given.as_map()) {
    const auto text = secrets.text_of(value);
    if (!text) return failure(fmt::format("its `{}` cannot be passed: {}", printable(name, 80), text.error().message));
    call.secrets.emplace_back(name, *text);
  }
  return std::nullopt;
}

ValueKind kind_of(std::string_view type) {
  if (type == "ratio") return ValueKind::Ratio;
  if (type == "duration") return ValueKind::Duration;
  if (type == "size") return ValueKind::Size;
  return type == "rate" ? ValueKind::NumberRate : ValueKind::Number;
}

// The values of slots gone by, which a source returns as they are; that of now goes through the module's own function.
Value measured(const Value& answer, std::string_view type) {
  const ValueKind kind = kind_of(type);
  const double scale = kind == ValueKind::Duration ? 1e9 : 1;
  plan::Map fields;
  for (const auto& [name, value] : answer.as_map()) {
    if (name != "values") {
      fields.emplace_back(name, value);
      continue;
    }
    plan::List values;
    for (const Value& one : value.as_list()) {
      values.push_back(one.kind() == ValueKind::Number ? plan::quantity(kind, one.as_double() * scale) : one);
    }
    fields.emplace_back(name, Value::list(std::move(values)));
  }
  return Value::map(std::move(fields));
}

}  // namespace

plan::Expected<PluginCall> plugin_call(const machine::StartEffect& effect, const Secrets& secrets) {
  PluginCall call;
  call.plugin = text_argument(effect, "plugin");
  call.operation = text_argument(effect, "operation");
  call.method = method_of(effect);
  call.type = text_argument(effect, "type");
  call.from = text_argument(effect, "from");
  call.to = text_argument(effect, "to");
  if (const Value* step = find_argument(effect.arguments, "step")) call.step = plan::to_json(*step);
  call.effect_class = effect.effect_class;
  call.again = effect.again;
  call.ask = effect.ask;
  call.arguments = "{}";
  if (const Value* arguments = find_argument(effect.arguments, "args")) {
    if (auto wrong = check_arguments(*arguments)) return *wrong;
    call.arguments = plan::to_json(*arguments);
  }
  if (const Value* given = find_argument(effect.arguments, "secrets")) {
    if (auto wrong = add_secrets(*given, secrets, call)) return *wrong;
  }
  return call;
}

machine::EffectDone plugin_outcome(const machine::StartEffect& effect, const PluginResult& result,
                                   const Masker& masker) {
  using machine::EffectStatus;
  constexpr EffectStatus kStatuses[] = {EffectStatus::Succeeded, EffectStatus::Failed,    EffectStatus::NotStarted,
                                        EffectStatus::TimedOut,  EffectStatus::Cancelled, EffectStatus::InDoubt};
  machine::EffectDone done;
  done.effect = effect.effect;
  done.status = kStatuses[static_cast<std::size_t>(result.end)];
  done.error = printable(masker.apply(result.error), 2'000);
  if (result.end != PluginEnd::Done) {
    done.result = Value::missing("the plugin gave nothing");
    return done;
  }
  const auto value = plan::from_json(masker.apply(result.json));
  done.result = value.value_or(Value::missing("the plugin gave no JSON"));
  if (method_of(effect) == PluginMethod::Measure) done.result = measured(done.result, text_argument(effect, "type"));
  return done;
}

}  // namespace rollout::executors
