#pragma once

#include <functional>
#include <span>

#include "runtime/plan/plan.hpp"

// Runs routines: straight-line, total, without side effects.

namespace rollout::plan {

// Where a routine's inputs come from. All functions answer `missing` for what they do not know.
struct Environment {
  std::span<const Value> variables;
  std::function<Value(MetricId)> metric;                                   // the sample in the slot that is evaluated
  std::function<Value(MetricId, Aggregate, Nanoseconds window)> window;
  std::function<Value(MetricId)> baseline;
  std::function<Value(ContextValue)> context;
};

Value evaluate(const Plan& plan, RoutineId routine, const Environment& environment);

// The operators by themselves, as the language defines them (dimensional arithmetic, three-valued logic); also used by the
// compiler to fold constants. The result is missing, with a reason, where an operand is missing or the kinds do not fit.
Value binary(Op op, const Value& left, const Value& right);
Value negate(const Value& value);
Value call_builtin(Builtin builtin, std::span<const Value> arguments);

// The kind that `op` gives for operands of these kinds, or nothing where the language has no such operation. One table for
// the type checker, the verifier and the evaluator.
std::optional<ValueKind> binary_kind(Op op, ValueKind left, ValueKind right);

}  // namespace rollout::plan
