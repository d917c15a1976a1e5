#include <fmt/format.h>

#include <algorithm>

#include "runtime/plugins/schema/schema.hpp"

// A plugin as a module of the language. What is written here is all that its calls are: the checker, the machine and
// the language server know nothing of plugins but the three natives that these bodies call.

namespace rollout::plugins {

namespace {

std::string replaced(std::string_view pattern, std::string_view name) {
  std::string text;
  for (const char letter : pattern) {
    if (letter == '@') {
      text += name;
    } else {
      text += letter;
    }
  }
  return text;
}

// Documentation above a declaration, line by line; what a plugin says cannot end the comment.
std::string documented(std::string_view text, std::string_view otherwise) {
  if (text.empty()) text = otherwise;
  std::string out;
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    out += "## ";
    for (const char letter : line) out += static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f ? ' ' : letter;
    out += "\n";
  }
  return out;
}

std::string parameter_list(const std::vector<Parameter>& parameters) {
  std::string out;
  for (const Parameter& parameter : parameters) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", parameter.name,
                       parameter.wire == nullptr ? std::string_view(parameter.type) : parameter.wire->rollout);
    if (!parameter.default_text.empty()) out += " = " + parameter.default_text;
  }
  return "(" + out + ")";
}

std::string parameter_notes(const std::vector<Parameter>& parameters) {
  std::string out;
  for (const Parameter& parameter : parameters) {
    if (!parameter.documentation.empty())
      out += documented(fmt::format("`{}`: {}", parameter.name, parameter.documentation), {});
  }
  return out;
}

// How the value of a parameter travels, from an expression that is in scope.
std::string wired(const Parameter& parameter, std::string_view expression) {
  return parameter.wire == nullptr ? fmt::format("\"${{{}}}\"", expression)
                                   : replaced(parameter.wire->wire, expression);
}

struct Call {
  std::string_view plugin, method, operation;
  std::vector<std::pair<std::string, std::string>> arguments = {}, secrets = {};  // name and expression
  std::string more = {};
};

std::string map_text(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out;
  for (const auto& [name, expression] : members)
    out += fmt::format("{}\"{}\": {}", out.empty() ? "" : ", ", name, expression);
  return "{ " + out + " }";
}

std::string text_of(const Call& call) {
  std::string out =
      fmt::format("plugin.{}(plugin: \"{}\", operation: \"{}\"", call.method, call.plugin, call.operation);
  if (!call.arguments.empty()) out += ", args: " + map_text(call.arguments);
  if (!call.secrets.empty()) out += ", secrets: " + map_text(call.secrets);
  return out + call.more + ")";
}

void add_argument(Call& call, const Parameter& parameter, std::string_view expression) {
  if (parameter.type == "secret") {
    call.secrets.emplace_back(parameter.name, expression);
  } else {
    call.arguments.emplace_back(parameter.name, wired(parameter, expression));
  }
}

Call call_of(const Schema& schema, std::string_view method, std::string_view operation,
             const std::vector<Parameter>& parameters) {
  Call call{schema.name, method, operation};
  for (const Parameter& parameter : parameters) add_argument(call, parameter, parameter.name);
  return call;
}

// A call of what an operation names as its undo, probe or `before`, with that operation's arguments.
Call linked_call(const Schema& schema, const Operation& operation, const Operation& called) {
  const bool reads = called.effect == plan::EffectClass::ReadOnly;
  Call call{schema.name, reads ? "read" : "call", called.name};
  for (const Parameter& parameter : called.parameters) {
    const auto own = std::ranges::find(operation.parameters, parameter.name, &Parameter::name);
    const bool given = own != operation.parameters.end() && own->type == parameter.type;
    if (given) {
      add_argument(call, parameter, parameter.name);
    } else if (parameter.name == "before" && !operation.before.empty()) {
      call.arguments.emplace_back("before", "plugin_before");
    } else {
      add_argument(call, parameter, parameter.default_text);
    }
  }
  return call;
}

std::string_view class_word(plan::EffectClass effect) {
  switch (effect) {
    case plan::EffectClass::ReadOnly: return "readonly ";
    case plan::EffectClass::Idempotent: return "idempotent ";
    case plan::EffectClass::Irreversible: return "irreversible ";
    case plan::EffectClass::Opaque: return "";
  }
  return "";
}

std::string operation_text(const Schema& schema, const Operation& operation) {
  const bool reads = operation.effect == plan::EffectClass::ReadOnly;
  const WireType* result = wire_type(operation.result);
  std::string out = documented(operation.documentation, fmt::format("`{}` of the plugin.", operation.name));
  out += parameter_notes(operation.parameters);
  out += fmt::format("{}action {}{}{} {{\n", class_word(operation.effect), operation.name,
                     parameter_list(operation.parameters),
                     result == nullptr ? std::string() : fmt::format(": {}", result->rollout));
  if (const Operation* before = schema.operation(operation.before))
    out += fmt::format("  let plugin_before = {}\n", text_of(linked_call(schema, operation, *before)));
  Call call = call_of(schema, reads ? "read" : "call", operation.name, operation.parameters);
  if (operation.timeout_seconds > 0) call.more = fmt::format(", timeout: {}s", operation.timeout_seconds);
  out += fmt::format("  {}{}\n", result == nullptr ? "" : "let plugin_answer = ", text_of(call));
  if (const Operation* undo = schema.operation(operation.undo))
    out += fmt::format("  undo {{ {}{} }}\n", undo->effect == plan::EffectClass::Idempotent ? "idempotent " : "",
                       text_of(linked_call(schema, operation, *undo)));
  if (const Operation* probe = schema.operation(operation.probe))
    out += fmt::format("  probe {{\n    let plugin_there = {}\n    require plugin_there == true\n  }}\n",
                       text_of(linked_call(schema, operation, *probe)));
  if (result != nullptr) out += fmt::format("  return {}\n", replaced(result->back, "plugin_answer"));
  return out + "}\n";
}

