#include "compiler/lints/conditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "compiler/check/constants.hpp"
#include "compiler/diagnostics/display.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::Expr;
using check::ExprId;
using check::ExprKind;
using check::kNone;
using check::SymbolKind;
using check::TypeKind;
using plan::Op;
using plan::Value;
using plan::ValueKind;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Checks inside checks, functions inside functions: what is deeper is left alone.
constexpr int kMostDepth = 16;

// ---------------------------------------------------------------- numbers

// The number behind a value that can be ordered; nothing for texts, lists, truth values and what goes by the calendar.
std::optional<double> number_of(const Value& value) {
  switch (value.kind()) {
    case ValueKind::Number:
    case ValueKind::Ratio:
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return value.as_double();
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::Enum: return static_cast<double>(value.as_integer());
    default: return std::nullopt;
  }
}

std::optional<double> constant_number(const CheckedModule& module, ExprId expr) {
  const auto value = check::constant_value(module, expr);
  return value ? number_of(*value) : std::nullopt;
}

Values values_of(Op op, double than) {
  const Interval below{-kInfinity, than, false, false}, above{than, kInfinity, false, false};
  switch (op) {
    case Op::Less: return {below};
    case Op::LessEqual: return {{-kInfinity, than, false, true}};
    case Op::Greater: return {above};
    case Op::GreaterEqual: return {{than, kInfinity, true, false}};
    case Op::Equal: return {{than, than, true, true}};
    case Op::NotEqual: return {below, above};
    default: return {};
  }
}

// `5% < errors` as `errors > 5%`.
Op mirrored(Op op) {
  switch (op) {
    case Op::Less: return Op::Greater;
    case Op::LessEqual: return Op::GreaterEqual;
    case Op::Greater: return Op::Less;
    case Op::GreaterEqual: return Op::LessEqual;
    default: return op;
  }
}

bool is_comparison(const Expr& expr) {
  return expr.kind == ExprKind::Binary && !values_of(expr.op, 0).empty();
}

// ---------------------------------------------------------------- conditions

Condition other(const CheckedModule& module, ExprId id) {
  return {.kind = Condition::Kind::Other, .identity = identity_of(module, id), .expr = id};
}

Condition comparison(const CheckedModule& module, ExprId id, ExprId quantity, Values values) {
  std::string identity = identity_of(module, quantity);
  if (identity.empty()) return other(module, id);
  return {
      .kind = Condition::Kind::Comparison, .quantity = std::move(identity), .values = std::move(values), .expr = id};
}

Condition read_comparison(const CheckedModule& module, ExprId id) {
  const Expr& expr = module.exprs[id];
  if (const auto right = constant_number(module, expr.children[1]))
    return comparison(module, id, expr.children[0], values_of(expr.op, *right));
  if (const auto left = constant_number(module, expr.children[0]))
    return comparison(module, id, expr.children[1], values_of(mirrored(expr.op), *left));
  return other(module, id);
}

Condition read_range(const CheckedModule& module, ExprId id) {
  const Expr& expr = module.exprs[id];
  const auto low = constant_number(module, expr.children[1]), high = constant_number(module, expr.children[2]);
  if (!low || !high) return other(module, id);
  return comparison(module, id, expr.children[0], {{*low, *high, true, true}});
}

Condition read(const CheckedModule& module, ExprId id, int depth);

// `a and b and c` is one node with three parts.
void add_part(const CheckedModule& module, Condition& whole, ExprId id, int depth) {
  Condition part = read(module, id, depth);
  if (part.kind == whole.kind)
    std::ranges::move(part.parts, std::back_inserter(whole.parts));
  else
    whole.parts.push_back(std::move(part));
}

// What a check requires, where that is all it does.
std::optional<Condition> read_check(const CheckedModule& module, ExprId id, int depth) {
  const Expr& use = module.exprs[id];
  const check::CheckDecl& check = module.checks[module.symbols[use.symbol].index];
  if (check.external || !check.parameters.empty() || check.body == kNone) return std::nullopt;
  Condition all{.kind = Condition::Kind::And, .expr = id};
  for (const check::StepId step : module.blocks[check.body].steps) {
    const auto* require = std::get_if<check::RequireStep>(&module.steps[step].body);
    if (require == nullptr) return std::nullopt;
    add_part(module, all, require->condition, depth);
  }
  return all;
}

