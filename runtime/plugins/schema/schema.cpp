#include "runtime/plugins/schema/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "runtime/plan/format.hpp"
#include "runtime/plan/plugin_access.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

namespace rollout::plugins {

namespace {

namespace json = boost::json;

constexpr WireType kWireTypes[] = {
    {"string", "string", "@", "@", "text"},
    {"bool", "bool", "@", "@", "true or false"},
    {"number", "number", "@", "@", "a number"},
    {"ratio", "ratio", "@ / 100%", "plugin_ratio(@)", "a number, 1 is 100 %"},
    {"duration", "duration", "@ / 1s", "plugin_duration(@)", "seconds, a number"},
    {"size", "size", "@ / 1B", "plugin_size(@)", "bytes, a number"},
    {"rate", "rate", "@ / 1/s", "plugin_rate(@)", "a number per second"},
    {"instant", "instant", "\"${@}\"", "", "text, RFC 3339"},
    {"strings", "[string]", "@", "", "a list of texts"},
    {"json", "json", "@", "@", "any JSON"},
    {"secret", "secret", "", "", "text, apart from the arguments"},
};

// Words that no name may be, and those that a module of a plugin has for itself.
constexpr std::string_view kReserved[] = {"and",  "or", "not",  "in",       "is",     "true",   "false",
                                          "let",  "if", "else", "when",     "then",   "for",    "until",
                                          "each", "_",  "text", "severity", "run_id", "reason", "stage_name"};
constexpr std::size_t kMostNames = 512;
constexpr std::size_t kLongestName = 60;
constexpr std::string_view kOwnNames = "plugin";

// Reads one schema. The first problem stays, with its place.
class SchemaReader {
 public:
  plan::Expected<Schema, std::string> read(const json::value& described);

 private:
  void fail(const std::string& place, const std::string& why) {
    if (problem_.empty()) problem_ = place + ": " + why;
  }
  std::string name_in(const json::object& object, const std::string& place, std::string_view what);
  void declare(const std::string& name, const std::string& place);
  template <typename Read>
  void each(const json::object& parent, std::string_view member, const std::string& place, const Read& read);
  Enum read_enum(const json::object& object, const std::string& place);
  std::vector<Parameter> read_parameters(const json::object& object, const std::string& place);
  Parameter read_parameter(const json::object& object, const std::string& place);
  std::string default_of(const json::value& value, const Parameter& parameter, const std::string& place);
  int seconds_in(const json::object& object, std::string_view member, const std::string& place, std::int64_t most);
  std::vector<std::string> texts_in(const json::object& object, std::string_view member, const std::string& place,
                                    std::string_view example);
  void read_access(const json::object& object);
  Operation read_operation(const json::object& object, const std::string& place);
  Metric read_metric(const json::object& object, const std::string& place);
  void check_links();