std::string check_text(const Schema& schema, const Check& check) {
  return documented(check.documentation, fmt::format("The check `{}` of the plugin.", check.name)) +
         parameter_notes(check.parameters) +
         fmt::format(
             "check {}{} {{\n  let plugin_answer = {}\n  require plugin_answer.passed == true "
             "\"${{plugin_answer.reason}}\"\n}}\n",
             check.name, parameter_list(check.parameters),
             text_of(call_of(schema, "read", check.name, check.parameters)));
}

std::string metric_text(const Schema& schema, const Metric& metric) {
  Call call = call_of(schema, "measure", metric.name, metric.parameters);
  call.more = fmt::format(", type: \"{}\"", metric.type);
  const WireType& type = *wire_type(metric.type);
  std::string out = documented(metric.documentation, fmt::format("The metric `{}` of the plugin.", metric.name)) +
                    parameter_notes(metric.parameters);
  out += fmt::format(
      "source {}{}: {} {{\n  let plugin_answer = {}\n  if plugin_answer.value is missing {{ return absent }}\n"
      "  return {}\n",
      metric.name, parameter_list(metric.parameters), type.rollout, text_of(call),
      replaced(type.back, "plugin_answer.value"));
  if (metric.past) {
    call.more += ", from: \"${plugin_from}\", to: \"${plugin_to}\", step: plugin_step / 1s";
    out += fmt::format(
        "  past(plugin_from, plugin_to, plugin_step) {{\n    let plugin_past = {}\n    return plugin_past.values\n  "
        "}}\n",
        text_of(call));
  }
  return out + "}\n";
}

std::string channel_text(const Schema& schema, const Channel& channel) {
  Call call = call_of(schema, "call", channel.name, channel.parameters);
  for (const char* name : {"text", "severity", "run_id"}) call.arguments.emplace_back(name, name);
  std::string out = documented(channel.documentation, fmt::format("The channel `{}` of the plugin.", channel.name)) +
                    parameter_notes(channel.parameters);
  out += fmt::format("channel {}{} {{\n  {}idempotent {}\n", channel.name, parameter_list(channel.parameters),
                     channel.acknowledged ? "let plugin_sent = " : "", text_of(call));
  if (channel.acknowledged) {
    Call asked{schema.name, "read", {}};
    asked.arguments.emplace_back("sent", "plugin_sent");
    const std::string operation = channel.name + ".acknowledged";
    asked.operation = operation;
    out += fmt::format("  acknowledged {{\n    let plugin_reply = {}\n    return plugin_reply == true\n  }}\n",
                       text_of(asked));
  }
  return out + "}\n";
}

// Numbers that came, as quantities; only those that are needed.
std::string helpers_text(const std::string& declarations) {
  struct Helper {
    std::string_view name, text;
  };
  constexpr Helper kHelpers[] = {
      {"plugin_ratio(", "fn plugin_ratio(number_of: number): ratio = number_of * 100%\n"},
      {"plugin_duration(", "fn plugin_duration(seconds: number): duration = seconds * 1s\n"},
      {"plugin_size(", "fn plugin_size(bytes: number): size = bytes * 1B\n"},
      {"plugin_rate(", "fn plugin_rate(per_second: number): rate = per_second * 1/s\n"},
  };
  std::string out;
  for (const Helper& helper : kHelpers) {
    if (declarations.find(helper.name) != std::string::npos) out += helper.text;
  }
  return out.empty() ? out : out + "\n";
}

}  // namespace

std::string module_text(const Schema& schema) {
  std::string declarations;
  const auto add = [&](const std::string& text) { declarations += (declarations.empty() ? "" : "\n") + text; };
  for (const Operation& operation : schema.operations) add(operation_text(schema, operation));
  for (const Check& check : schema.checks) add(check_text(schema, check));
  for (const Metric& metric : schema.metrics) add(metric_text(schema, metric));
  for (const Channel& channel : schema.channels) add(channel_text(schema, channel));
  std::string enums;
  for (const Enum& one : schema.enums) {
    std::string labels;
    for (const std::string& label : one.labels) labels += (labels.empty() ? "" : ", ") + label;
    enums += fmt::format("enum {} {{ {} }}\n", one.name, labels);
  }
  if (!enums.empty()) enums += "\n";
  return documented(schema.documentation, fmt::format("The plugin `{}`.", schema.name)) +
         fmt::format("##\n## Version {}; made of what the plugin says of itself, do not edit.\n\n", schema.version) +
         enums + helpers_text(declarations) + declarations;
}

}  // namespace rollout::plugins
