#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "runtime/plan/evaluate.hpp"
#include "runtime/plan/opcodes.hpp"

// The operators on values. Which operands fit is binary_kind's business (kinds.cpp); here is what they give.

namespace rollout::plan {

namespace {

constexpr double kNanosecondsPerSecond = 1e9;

// Kinds whose content is an integer; those of the others that are ordered hold a double.
bool is_integer(ValueKind kind) {
  return kind == ValueKind::Duration || kind == ValueKind::Size || kind == ValueKind::Instant ||
         kind == ValueKind::TimeOfDay;
}

Value of_integer(ValueKind kind, std::int64_t value) {
  if (kind == ValueKind::Duration) return Value::duration(value);
  if (kind == ValueKind::Size) return Value::size(value);
  if (kind == ValueKind::Instant) return Value::instant(value);
  return Value::time_of_day(value);
}

double as_number(const Value& value) {
  return is_integer(value.kind()) ? static_cast<double>(value.as_integer()) : value.as_double();
}

Value does_not_fit(Op op, const Value& left, const Value& right) {
  return Value::missing("`" + std::string(op_text(op)) + "` does not apply to " + std::string(kind_name(left.kind())) +
                        " and " + std::string(kind_name(right.kind())));
}

Value overflow(Op op) {
  return Value::missing("the result of `" + std::string(op_text(op)) + "` is too large");
}

// A double result of finite operands must be finite; an infinite operand may stay infinite.
Value of_double(Op op, ValueKind kind, double result, const Value& left, const Value& right) {
  if (is_integer(kind)) {
    Value made = quantity(kind, result);
    return made.is_missing() ? overflow(op) : made;
  }
  if (std::isnan(result)) return Value::missing("the result of `" + std::string(op_text(op)) + "` is not a number");
  if (std::isinf(result) && std::isfinite(as_number(left)) && std::isfinite(as_number(right))) return overflow(op);
  return Value::rate(kind, result);
}

Value add(Op op, ValueKind kind, const Value& left, const Value& right) {
  if (!is_integer(kind)) {
    const double sum = op == Op::Add ? left.as_double() + right.as_double() : left.as_double() - right.as_double();
    return of_double(op, kind, sum, left, right);
  }
  std::int64_t result = 0;
  const bool overflows = op == Op::Add ? __builtin_add_overflow(left.as_integer(), right.as_integer(), &result)
                                       : __builtin_sub_overflow(left.as_integer(), right.as_integer(), &result);
  return overflows ? overflow(op) : of_integer(kind, result);
}

// The factor as an integer where it is one, so that large durations and sizes stay exact.
std::optional<std::int64_t> whole(double factor) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (!(std::abs(factor) <= kExact) || factor != std::trunc(factor)) return std::nullopt;
  return static_cast<std::int64_t>(factor);
}

Value multiply(ValueKind kind, const Value& left, const Value& right) {
  const bool rate = kind == amount_of(left.kind()) || kind == amount_of(right.kind());
  if (rate && (left.kind() == ValueKind::Duration || right.kind() == ValueKind::Duration)) {
    const double product = as_number(left) * as_number(right) / kNanosecondsPerSecond;
    return of_double(Op::Multiply, kind, product, left, right);
  }
  if (is_integer(kind)) {
    const Value& factor = is_integer(left.kind()) ? right : left;
    const Value& amount = is_integer(left.kind()) ? left : right;
    if (const auto exact = whole(factor.as_double())) {
      std::int64_t result = 0;
      if (__builtin_mul_overflow(*exact, amount.as_integer(), &result)) return overflow(Op::Multiply);
      return of_integer(kind, result);
    }
  }
  return of_double(Op::Multiply, kind, as_number(left) * as_number(right), left, right);
}

Value divide(ValueKind kind, const Value& left, const Value& right) {
  const double divisor = as_number(right);
  if (divisor == 0) return Value::missing("division by zero");
  if (left.kind() != right.kind() && right.kind() == ValueKind::Duration) {
    return of_double(Op::Divide, kind, as_number(left) * kNanosecondsPerSecond / divisor, left, right);
  }
  if (is_integer(kind)) {
    const auto exact = whole(divisor);
    if (exact && *exact != -1 && left.as_integer() % *exact == 0) return of_integer(kind, left.as_integer() / *exact);
  }
  return of_double(Op::Divide, kind, as_number(left) / divisor, left, right);
}

Value relative(Op op, ValueKind kind, const Value& ratio, const Value& amount) {
  const double factor = op == Op::Above ? 1 + ratio.as_double() : 1 - ratio.as_double();
  return of_double(op, kind, as_number(amount) * factor, ratio, amount);
}

Value arithmetic(Op op, const Value& left, const Value& right) {
  const auto kind = binary_kind(op, left.kind(), right.kind());
  if (!kind) return does_not_fit(op, left, right);
  if (op == Op::Add || op == Op::Subtract) return add(op, *kind, left, right);
  if (op == Op::Multiply) return multiply(*kind, left, right);
  if (op == Op::Divide) return divide(*kind, left, right);
  if (op == Op::Above || op == Op::Below) return relative(op, *kind, left, right);
  return does_not_fit(op, left, right);
}

Value compare_numbers(Op op, double left, double right) {
  if (std::isnan(left) || std::isnan(right)) return Value::missing("a compared value is not a number (NaN)");
  if (op == Op::Less) return Value::boolean(left < right);
  if (op == Op::LessEqual) return Value::boolean(left <= right);
  if (op == Op::Greater) return Value::boolean(left > right);
  if (op == Op::GreaterEqual) return Value::boolean(left >= right);
  return Value::boolean(left == right);
}

Value compare_integers(Op op, std::int64_t left, std::int64_t right) {
  if (op == Op::Less) return Value::boolean(left < right);
  if (op == Op::LessEqual) return Value::boolean(left <= right);
  if (op == Op::Greater) return Value::boolean(left > right);
  if (op == Op::GreaterEqual) return Value::boolean(left >= right);
  return Value::boolean(left == right);
}

Value equal(const Value& left, const Value& right);

// All equal: true. One unequal: false, also beside a missing one. Otherwise missing.
class AllEqual {
 public:
  bool decided() const { return unequal_; }
  void add(Value verdict) {
    if (verdict.is_missing()) {
      if (!missing_) missing_ = std::move(verdict);
    } else if (!verdict.as_bool()) {
      unequal_ = true;
    }
  }
  Value verdict() const {
    if (unequal_) return Value::boolean(false);
    return missing_ ? *missing_ : Value::boolean(true);
  }