Condition read(const CheckedModule& module, ExprId id, int depth) {
  if (id == kNone || depth > kMostDepth) return {};
  const Expr& expr = module.exprs[id];
  if (expr.kind == ExprKind::Binary && (expr.op == Op::And || expr.op == Op::Or)) {
    Condition whole{.kind = expr.op == Op::And ? Condition::Kind::And : Condition::Kind::Or, .expr = id};
    for (const ExprId child : expr.children) add_part(module, whole, child, depth + 1);
    return whole;
  }
  if (is_comparison(expr)) return read_comparison(module, id);
  if (expr.kind == ExprKind::InRange) return read_range(module, id);
  if (expr.kind == ExprKind::Unary && expr.op == Op::Not) {
    Condition inner = read(module, expr.children[0], depth + 1);
    if (inner.kind == Condition::Kind::Comparison) {
      inner.values = complement(inner.values);
      inner.expr = id;
      return inner;
    }
  }
  if (expr.kind == ExprKind::CheckUse) {
    if (auto required = read_check(module, id, depth + 1)) return std::move(*required);
  }
  return other(module, id);
}

// ---------------------------------------------------------------- identities

std::string identity(const CheckedModule& module, ExprId id, int depth);

// The children in order; nothing where one of them is not known to stay the same.
std::optional<std::string> identities(const CheckedModule& module, const Expr& expr, int depth) {
  std::string text;
  for (const ExprId child : expr.children) {
    const std::string part = child == kNone ? "_" : identity(module, child, depth + 1);
    if (part.empty()) return std::nullopt;
    text += (text.empty() ? "" : ",") + part;
  }
  return text;
}

// What the node itself says; nothing for what may differ from one evaluation to the next.
std::optional<std::string> head_of(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::Name: return fmt::format("name {}", expr.symbol);
    case ExprKind::Context: return fmt::format("context {}", static_cast<int>(expr.context));
    case ExprKind::Unary:
    case ExprKind::Binary: return fmt::format("op {}", static_cast<int>(expr.op));
    case ExprKind::InRange: return "in range";
    case ExprKind::InList: return "in list";
    case ExprKind::IsMissing: return expr.negated ? "is not missing" : "is missing";
    case ExprKind::Field: return "field " + expr.text;
    case ExprKind::Index: return "index";
    case ExprKind::List: return "list";
    case ExprKind::Concatenate: return "text";
    case ExprKind::Builtin: return fmt::format("builtin {}", static_cast<int>(expr.builtin));
    case ExprKind::FnCall:
    case ExprKind::MetricUse:
    case ExprKind::CheckUse: return fmt::format("use {}", expr.symbol);
    case ExprKind::Window: return fmt::format("window {}", static_cast<int>(expr.aggregate));
    case ExprKind::Baseline: return "baseline";
    case ExprKind::Series: return fmt::format("series {}", static_cast<int>(expr.op));
    default: return std::nullopt;
  }
}

std::string identity(const CheckedModule& module, ExprId id, int depth) {
  if (depth > kMostDepth) return {};
  const Expr& expr = module.exprs[id];
  const bool may_be_known = expr.kind == ExprKind::Constant || expr.kind == ExprKind::Name ||
                            expr.kind == ExprKind::Unary || expr.kind == ExprKind::FnCall;
  if (may_be_known) {
    if (const auto value = check::constant_value(module, id))
      return fmt::format("value {} {}", static_cast<int>(value->kind()), plan::to_literal(*value));
  }
  const auto head = head_of(expr);
  if (!head) return {};
  const auto children = identities(module, expr, depth);
  return children ? fmt::format("{}({})", *head, *children) : std::string();
}

// ---------------------------------------------------------------- what can be measured at all

bool is_probe(const CheckedModule& module, const Expr& use) {
  const check::MetricDecl& metric = module.metrics[module.symbols[use.symbol].index];
  if (metric.source == kNone) return false;
  const Expr& source = module.exprs[metric.source];
  if (source.kind != ExprKind::Call || module.symbols[source.symbol].kind != SymbolKind::Native) return false;
  return module.natives[module.symbols[source.symbol].index].provider == plan::MetricProvider::Probe;
}

}  // namespace

Values complement(const Values& values) {
  Values result;
  Interval rest;
  for (const Interval& one : values) {
    const Interval before{rest.low, one.low, rest.low_closed, !one.low_closed};
    if (one.low != -kInfinity && !before.empty()) result.push_back(before);
    rest.low = one.high;
    rest.low_closed = !one.high_closed;
    if (one.high == kInfinity) return result;
  }
  if (!rest.empty()) result.push_back(rest);
  return result;
}

Values intersection(const Values& one, const Values& other) {
  Values result;
  for (const Interval& a : one) {
    for (const Interval& b : other) {
      Interval both;
      both.low = std::max(a.low, b.low);
      both.low_closed = (a.low < both.low || a.low_closed) && (b.low < both.low || b.low_closed);
      both.high = std::min(a.high, b.high);
      both.high_closed = (a.high > both.high || a.high_closed) && (b.high > both.high || b.high_closed);
      if (!both.empty()) result.push_back(both);
    }
  }
  return result;
}

