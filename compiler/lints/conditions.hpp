// What conditions say about single quantities, as far as that is known before a run.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "compiler/check/checked_module.hpp"

namespace rollout::lints {

// A range of numbers, in the base of the quantity's type: nanoseconds, bytes, fractions, the index of a label.
struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_closed = false, high_closed = false;

  bool empty() const { return low > high || (low == high && !(low_closed && high_closed)); }
};
// Ascending, apart from each other.
using Values = std::vector<Interval>;

Values complement(const Values& values);
Values intersection(const Values& one, const Values& other);
// Whether every value of `inner` is one of `outer`.
bool contains(const Values& outer, const Values& inner);

// A condition as a tree. Leaves are comparisons of one quantity with what is known; Other: anything else.
struct Condition {
  enum class Kind : std::uint8_t { Comparison, And, Or, Other };
  Kind kind = Kind::Other;
  std::vector<Condition> parts{};     // of And, Or
  std::string quantity{};             // Comparison: what is compared, the same text for the same quantity
  Values values{};                    // Comparison: true exactly for these
  std::string identity{};             // Other: the same text for the same condition; empty where that is not known
  check::ExprId expr = check::kNone;  // where it stands
};

// Reads the condition. A check without parameters that only asks metrics stands for what it requires.
Condition read_condition(const check::CheckedModule& module, check::ExprId expr);
// Whether the second is true whenever the first is; false also where that is not certain.
bool implies(const Condition& first, const Condition& second);
// The quantities of its comparisons.
void add_quantities(const Condition& condition, std::vector<std::string>& quantities);

// The same text for expressions that always have the same value within one slot; empty where that is not known.
std::string identity_of(const check::CheckedModule& module, check::ExprId expr);
// Whether the expression reads a metric or a check.
bool reads_metric(const check::CheckedModule& module, check::ExprId expr);
// The values that the quantity can have at all, whatever is measured: a share of passes lies between 0% and 100%.
Values possible_values(const check::CheckedModule& module, check::ExprId expr);
// The side of a comparison that is measured; kNone where none is.
check::ExprId measured_side(const check::CheckedModule& module, check::ExprId comparison);
// The values that a comparison's quantity can have.
Values possible_values(const check::CheckedModule& module, const Condition& comparison);
// Whether the condition, or a part of it, is true or false whatever is measured.
bool is_fixed(const check::CheckedModule& module, const Condition& condition);
// Source text of the expression, blanks and line ends folded.
std::string source_text(const check::CheckedModule& module, diagnostics::Location location);

}  // namespace rollout::lints
