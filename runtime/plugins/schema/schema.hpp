#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/plan.hpp"

// What a plugin says that it can do: the answer to `describe`, read into tables and checked once, so that whatever is
// made of it (a module's text, calls, a page for people) needs no checks of its own.

namespace rollout::plugins {

// The major versions of the protocol that this program speaks.
inline constexpr int kProtocolMajors[] = {1};
inline constexpr int kProtocolMinor = 0;

// How a type travels: `wire` is the expression that makes JSON of `@`, `back` the one that makes a value of what came.
struct WireType {
  std::string_view name;     // in a schema
  std::string_view rollout;  // in a program
  std::string_view wire, back;
  std::string_view on_the_wire;  // for people
};
// The type with that name; null where there is none.
const WireType* wire_type(std::string_view name);

struct Parameter {
  std::string name, type, documentation;
  std::string default_text;        // as the language writes it; empty: it has to be given
  const WireType* wire = nullptr;  // null: `type` names one of the schema's enums
};

struct Operation {
  std::string name, documentation;
  plan::EffectClass effect{};
  std::vector<Parameter> parameters;
  std::string result;               // a type's name; empty: it gives nothing
  std::string undo, before, probe;  // names of operations; empty: none
  int timeout_seconds = 0;          // 0: the caller's
  int heartbeat_seconds = 0;        // it speaks of a running call at least that often; 0: it promises nothing
};

struct Check {
  std::string name, documentation;
  std::vector<Parameter> parameters;
};

struct Metric {
  std::string name, documentation;
  std::vector<Parameter> parameters;
  std::string type;   // number, ratio, duration, size or rate
  bool past = false;  // answers for slots gone by
};

struct Channel {
  std::string name, documentation;
  std::vector<Parameter> parameters;
  bool acknowledged = false;  // says whether somebody has answered
};

struct Enum {
  std::string name;
  std::vector<std::string> labels;
};

struct Schema {
  std::string name, version, documentation;
  std::vector<Enum> enums;
  std::vector<Operation> operations;
  std::vector<Check> checks;
  std::vector<Metric> metrics;
  std::vector<Channel> channels;
  std::vector<std::string> features;         // optional methods that it answers: "validate", "plan"
  std::optional<plan::PluginAccess> access;  // what it may touch; none: what who starts it may

  bool has(std::string_view feature) const;
  const Operation* operation(std::string_view wanted) const;
};

// The tables, or what is wrong and where, for the plugin's author: "operations[2].params[0].type: ...".
plan::Expected<Schema, std::string> read_schema(const boost::json::value& described);

// SHA-256 of the canonical text: two schemas that say the same have the same.
std::string schema_digest(const boost::json::value& described);

// The arguments that `called` takes of a call of `operation`: those with the same names, and `before`. What cannot be
// filled is left out.
bool can_fill(const Operation& operation, const Operation& called, std::string& missing);

// The plugin as a module of the language: actions, checks, sources and channels whose bodies call it.
std::string module_text(const Schema& schema);

}  // namespace rollout::plugins