bool contains(const Values& outer, const Values& inner) {
  return intersection(inner, complement(outer)).empty();
}

Condition read_condition(const CheckedModule& module, ExprId expr) {
  return read(module, expr, 0);
}

bool implies(const Condition& first, const Condition& second) {
  using Kind = Condition::Kind;
  const auto first_implies = [&](const Condition& part) { return implies(first, part); };
  const auto implies_second = [&](const Condition& part) { return implies(part, second); };
  if (second.kind == Kind::And) return std::ranges::all_of(second.parts, first_implies);
  if (first.kind == Kind::Or) return std::ranges::all_of(first.parts, implies_second);
  if (second.kind == Kind::Or && std::ranges::any_of(second.parts, first_implies)) return true;
  if (first.kind == Kind::And) return std::ranges::any_of(first.parts, implies_second);
  if (first.kind == Kind::Comparison && second.kind == Kind::Comparison)
    return first.quantity == second.quantity && contains(second.values, first.values);
  return first.kind == Kind::Other && second.kind == Kind::Other && !first.identity.empty() &&
         first.identity == second.identity;
}

void add_quantities(const Condition& condition, std::vector<std::string>& quantities) {
  if (condition.kind == Condition::Kind::Comparison) quantities.push_back(condition.quantity);
  if (condition.kind == Condition::Kind::Other && !condition.identity.empty()) quantities.push_back(condition.identity);
  for (const Condition& part : condition.parts) add_quantities(part, quantities);
}

std::string identity_of(const CheckedModule& module, ExprId expr) {
  return expr == kNone ? std::string() : identity(module, expr, 0);
}

bool reads_metric(const CheckedModule& module, ExprId id) {
  if (id == kNone) return false;
  const Expr& expr = module.exprs[id];
  if (expr.kind == ExprKind::MetricUse || expr.kind == ExprKind::CheckUse) return true;
  return std::ranges::any_of(expr.children, [&](ExprId child) { return reads_metric(module, child); });
}

Values possible_values(const CheckedModule& module, ExprId id) {
  const Expr& expr = module.exprs[id];
  const Interval anything, share{0, 1, true, true}, not_negative{0, kInfinity, true, false};
  switch (expr.kind) {
    case ExprKind::MetricUse:
      if (is_probe(module, expr)) return {share};
      break;
    case ExprKind::Window:
      if (expr.aggregate == plan::Aggregate::Count) return {not_negative};
      if (expr.aggregate == plan::Aggregate::Sum || expr.aggregate == plan::Aggregate::Rate) return {anything};
      return possible_values(module, expr.children[0]);
    case ExprKind::Baseline: return possible_values(module, expr.children[0]);
    case ExprKind::Series: return {expr.op == Op::ShareSeries ? share : not_negative};
    default: return {anything};
  }
  const TypeKind type = module.types[expr.type].kind;
  return {type == TypeKind::Duration || type == TypeKind::Size ? not_negative : anything};
}

Values possible_values(const CheckedModule& module, const Condition& comparison) {
  const ExprId side = measured_side(module, comparison.expr);
  return side == kNone ? Values{Interval{}} : possible_values(module, side);
}

bool is_fixed(const CheckedModule& module, const Condition& condition) {
  if (condition.kind == Condition::Kind::Comparison) {
    if (!reads_metric(module, condition.expr)) return false;
    const Values all = possible_values(module, condition);
    return contains(condition.values, all) || intersection(condition.values, all).empty();
  }
  std::map<std::string, Values> together;
  for (const Condition& part : condition.parts) {
    if (is_fixed(module, part)) return true;
    if (part.kind != Condition::Kind::Comparison) continue;
    const auto [found, added] = together.try_emplace(part.quantity, Values{Interval{}});
    const bool all = condition.kind == Condition::Kind::And;
    found->second = intersection(found->second, all ? part.values : complement(part.values));
    if (found->second.empty()) return true;
  }
  return false;
}

ExprId measured_side(const CheckedModule& module, ExprId comparison) {
  const Expr* expr = &module.exprs[comparison];
  if (expr->kind == ExprKind::Unary) expr = &module.exprs[expr->children[0]];
  const auto found = std::ranges::find_if(expr->children, [&](ExprId child) { return reads_metric(module, child); });
  return found == expr->children.end() ? kNone : *found;
}

std::string source_text(const CheckedModule& module, diagnostics::Location location) {
  const std::string_view text = module.files[location.file].text;
  return diagnostics::one_line(text.substr(location.span.begin, location.span.size()));
}

}  // namespace rollout::lints
