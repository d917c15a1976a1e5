#include "runtime/plugins/foresight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "runtime/executors/text.hpp"
#include "runtime/plan/undo_blocks.hpp"
#include "runtime/plugins/client.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

namespace rollout::plugins {

namespace {

namespace json = boost::json;
using plan::Value;

constexpr std::size_t kMostNotes = 20;  // of one call
constexpr std::size_t kMostLines = 40;  // of what one call would do
constexpr std::size_t kLongestText = 300;

const plan::Argument* argument(const plan::Effect& effect, std::string_view name) {
  const auto found = std::ranges::find(effect.arguments, name, &plan::Argument::name);
  return found == effect.arguments.end() ? nullptr : &*found;
}

std::string text_of(const plan::Effect& effect, std::string_view name, const plan::KnownValues& values) {
  const plan::Argument* found = argument(effect, name);
  return found == nullptr ? std::string() : values.value(found->value).as_string();
}

bool is_known(const Value& value) {
  if (value.is_missing() || value.kind() == plan::ValueKind::Secret) return false;
  const auto known = [](const auto& one) { return is_known(one); };
  const auto known_member = [](const auto& one) { return is_known(one.second); };
  return std::ranges::all_of(value.as_list(), known) && std::ranges::all_of(value.as_map(), known_member);
}

PlannedCall call_of(const plan::Effect& effect, const plan::KnownValues& values) {
  PlannedCall call;
  call.plugin = text_of(effect, "plugin", values);
  call.operation = text_of(effect, "operation", values);
  const std::string method = text_of(effect, "method", values);
  call.measures = method == "measure";
  call.changes = method == "call";
  if (const plan::Argument* given = argument(effect, "args")) {
    const Value arguments = values.value(given->value);
    for (const auto& [name, value] : arguments.as_map()) {
      if (is_known(value)) {
        call.arguments[name] = json::parse(plan::to_json(value));
      } else {
        call.unknown.push_back(name);
      }
    }
  }
  if (const plan::Argument* given = argument(effect, "secrets")) {
    const Value secrets = values.value(given->value);
    for (const auto& [name, value] : secrets.as_map()) call.unknown.push_back(name);
  }
  return call;
}

// Whether the run alone can say even which arguments there are, as where one asks whether a metric is missing.
bool is_unforeseeable(const plan::Effect& effect, const plan::KnownValues& values) {
  return std::ranges::any_of(effect.arguments, [&](const plan::Argument& one) {
    return (one.name == "args" || one.name == "secrets") && values.value(one.value).kind() != plan::ValueKind::Map;
  });
}

bool is_same(const PlannedCall& left, const PlannedCall& right) {
  return left.plugin == right.plugin && left.operation == right.operation && left.measures == right.measures &&
         left.changes == right.changes && left.arguments == right.arguments && left.unknown == right.unknown;
}

json::object question(const PlannedCall& call) {
  json::object asked;
  asked[call.measures ? "metric" : "operation"] = call.operation;
  asked["args"] = call.arguments;
  asked["unknown"] = json::array(call.unknown.begin(), call.unknown.end());
  return asked;
}

// "share: 1.2 is more than everything (it is a part of 1)".
std::string note_text(const json::object& diagnostic) {
  std::string path;
  if (const auto* parts = array_member(diagnostic, "path")) {
    for (const json::value& part : *parts)
      path += (path.empty() ? "" : ".") + (part.is_string() ? std::string(part.get_string()) : json::serialize(part));
  }
  const std::string detail = text_member(diagnostic, "detail");
  return executors::printable(fmt::format("{}{}{}", path.empty() ? "" : path + ": ", text_member(diagnostic, "summary"),
                                          detail.empty() ? "" : " (" + detail + ")"),
                              kLongestText);
}

std::string failure_of(Client& plugin, const std::optional<json::object>& answer, std::string_view method,
                       const PlannedCall& call) {
  const auto* error = answer ? object_member(*answer, "error") : nullptr;
  if (!answer) plugin.ended_within(100);
  const std::string what = error == nullptr ? answer ? "gave no result" : plugin.silence()
                                            : "answered: " + executors::printable(text_member(*error, "message"), 200);
  return fmt::format("was asked to `{}` a call of `{}` and {}", method, call.operation, what);
}

void validate(Client& plugin, const PlannedCall& call, Foresight& seen) {
  const auto answer = plugin.call("validate", question(call));
  const auto* result = answer ? object_member(*answer, "result") : nullptr;
  const auto* diagnostics = result == nullptr ? nullptr : array_member(*result, "diagnostics");
  if (diagnostics == nullptr) {
    seen.problem = failure_of(plugin, answer, "validate", call);
    return;
  }
  ++seen.calls;
  for (std::size_t i = 0; i < std::min(diagnostics->size(), kMostNotes); ++i) {
    const auto* one = (*diagnostics)[i].if_object();
    // What cannot be read is no reason to go on.
    if (one == nullptr) seen.notes.push_back({call, true, "it gives a diagnostic that cannot be read"});
    if (one != nullptr) seen.notes.push_back({call, text_member(*one, "severity") != "warning", note_text(*one)});
  }
}

void foresee_call(Client& plugin, const PlannedCall& call, Foresight& seen) {
  const auto answer = plugin.call("plan", question(call));
  const auto* result = answer ? object_member(*answer, "result") : nullptr;
  if (result == nullptr) {
    seen.problem = failure_of(plugin, answer, "plan", call);
    return;
  }
  const std::string text = text_member(*result, "text");
  CallPlan plan{call, {}};
  for (std::size_t begin = 0; begin < text.size() && plan.lines.size() < kMostLines;) {
    const auto end = std::min(text.find('\n', begin), text.size());
    if (end > begin) plan.lines.push_back(executors::printable(text.substr(begin, end - begin), kLongestText));
    begin = end + 1;
  }
  if (!plan.lines.empty()) seen.plans.push_back(std::move(plan));
}

// The schema, where the plugin is the one that was locked; else what is wrong, which goes on after its name.
plan::Expected<Schema, std::string> greet(Client& plugin, const plan::Plugin& locked) {
  const auto greeted = plugin.hello({std::begin(kProtocolMajors), std::end(kProtocolMajors)});
  if (!greeted) plugin.ended_within(200);
  if (!greeted) return "was asked for `hello` and " + plugin.silence();
  if (const auto* error = object_member(*greeted, "error"))
    return "refuses to talk: " + executors::printable(text_member(*error, "message"), 200);
  const auto answer = plugin.call("describe", {});
  const json::value* described = answer ? answer->if_contains("result") : nullptr;
  if (described == nullptr)
    return "was asked to `describe` itself and " + (answer ? "gave no result" : plugin.silence());
  if (schema_digest(*described) != locked.schema) {
    return fmt::format(
        "says that it can do other things than when it was locked: `rollout plugin lock {} PATH`, and build the plan "
        "again",
        locked.name);
  }
  return read_schema(*described);
}

}  // namespace

std::vector<PlannedCall> planned_calls(const plan::Plan& plan, const plan::KnownValues& values) {
  std::vector<PlannedCall> calls;
  const std::vector<bool> back = plan::undo_blocks(plan);
  for (std::size_t id = 0; id < plan.blocks.size(); ++id) {
    const plan::Block& block = plan.blocks[id];
    for (std::uint32_t at = block.begin; at < block.end; ++at) {
      const plan::Instruction& one = plan.code[at];
      if (one.op != plan::Op::Effect || one.b >= plan.effects.size()) continue;
      if (plan.effects[one.b].kind != plan::EffectKind::Plugin) continue;
      if (is_unforeseeable(plan.effects[one.b], values)) continue;
      PlannedCall call = call_of(plan.effects[one.b], values);
      call.changes = call.changes && !back[id];
      call.spot = block.spot;
      if (std::ranges::none_of(calls, [&](const PlannedCall& known) { return is_same(known, call); }))
        calls.push_back(std::move(call));
    }
  }
  return calls;
}

Foresight foresee(const Program& program, const std::vector<PlannedCall>& calls, bool with_plans) {
  Foresight seen;
  seen.plugin = program.plugin.name;
  auto client = Client::open(program.path, program.access);
  if (!client) {
    seen.problem = "could not be started: " + client.error();
    return seen;
  }
  Client& plugin = **client;
  const auto schema = greet(plugin, program.plugin);
  if (!schema) {
    seen.problem = schema.error();
    return seen;
  }
  seen.validates = schema->has("validate");
  for (const PlannedCall& call : calls) {
    if (call.plugin != seen.plugin || !seen.problem.empty()) continue;
    if (seen.validates) validate(plugin, call, seen);
    if (with_plans && schema->has("plan") && call.changes && seen.problem.empty()) foresee_call(plugin, call, seen);
  }
  plugin.request("shutdown", {{"deadline_ms", 500}});
  plugin.close_input();
  plugin.ended_within(500);
  return seen;
}

}  // namespace rollout::plugins
