#include "runtime/command/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/transform.hpp>

#include "compiler/diagnostics/suggest.hpp"

namespace rollout::command {

namespace {

using plan::Parameter;
using plan::PlanError;
using plan::Value;
using plan::ValueKind;

std::string example_of(const Parameter& parameter) {
  switch (parameter.kind) {
    case ValueKind::Bool: return "true";
    case ValueKind::Number: return "3";
    case ValueKind::Ratio: return "5%";
    case ValueKind::Duration: return "15m";
    case ValueKind::Size: return "512MiB";
    case ValueKind::NumberRate: return "15/s";
    case ValueKind::RatioRate: return "2%/h";
    case ValueKind::SizeRate: return "10MB/s";
    case ValueKind::TimeOfDay: return "02:00";
    case ValueKind::Instant: return "2026-12-01T02:00Z";
    case ValueKind::Enum: return parameter.labels.empty() ? "label" : parameter.labels.front();
    case ValueKind::String: return "text";
    case ValueKind::List: return R"(["a", "b"])";
    case ValueKind::Map: return R"({"a": "b"})";
    case ValueKind::Missing:
    case ValueKind::Secret:
    case ValueKind::Any: break;
  }
  return "value";
}

// Simple values of one kind.
bool is_plain(const Value& container) {
  std::vector<ValueKind> kinds;
  for (const Value& element : container.as_list()) kinds.push_back(element.kind());
  for (const auto& [name, element] : container.as_map()) kinds.push_back(element.kind());
  const auto fits = [&](ValueKind kind) {
    return kind == kinds.front() && (kind == ValueKind::String || kind == ValueKind::Number || kind == ValueKind::Bool);
  };
  return std::all_of(kinds.begin(), kinds.end(), fits);
}

plan::Expected<Value> read_value(const Parameter& parameter, const std::string& text) {
  if (parameter.kind == ValueKind::Enum) {
    const auto label = std::find(parameter.labels.begin(), parameter.labels.end(), text);
    if (label == parameter.labels.end()) {
      return PlanError{fmt::format("parameter `{}` cannot be `{}`: it is one of {}", parameter.name, text,
                                   fmt::join(parameter.labels, ", "))};
    }
    return Value::label(text, label - parameter.labels.begin());
  }
  if (parameter.kind == ValueKind::List || parameter.kind == ValueKind::Map) {
    std::optional<Value> json = plan::from_json(text);
    if (json && json->kind() == parameter.kind && is_plain(*json)) return *json;
    return PlanError{
        fmt::format("parameter `{}` takes {} as JSON, all of it texts, all numbers or all true and false, but "
                    "`{}` is none; write for example --set {}='{}'",
                    parameter.name, plan::kind_name(parameter.kind), text, parameter.name, example_of(parameter))};
  }
  std::optional<Value> value = plan::parse_literal(text, parameter.kind);
  if (!value) {
    return PlanError{fmt::format("parameter `{}` takes {}, but `{}` is none; write for example --set {}={}",
                                 parameter.name, plan::kind_name(parameter.kind), text, parameter.name,
                                 example_of(parameter))};
  }
  return *value;
}

}  // namespace

plan::Expected<ParameterValues> read_parameters(const plan::Plan& plan, const std::vector<std::string>& settings) {
  ParameterValues values;
  const auto names = plan.parameters | ranges::views::transform([](const Parameter& each) { return each.name; }) |
                     ranges::to<std::vector<std::string>>();
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return PlanError{fmt::format("`--set {}` has no value; write --set NAME=VALUE", setting)};
    }
    const std::string name = setting.substr(0, equals);
    const auto parameter = std::find_if(plan.parameters.begin(), plan.parameters.end(),
                                        [&](const Parameter& each) { return each.name == name; });
    if (parameter == plan.parameters.end()) {
      const auto close = diagnostics::closest(name, names);
      const std::string hint = close           ? fmt::format("; did you mean `{}`?", *close)
                               : names.empty() ? std::string("; it has none")
                                               : fmt::format("; it has {}", fmt::join(names, ", "));
      return PlanError{fmt::format("rollout `{}` has no parameter `{}`{}", plan.rollout.name, name, hint)};
    }
    if (std::any_of(values.begin(), values.end(), [&](const auto& each) { return each.first == name; })) {
      return PlanError{fmt::format("parameter `{}` is set twice", name)};
    }
    auto value = read_value(*parameter, setting.substr(equals + 1));
    if (!value) return value.error();
    values.emplace_back(name, *value);
  }
  for (const Parameter& parameter : plan.parameters) {
    const bool given =
        std::any_of(values.begin(), values.end(), [&](const auto& each) { return each.first == parameter.name; });
    if (!given && parameter.default_value == plan::kNone) {
      return PlanError{fmt::format("parameter `{}` is missing: it has no default; add --set {}={}", parameter.name,
                                   parameter.name, example_of(parameter))};
    }
  }
  return values;
}

}  // namespace rollout::command