 private:
  bool unequal_ = false;
  std::optional<Value> missing_;
};

Value equal_lists(const List& left, const List& right) {
  if (left.size() != right.size()) return Value::boolean(false);
  AllEqual all;
  for (std::size_t index = 0; index < left.size() && !all.decided(); ++index) all.add(equal(left[index], right[index]));
  return all.verdict();
}

using Entries = std::vector<const Map::value_type*>;

Entries sorted(const Map& map) {
  Entries entries;
  for (const auto& entry : map) entries.push_back(&entry);
  // Equal keys in the order in which they stand.
  std::sort(entries.begin(), entries.end(), [](const auto* left, const auto* right) {
    const int order = left->first.compare(right->first);
    return order != 0 ? order < 0 : left < right;
  });
  return entries;
}

// Whatever order their fields were written in.
Value equal_maps(const Map& left, const Map& right) {
  if (left.size() != right.size()) return Value::boolean(false);
  const Entries ours = sorted(left), theirs = sorted(right);
  AllEqual all;
  for (std::size_t index = 0; index < ours.size() && !all.decided(); ++index) {
    if (ours[index]->first != theirs[index]->first) return Value::boolean(false);
    all.add(equal(ours[index]->second, theirs[index]->second));
  }
  return all.verdict();
}

Value equal(const Value& left, const Value& right) {
  if (left.is_missing()) return left;
  if (right.is_missing()) return right;
  if (!binary_kind(Op::Equal, left.kind(), right.kind())) return does_not_fit(Op::Equal, left, right);
  switch (left.kind()) {
    case ValueKind::Number:
    case ValueKind::Ratio:
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return compare_numbers(Op::Equal, left.as_double(), right.as_double());
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant: return compare_integers(Op::Equal, left.as_integer(), right.as_integer());
    case ValueKind::Bool: return Value::boolean(left.as_bool() == right.as_bool());
    case ValueKind::String:
    case ValueKind::Enum: return Value::boolean(left.as_string() == right.as_string());
    case ValueKind::List: return equal_lists(left.as_list(), right.as_list());
    case ValueKind::Map: return equal_maps(left.as_map(), right.as_map());
    case ValueKind::Missing:
    case ValueKind::Secret:
    case ValueKind::Any: break;
  }
  return does_not_fit(Op::Equal, left, right);
}

Value ordered(Op op, const Value& left, const Value& right) {
  if (left.is_missing()) return left;
  if (right.is_missing()) return right;
  if (!binary_kind(op, left.kind(), right.kind())) return does_not_fit(op, left, right);
  if (is_integer(left.kind())) return compare_integers(op, left.as_integer(), right.as_integer());
  return compare_numbers(op, left.as_double(), right.as_double());
}

// Kleene: `decisive` (false for and, true for or) on either side decides, whatever the other is.
Value logical(Op op, const Value& left, const Value& right) {
  const bool decisive = op == Op::Or;
  const auto decides = [&](const Value& side) { return side.kind() == ValueKind::Bool && side.as_bool() == decisive; };
  if (decides(left) || decides(right)) return Value::boolean(decisive);
  if (left.is_missing()) return left;
  if (right.is_missing()) return right;
  if (left.kind() != ValueKind::Bool || right.kind() != ValueKind::Bool) return does_not_fit(op, left, right);
  return Value::boolean(!decisive);
}

}  // namespace