  Schema schema_;
  std::set<std::string> names_;
  std::string problem_;
};

bool is_name(std::string_view text) {
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_';
  };
  return !text.empty() && text.size() <= kLongestName && (text.front() < '0' || text.front() > '9') &&
         std::ranges::all_of(text, fits) && std::ranges::find(kReserved, text) == std::end(kReserved) &&
         !text.starts_with(kOwnNames);
}

std::string SchemaReader::name_in(const json::object& object, const std::string& place, std::string_view what) {
  const std::string name = text_member(object, "name");
  if (!is_name(name)) {
    fail(place + ".name",
         fmt::format("{} needs a name of letters, digits and `_` that is no word of the language and does not begin "
                     "with `plugin`; it is `{}`",
                     what, name.substr(0, kLongestName)));
  }
  return name;
}

void SchemaReader::declare(const std::string& name, const std::string& place) {
  if (!names_.insert(name).second) fail(place, fmt::format("there are two things of the name `{}`", name));
  if (names_.size() > kMostNames) fail(place, fmt::format("there are more than {} names", kMostNames));
}

template <typename Read>
void SchemaReader::each(const json::object& parent, std::string_view member, const std::string& place,
                        const Read& read) {
  const json::value* found = parent.if_contains(member);
  if (found == nullptr) return;
  const std::string where = place.empty() ? std::string(member) : fmt::format("{}.{}", place, member);
  const auto* array = found->if_array();
  if (array == nullptr) return fail(where, "it is no list");
  for (std::size_t index = 0; index < array->size() && problem_.empty(); ++index) {
    const std::string element = fmt::format("{}[{}]", where, index);
    const auto* object = (*array)[index].if_object();
    if (object == nullptr) return fail(element, "it is no object");
    read(*object, element);
  }
}

Enum SchemaReader::read_enum(const json::object& object, const std::string& place) {
  Enum read{name_in(object, place, "an enum"), {}};
  declare(read.name, place);
  if (wire_type(read.name) != nullptr) fail(place + ".name", fmt::format("`{}` is a type already", read.name));
  const auto* labels = array_member(object, "labels");
  if (labels == nullptr || labels->empty()) {
    fail(place + ".labels", "an enum needs a list of labels");
    return read;
  }
  for (const json::value& label : *labels) {
    const std::string text = label.is_string() ? std::string(label.get_string()) : std::string();
    const bool twice = std::ranges::find(read.labels, text) != read.labels.end();
    if (!is_name(text) || twice) fail(place + ".labels", fmt::format("`{}` cannot be a label", text));
    read.labels.push_back(text);
  }
  return read;
}

// A default as the language writes it.
std::string SchemaReader::default_of(const json::value& value, const Parameter& parameter, const std::string& place) {
  const double number = value.is_double()  ? value.get_double()
                        : value.is_int64() ? static_cast<double>(value.get_int64())
                                           : std::nan("");
  const auto quantity = [&](plan::ValueKind kind, double scale) {
    return std::isnan(number) ? std::string() : plan::to_literal(plan::quantity(kind, number * scale));
  };
  std::string text;
  if (parameter.wire == nullptr && value.is_string()) {
    const auto found = std::ranges::find(schema_.enums, parameter.type, &Enum::name);
    const std::string label(value.get_string());
    if (std::ranges::find(found->labels, label) != found->labels.end()) text = parameter.type + "." + label;
  } else if (parameter.type == "string" && value.is_string()) {
    text = plan::to_literal(plan::Value::string(std::string(value.get_string())));
  } else if (parameter.type == "bool" && value.is_bool()) {
    text = value.get_bool() ? "true" : "false";
  } else if (parameter.type == "number") {
    text = quantity(plan::ValueKind::Number, 1);
  } else if (parameter.type == "ratio") {
    text = quantity(plan::ValueKind::Ratio, 1);
  } else if (parameter.type == "duration") {
    text = quantity(plan::ValueKind::Duration, 1e9);
  } else if (parameter.type == "size") {
    text = quantity(plan::ValueKind::Size, 1);
  } else if (parameter.type == "rate") {
    text = quantity(plan::ValueKind::NumberRate, 1);
  }
  if (text.empty()) fail(place + ".default", fmt::format("it is no default of a `{}`", parameter.type));
  return text;
}

Parameter SchemaReader::read_parameter(const json::object& object, const std::string& place) {
  Parameter read;
  read.name = name_in(object, place, "a parameter");
  read.documentation = text_member(object, "doc");
  read.type = text_member(object, "type");
  read.wire = wire_type(read.type);
  const bool is_enum = std::ranges::find(schema_.enums, read.type, &Enum::name) != schema_.enums.end();
  if (read.wire == nullptr && !is_enum) {
    fail(place + ".type", fmt::format("there is no type `{}`; there are string, bool, number, ratio, duration, size, "
                                      "rate, instant, strings, json, secret and the enums of this schema",
                                      read.type.substr(0, kLongestName)));
    return read;
  }
  if (const json::value* value = object.if_contains("default")) read.default_text = default_of(*value, read, place);
  return read;
}

std::vector<Parameter> SchemaReader::read_parameters(const json::object& object, const std::string& place) {
  std::vector<Parameter> read;
  each(object, "params", place, [&](const json::object& one, const std::string& where) {
    Parameter parameter = read_parameter(one, where);
    if (std::ranges::find(read, parameter.name, &Parameter::name) != read.end()) {
      fail(where, fmt::format("there are two parameters `{}`", parameter.name));
    }
    read.push_back(std::move(parameter));
  });
  return read;
}

// 0 where there is no such member.
int SchemaReader::seconds_in(const json::object& object, std::string_view member, const std::string& place,
                             std::int64_t most) {
  const json::value* seconds = object.if_contains(member);
  if (seconds == nullptr) return 0;
  const bool fits = seconds->is_int64() && seconds->get_int64() >= 1 && seconds->get_int64() <= most;
  if (!fits)
    fail(fmt::format("{}.{}", place, member), fmt::format("it is a whole number of seconds from 1 to {}", most));
  return fits ? static_cast<int>(seconds->get_int64()) : 0;
}

Operation SchemaReader::read_operation(const json::object& object, const std::string& place) {
  Operation read;
  read.name = name_in(object, place, "an operation");
  declare(read.name, place);
  read.documentation = text_member(object, "doc");
  const std::string effect = text_member(object, "effect");
  constexpr std::string_view kClasses[] = {"opaque", "readonly", "idempotent", "irreversible"};
  const auto found = std::ranges::find(kClasses, effect);
  if (found == std::end(kClasses)) {
    fail(place + ".effect",
         fmt::format("`{}` is no effect; say readonly, idempotent, irreversible or opaque", effect.substr(0, 60)));
  } else {
    read.effect = static_cast<plan::EffectClass>(found - std::begin(kClasses));
  }
  read.parameters = read_parameters(object, place);
  read.result = text_member(object, "result");
  if (const WireType* type = wire_type(read.result); !read.result.empty() && (type == nullptr || type->back.empty())) {
    fail(place + ".result", fmt::format("a result cannot be of type `{}`", read.result.substr(0, 60)));
  }
  read.undo = text_member(object, "undo");
  read.before = text_member(object, "before");
  read.probe = text_member(object, "probe");
  read.timeout_seconds = seconds_in(object, "timeout_s", place, 86'400);
  read.heartbeat_seconds = seconds_in(object, "heartbeat_s", place, 3'600);
  return read;
}

Metric SchemaReader::read_metric(const json::object& object, const std::string& place) {
  constexpr std::string_view kTypes[] = {"number", "ratio", "duration", "size", "rate"};
  Metric read{name_in(object, place, "a metric"), text_member(object, "doc"), read_parameters(object, place),
              text_member(object, "type"), flag_member(object, "past")};
  declare(read.name, place);
  if (std::ranges::find(kTypes, read.type) == std::end(kTypes)) {
    fail(place + ".type", fmt::format("a metric is a number, ratio, duration, size or rate, not `{}`",
                                      read.type.substr(0, kLongestName)));
  }
  const bool secret = std::ranges::find(read.parameters, "secret", &Parameter::type) != read.parameters.end();
  if (secret) fail(place + ".params", "a metric takes no secrets: let the plugin read them where it runs");
  return read;
}

bool is_same(const Parameter& left, const Parameter& right) {
  return left.name == right.name && left.type == right.type;
}

// What an operation names has to be there, and its parameters have to be filled.
void SchemaReader::check_links() {
  for (std::size_t index = 0; index < schema_.operations.size(); ++index) {
    const Operation& operation = schema_.operations[index];
    const std::string place = fmt::format("operations[{}]", index);
    for (const auto& [role, name] :
         {std::pair{"undo", &operation.undo}, {"before", &operation.before}, {"probe", &operation.probe}}) {
      if (name->empty()) continue;
      const Operation* called = schema_.operation(*name);
      std::string missing;
      const bool reads = std::string_view(role) != "undo";
      if (called == nullptr) {
        fail(place + "." + role, fmt::format("there is no operation `{}`", *name));
      } else if (called == &operation) {
        fail(place + "." + role, "an operation cannot be its own");
      } else if (reads && called->effect != plan::EffectClass::ReadOnly) {
        fail(place + "." + role, fmt::format("`{}` has to be readonly", *name));
      } else if (!can_fill(operation, *called, missing)) {
        fail(place + "." + role, fmt::format("`{}` needs `{}`, which `{}` does not have under this name and type",
                                             *name, missing, operation.name));
      } else if (std::string_view(role) == "probe" && called->result != "bool") {
        fail(place + "." + role, fmt::format("the result of `{}` has to be bool", *name));
      } else if (std::string_view(role) == "probe" && !operation.result.empty()) {
        fail(place + "." + role,
             fmt::format(
                 "`{}` gives a result, and where the probe finds it done there would be none: answer `op.status` "
                 "with the result, or leave `result` out and let a readonly operation read it",
                 operation.name));
      }
    }
  }
}

// Empty where there is no such member.
std::vector<std::string> SchemaReader::texts_in(const json::object& object, std::string_view member,
                                                const std::string& place, std::string_view example) {
  std::vector<std::string> texts;
  const json::value* found = object.if_contains(member);
  if (found == nullptr) return texts;
  const auto* array = found->if_array();
  const auto is_text = [](const json::value& one) { return one.is_string(); };
  if (array == nullptr || !std::ranges::all_of(*array, is_text)) {
    fail(fmt::format("{}{}", place, member), fmt::format("it is a list of texts, such as {}", example));
    return texts;
  }
  for (const json::value& one : *array) texts.emplace_back(one.get_string());
  return texts;
}

void SchemaReader::read_access(const json::object& object) {
  const json::value* found = object.if_contains("access");
  if (found == nullptr) return;
  const auto* access = found->if_object();
  if (access == nullptr) return fail("access", R"(it is an object, such as {"read": ["~/.kube"], "connect": [443]})");
  plan::PluginAccess read{schema_.name,
                          texts_in(*access, "read", "access.", R"(["~/.kube"])"),
                          texts_in(*access, "write", "access.", R"(["/var/lib/pools"])"),
                          {}};
  const json::value* ports = access->if_contains("connect");
  const auto* array = ports == nullptr ? nullptr : ports->if_array();
  if (ports != nullptr && array == nullptr) fail("access.connect", "it is a list of ports, such as [443]");
  if (array != nullptr) {
    for (const json::value& port : *array) read.connects.push_back(port.is_int64() ? port.get_int64() : 0);
  }
  if (const std::string problem = plan::access_problem(read); !problem.empty()) fail("access", problem);
  schema_.access = std::move(read);
}

plan::Expected<Schema, std::string> SchemaReader::read(const json::value& described) {
  const auto* object = described.if_object();
  if (object == nullptr) return std::string("the schema is no object");
  const auto* plugin = object_member(*object, "plugin");
  if (plugin == nullptr) return std::string("plugin: it is missing; say {\"name\": ..., \"version\": ...}");
  schema_.name = name_in(*plugin, "plugin", "a plugin");
  schema_.version = text_member(*plugin, "version");
  schema_.documentation = text_member(*plugin, "doc");
  if (schema_.version.empty() || schema_.version.size() > kLongestName) {
    fail("plugin.version", "it is missing; write for example \"1.0.0\"");
  }
  // Those that this program does not know are of a later minor version.
  schema_.features = texts_in(*object, "features", "", R"(["validate", "plan"])");
  read_access(*object);
  each(*object, "enums", {},
       [&](const json::object& one, const std::string& place) { schema_.enums.push_back(read_enum(one, place)); });
  each(*object, "operations", {}, [&](const json::object& one, const std::string& place) {
    schema_.operations.push_back(read_operation(one, place));
  });
  each(*object, "checks", {}, [&](const json::object& one, const std::string& place) {
    schema_.checks.push_back({name_in(one, place, "a check"), text_member(one, "doc"), read_parameters(one, place)});
    declare(schema_.checks.back().name, place);
  });
  each(*object, "metrics", {},
       [&](const json::object& one, const std::string& place) { schema_.metrics.push_back(read_metric(one, place)); });
  each(*object, "channels", {}, [&](const json::object& one, const std::string& place) {
    schema_.channels.push_back({name_in(one, place, "a channel"), text_member(one, "doc"), read_parameters(one, place),
                                flag_member(one, "acknowledged")});
    declare(schema_.channels.back().name, place);
  });
  if (problem_.empty()) check_links();
  if (problem_.empty() && names_.empty()) fail("operations", "the plugin offers nothing");
  if (!problem_.empty()) return problem_;
  return std::move(schema_);
}

}  // namespace

const WireType* wire_type(std::string_view name) {
  const auto found = std::ranges::find(kWireTypes, name, &WireType::name);
  return found == std::end(kWireTypes) ? nullptr : found;
}

const Operation* Schema::operation(std::string_view wanted) const {
  const auto found = std::ranges::find(operations, wanted, &Operation::name);
  return found == operations.end() ? nullptr : &*found;
}

bool Schema::has(std::string_view feature) const {
  return std::ranges::find(features, feature) != features.end();
}

bool can_fill(const Operation& operation, const Operation& called, std::string& missing) {
  for (const Parameter& parameter : called.parameters) {
    const bool given =
        std::ranges::any_of(operation.parameters, [&](const Parameter& own) { return is_same(own, parameter); });
    const bool before = parameter.name == "before" && parameter.type == "json" && !operation.before.empty();
    if (given || before || !parameter.default_text.empty()) continue;
    missing = parameter.name;
    return false;
  }
  return true;
}

plan::Expected<Schema, std::string> read_schema(const json::value& described) {
  return SchemaReader().read(described);
}

std::string schema_digest(const json::value& described) {
  return plan::sha256_hex(canonical(described));
}

}  // namespace rollout::plugins
