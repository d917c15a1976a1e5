#include <optional>

#include "runtime/plan/evaluate.hpp"

// Which operations the language has: the one table of kinds.

namespace rollout::plan {

namespace {

bool is_dynamic(ValueKind kind) {
  return kind == ValueKind::Any || kind == ValueKind::Missing;
}

// What can be added to itself and scaled by a number.
bool is_quantity(ValueKind kind) {
  switch (kind) {
    case ValueKind::Number:
    case ValueKind::Ratio:
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return true;
    case ValueKind::Missing:
    case ValueKind::Bool:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant:
    case ValueKind::String:
    case ValueKind::Enum:
    case ValueKind::List:
    case ValueKind::Map:
    case ValueKind::Secret:
    case ValueKind::Any: return false;
  }
  return false;
}

bool is_ordered(ValueKind kind) {
  return is_quantity(kind) || kind == ValueKind::TimeOfDay || kind == ValueKind::Instant;
}

struct Row {
  Op op;
  ValueKind left, right, result;
};

// What mixes kinds, beside the rules for quantities below.
constexpr Row kMixed[] = {
    {Op::Add, ValueKind::Instant, ValueKind::Duration, ValueKind::Instant},
    {Op::Add, ValueKind::Duration, ValueKind::Instant, ValueKind::Instant},
    {Op::Subtract, ValueKind::Instant, ValueKind::Duration, ValueKind::Instant},
    {Op::Subtract, ValueKind::Instant, ValueKind::Instant, ValueKind::Duration},
    {Op::Multiply, ValueKind::NumberRate, ValueKind::Duration, ValueKind::Number},
    {Op::Multiply, ValueKind::Duration, ValueKind::NumberRate, ValueKind::Number},
    {Op::Multiply, ValueKind::RatioRate, ValueKind::Duration, ValueKind::Ratio},
    {Op::Multiply, ValueKind::Duration, ValueKind::RatioRate, ValueKind::Ratio},
    {Op::Multiply, ValueKind::SizeRate, ValueKind::Duration, ValueKind::Size},
    {Op::Multiply, ValueKind::Duration, ValueKind::SizeRate, ValueKind::Size},
    {Op::Divide, ValueKind::Number, ValueKind::Duration, ValueKind::NumberRate},
    {Op::Divide, ValueKind::Ratio, ValueKind::Duration, ValueKind::RatioRate},
    {Op::Divide, ValueKind::Size, ValueKind::Duration, ValueKind::SizeRate},
};

std::optional<ValueKind> mixed_kind(Op op, ValueKind left, ValueKind right) {
  for (const Row& row : kMixed) {
    if (row.op == op && row.left == left && row.right == right) return row.result;
  }
  return std::nullopt;
}

std::optional<ValueKind> arithmetic_kind(Op op, ValueKind left, ValueKind right) {
  if (const auto mixed = mixed_kind(op, left, right)) return mixed;
  if (!is_quantity(left) || !is_quantity(right)) return std::nullopt;
  if (op == Op::Add || op == Op::Subtract) return left == right ? std::optional(left) : std::nullopt;
  if (op == Op::Divide) {
    if (left == right) return ValueKind::Number;
    return right == ValueKind::Number ? std::optional(left) : std::nullopt;
  }
  if (op == Op::Above || op == Op::Below) return left == ValueKind::Ratio ? std::optional(right) : std::nullopt;
  // A number or a ratio scales anything; a number times a ratio is a ratio.
  if (left == ValueKind::Number) return right;
  if (right == ValueKind::Number) return left;
  if (left == ValueKind::Ratio) return right;
  if (right == ValueKind::Ratio) return left;
  return std::nullopt;
}

bool has_equality(ValueKind kind) {
  return is_ordered(kind) || kind == ValueKind::Bool || kind == ValueKind::String || kind == ValueKind::Enum ||
         kind == ValueKind::List || kind == ValueKind::Map;
}

}  // namespace

std::optional<ValueKind> binary_kind(Op op, ValueKind left, ValueKind right) {
  const bool dynamic = is_dynamic(left) || is_dynamic(right);
  const bool secret = left == ValueKind::Secret || right == ValueKind::Secret;
  if (secret) return std::nullopt;
  const auto bool_if = [](bool fits) { return fits ? std::optional(ValueKind::Bool) : std::nullopt; };
  switch (op) {
    case Op::Add:
    case Op::Subtract:
    case Op::Multiply:
    case Op::Divide:
    case Op::Above:
    case Op::Below: return dynamic ? ValueKind::Any : arithmetic_kind(op, left, right);
    case Op::Equal:
    case Op::NotEqual: return bool_if(dynamic || (left == right && has_equality(left)));
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual: return bool_if(dynamic || (left == right && is_ordered(left)));
    case Op::And:
    case Op::Or:
      return bool_if((left == ValueKind::Bool || is_dynamic(left)) && (right == ValueKind::Bool || is_dynamic(right)));
    case Op::InList: return bool_if(right == ValueKind::List || is_dynamic(right));
    case Op::Index:
      return left == ValueKind::List || left == ValueKind::Map || is_dynamic(left) ? std::optional(ValueKind::Any)
                                                                                   : std::nullopt;
    case Op::Constant:
    case Op::Load:
    case Op::Secret:
    case Op::Metric:
    case Op::MetricMissing:
    case Op::Window:
    case Op::Baseline:
    case Op::Context:
    case Op::AnySeries:
    case Op::AllSeries:
    case Op::CountSeries:
    case Op::ShareSeries:
    case Op::WhichSeries:
    case Op::Agree:
    case Op::Negate:
    case Op::InRange:
    case Op::Not:
    case Op::IsMissing:
    case Op::Field:
    case Op::MakeList:
    case Op::MakeMap:
    case Op::Concatenate:
    case Op::Call:
    case Op::Return:
    case Op::Let:
    case Op::JumpUnless:
    case Op::Jump:
    case Op::Run:
    case Op::Parallel:
    case Op::Effect:
    case Op::Traffic:
    case Op::Hold:
    case Op::Gate:
    case Op::Notify:
    case Op::Require:
    case Op::Result:
    case Op::Absent:
    case Op::UndoRest:
    case Op::Outcome:
    case Op::End: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<ValueKind> negated_kind(ValueKind kind) {
  if (is_dynamic(kind)) return ValueKind::Any;
  return is_quantity(kind) ? std::optional(kind) : std::nullopt;
}

std::optional<ValueKind> range_kind(ValueKind value, ValueKind bound) {
  if (value == ValueKind::Secret || bound == ValueKind::Secret) return std::nullopt;
  if (is_dynamic(value) || is_dynamic(bound) || (value == bound && is_ordered(value))) return ValueKind::Bool;
  return std::nullopt;
}

std::optional<ValueKind> rate_of(ValueKind kind) {
  return mixed_kind(Op::Divide, kind, ValueKind::Duration);
}
std::optional<ValueKind> amount_of(ValueKind rate) {
  return mixed_kind(Op::Multiply, rate, ValueKind::Duration);
}

ValueKind builtin_kind(Builtin builtin) {
  switch (builtin) {
    case Builtin::Trim: return ValueKind::String;
    case Builtin::Lines:
    case Builtin::Column:
    case Builtin::AtSlots: return ValueKind::List;
    case Builtin::Number:
    case Builtin::CountMatching:
    case Builtin::Round:
    case Builtin::Length: return ValueKind::Number;
    case Builtin::Contains:
    case Builtin::Matches: return ValueKind::Bool;
    case Builtin::Replace:
    case Builtin::UrlEncode:
    case Builtin::Shorten:
    case Builtin::Sha256:
    case Builtin::Format:
    case Builtin::Argument: return ValueKind::String;
    case Builtin::Join:
    case Builtin::First:
    case Builtin::Last:
    case Builtin::JsonParse:
    case Builtin::JsonAt:
    case Builtin::Quantity: return ValueKind::Any;
  }
  return ValueKind::Any;
}

}  // namespace rollout::plan