Value binary(Op op, const Value& left, const Value& right) {
  if (op == Op::And || op == Op::Or) return logical(op, left, right);
  if (op == Op::InList) return in_list(left, right);
  if (op == Op::Equal) return equal(left, right);
  if (op == Op::NotEqual) return logical_not(equal(left, right));
  if (op == Op::Less || op == Op::LessEqual || op == Op::Greater || op == Op::GreaterEqual) {
    return ordered(op, left, right);
  }
  if (left.is_missing()) return left;
  if (right.is_missing()) return right;
  return arithmetic(op, left, right);
}

Value negate(const Value& value) {
  if (value.is_missing()) return value;
  const auto kind = negated_kind(value.kind());
  if (!kind) return Value::missing("`-` does not apply to " + std::string(kind_name(value.kind())));
  if (!is_integer(*kind)) return Value::rate(*kind, -value.as_double());
  std::int64_t result = 0;
  if (__builtin_sub_overflow(std::int64_t{0}, value.as_integer(), &result)) return overflow(Op::Negate);
  return of_integer(*kind, result);
}

Value logical_not(const Value& value) {
  if (value.is_missing()) return value;
  if (value.kind() == ValueKind::Bool) return Value::boolean(!value.as_bool());
  return Value::missing("`not` does not apply to " + std::string(kind_name(value.kind())));
}

Value in_range(const Value& value, const Value& low, const Value& high) {
  if (value.kind() != ValueKind::TimeOfDay) {
    return logical(Op::And, ordered(Op::LessEqual, low, value), ordered(Op::LessEqual, value, high));
  }
  Value after = ordered(Op::LessEqual, low, value);
  Value before = ordered(Op::Less, value, high);
  if (after.is_missing()) return after;
  if (before.is_missing()) return before;
  const bool over_midnight = high.as_integer() <= low.as_integer();
  return logical(over_midnight ? Op::Or : Op::And, after, before);
}

Value in_list(const Value& value, const Value& list) {
  if (list.is_missing()) return list;
  if (list.kind() != ValueKind::List) return does_not_fit(Op::InList, value, list);
  std::optional<Value> missing;
  for (const Value& element : list.as_list()) {
    Value verdict = equal(value, element);
    if (verdict.as_bool()) return verdict;
    if (verdict.is_missing() && !missing) missing = std::move(verdict);
  }
  return missing ? *missing : Value::boolean(false);
}

}  // namespace rollout::plan
