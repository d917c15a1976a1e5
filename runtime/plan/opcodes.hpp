#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/plan/plan.hpp"

// The tables of opcodes.def and builtins.def as values: what the verifier, the disassembler and the compiler read.

namespace rollout::plan {

enum class OperandKind : std::uint8_t {
  None,
  Constant,
  Variable,
  Secret,
  Metric,
  Builtin,
  Context,
  Aggregate,
  Count,
  Routine,
  Block,
  Target,
  Effect,
  Hold,
  Gate,
  Notification,
  Response,
};

enum class OpSort : std::uint8_t { Expression, Statement };

struct OpInfo {
  Op op;
  std::string_view name;
  OpSort sort;
  int pops;  // expressions: how many values it takes; -1: as many as its operand says
  int pushes;
  OperandKind operand;  // of field b
  bool terminator;      // statements: ends its block
  std::string_view documentation;
};

struct BuiltinInfo {
  Builtin builtin;
  std::string_view name;  // in the language, empty: internal
  std::uint32_t least, most;
  std::string_view documentation;
};

std::span<const OpInfo> op_table();
std::span<const BuiltinInfo> builtin_table();
const OpInfo& info(Op op);  // op must be one of the enumerators
const BuiltinInfo& info(Builtin builtin);
// How the language writes an operator: `+`, `<=`, `and`; an instruction that is none: its name.
std::string_view op_text(Op op);
std::string_view context_name(ContextValue value);     // "stage_name"
std::string_view aggregate_name(Aggregate aggregate);  // "avg"

inline constexpr std::size_t kContextValues = 7;
inline constexpr std::size_t kAggregates = 7;

}  // namespace rollout::plan
