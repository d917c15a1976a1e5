#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "runtime/plan/plan.hpp"

// The names of every enumeration that stands in a plan file, in the order of the enumerators: the reader knows from
// here which numbers exist, the disassembler what they are called. A new enumerator is appended in both places.

namespace rollout::plan {

// What instructions are is in opcodes.def.
inline constexpr std::size_t kOpCount = 0
#define EXPRESSION(name, pops, pushes, operand, text) +1
#define STATEMENT(name, operand, terminator, text) +1
#include "runtime/plan/opcodes.def"
#undef EXPRESSION
#undef STATEMENT
    ;

// Overloads by a value of the enumeration: enum_names(GateKind{}).
constexpr auto enum_names(ValueKind) {
  return std::to_array<std::string_view>({"missing", "bool", "number", "ratio", "duration", "size", "number/time",
                                          "ratio/time", "size/time", "time of day", "instant", "string", "enum", "list",
                                          "map", "secret", "any"});
}
constexpr auto enum_names(SecretProvider) {
  return std::to_array<std::string_view>({"env", "file", "vault", "aws_secrets", "sops"});
}
constexpr auto enum_names(MetricProvider) {
  return std::to_array<std::string_view>(
      {"prometheus", "http.number", "command.number", "log.count", "file", "probe", "check", "source", "none"});
}
constexpr auto enum_names(OutcomeKind) {
  return std::to_array<std::string_view>({"none", "continue", "pause", "rollback to", "rollback", "abort"});
}
constexpr auto enum_names(GateKind) {
  return std::to_array<std::string_view>({"approve", "checklist", "ask"});
}
constexpr auto enum_names(EffectClass) {
  return std::to_array<std::string_view>({"opaque", "readonly", "idempotent", "irreversible"});
}
constexpr auto enum_names(EffectKind) {
  return std::to_array<std::string_view>({"process", "shell", "http", "mail"});
}
constexpr auto enum_names(Severity) {
  return std::to_array<std::string_view>({"info", "warning", "critical"});
}
constexpr auto enum_names(BlockKind) {
  return std::to_array<std::string_view>({"rollout", "stage", "action", "step", "within", "check", "verify", "branch",
                                          "branches", "if", "each", "every", "hook", "undo", "response", "channel",
                                          "traffic", "source"});
}
constexpr auto enum_names(HookKind) {
  return std::to_array<std::string_view>({"start", "stage", "stage done", "pause", "resume", "rolling back", "rollback",
                                          "rollback incomplete", "fallback", "success", "failure"});
}
constexpr auto enum_names(Anchor) {
  return std::to_array<std::string_view>({"start", "success", "rollback", "failure"});
}

static_assert(enum_names(ValueKind{}).size() == static_cast<std::size_t>(ValueKind::Any) + 1);
static_assert(enum_names(SecretProvider{}).size() == static_cast<std::size_t>(SecretProvider::Sops) + 1);
static_assert(enum_names(MetricProvider{}).size() == static_cast<std::size_t>(MetricProvider::None) + 1);
static_assert(enum_names(OutcomeKind{}).size() == static_cast<std::size_t>(OutcomeKind::Abort) + 1);
static_assert(enum_names(GateKind{}).size() == static_cast<std::size_t>(GateKind::Ask) + 1);
static_assert(enum_names(EffectClass{}).size() == static_cast<std::size_t>(EffectClass::Irreversible) + 1);
static_assert(enum_names(EffectKind{}).size() == static_cast<std::size_t>(EffectKind::Mail) + 1);
static_assert(enum_names(Severity{}).size() == static_cast<std::size_t>(Severity::Critical) + 1);
static_assert(enum_names(BlockKind{}).size() == static_cast<std::size_t>(BlockKind::Source) + 1);
static_assert(enum_names(HookKind{}).size() == static_cast<std::size_t>(HookKind::Failure) + 1);
static_assert(enum_names(Anchor{}).size() == static_cast<std::size_t>(Anchor::Failure) + 1);

template <typename Enum>
constexpr std::string_view enum_name(Enum value) {
  constexpr auto kNames = enum_names(Enum{});
  const auto index = static_cast<std::size_t>(value);
  return index < kNames.size() ? kNames[index] : "?";
}

// How many numbers are enumerators, from 0.
template <typename Enum>
constexpr std::size_t enum_count() {
  return enum_names(Enum{}).size();
}
template <>
constexpr std::size_t enum_count<Op>() {
  return kOpCount;
}

}  // namespace rollout::plan
