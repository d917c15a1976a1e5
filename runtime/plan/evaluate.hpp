#pragma once

#include <functional>
#include <span>

#include "runtime/plan/plan.hpp"

// Runs routines: straight-line, total, without side effects.

namespace rollout::plan {

// Where a routine's inputs come from. All functions answer `missing` for what they do not know.
struct Environment {
  std::span<const Value> variables;
  std::function<Value(MetricId)> metric;  // the sample in the slot that is evaluated
  std::function<Value(MetricId, Aggregate, Nanoseconds window)> window;
  std::function<Value(MetricId, double quantile, Nanoseconds window)> quantile;  // quantile: 0.95, between 0 and 1
  std::function<Value(MetricId)> baseline;
  std::function<Value(ContextValue)> context;
  // For texts that people read: a part without a value reads `no data`, instead of leaving no text at all.
  bool tells_missing = false;
};

Value evaluate(const Plan& plan, RoutineId routine, const Environment& environment);

// The operators by themselves, as the language defines them (dimensional arithmetic, three-valued logic); also used by
// the compiler to fold constants. The result is missing, with a reason, where an operand is missing or the kinds do not
// fit.
Value binary(Op op, const Value& left, const Value& right);
Value negate(const Value& value);
Value call_builtin(Builtin builtin, std::span<const Value> arguments);

// The kind that `op` gives for operands of these kinds, or nothing where the language has no such operation. One table
// for the type checker, the verifier and the evaluator.
std::optional<ValueKind> binary_kind(Op op, ValueKind left, ValueKind right);
std::optional<ValueKind> negated_kind(ValueKind kind);
// The kind of `value in low..high`, both bounds of one kind: Bool, or nothing.
std::optional<ValueKind> range_kind(ValueKind value, ValueKind bound);
// The kind of a rate(metric of that kind, over: D), and what a rate times a duration gives: NumberRate and Number.
// Nothing for others.
std::optional<ValueKind> rate_of(ValueKind kind);
std::optional<ValueKind> amount_of(ValueKind rate);
// What a builtin gives, Any where it depends on its arguments.
ValueKind builtin_kind(Builtin builtin);
Value in_range(const Value& value, const Value& low, const Value& high);
Value in_list(const Value& value, const Value& list);
Value logical_not(const Value& value);

}  // namespace rollout::plan
