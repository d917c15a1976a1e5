#include "compiler/check/constants.hpp"

#include <fmt/format.h>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"
#include "runtime/plan/builtins.hpp"
#include "runtime/plan/evaluate.hpp"

// Values that are known at compile time: computed by the same functions that the run uses.

namespace rollout::check {
namespace {

// Functions inside functions: what is deeper is left to the run.
constexpr int kMaxCalls = 32;
// Functions that call functions twice each can take for ever; what takes longer than this is left to the run as well.
constexpr int kMaxSteps = 10'000;

struct Folding {
  const CheckedModule& module;
  Bindings arguments;
  int calls = 0;
  int steps = 0;
};

std::optional<Value> fold(Folding& folding, ExprId id);

std::optional<std::vector<Value>> fold_children(Folding& folding, const Expr& expr) {
  std::vector<Value> values;
  for (const ExprId child : expr.children) {
    auto value = child == kNone ? std::nullopt : fold(folding, child);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

std::optional<Value> fold_name(Folding& folding, const Expr& expr) {
  const CheckedModule& module = folding.module;
  const Symbol& symbol = module.symbols[expr.symbol];
  if (symbol.kind == SymbolKind::Argument) {
    for (auto argument = folding.arguments.rbegin(); argument != folding.arguments.rend(); ++argument) {
      if (argument->first == expr.symbol) return argument->second;
    }
    return std::nullopt;
  }
  if (symbol.kind == SymbolKind::Role && symbol.index < module.roles.size()) {
    const ExprId members = module.roles[symbol.index].members;
    return members == kNone ? std::nullopt : fold(folding, members);
  }
  if (symbol.kind != SymbolKind::Let || symbol.index >= module.lets.size()) return std::nullopt;
  const LetDecl& let = module.lets[symbol.index];
  return let.symbol == expr.symbol && let.value != kNone ? fold(folding, let.value) : std::nullopt;
}

std::optional<Value> fold_call(Folding& folding, const Expr& expr) {
  const FnDecl& fn = folding.module.fns[folding.module.symbols[expr.symbol].index];
  if (fn.body == kNone || folding.calls >= kMaxCalls || fn.parameters.size() != expr.children.size())
    return std::nullopt;
  auto values = fold_children(folding, expr);
  if (!values) return std::nullopt;
  const std::size_t outer = folding.arguments.size();
  for (std::size_t i = 0; i < values->size(); ++i)
    folding.arguments.emplace_back(fn.parameters[i].symbol, (*values)[i]);
  ++folding.calls;
  auto result = fold(folding, fn.body);
  --folding.calls;
  folding.arguments.resize(outer);
  return result;
}

Value map_of_values(const std::vector<std::string>& labels, std::vector<Value> values) {
  plan::Map map;
  for (std::size_t i = 0; i < labels.size() && i < values.size(); ++i)
    map.emplace_back(labels[i], std::move(values[i]));
  return Value::map(std::move(map));
}

Value element_at(const Value& container, const Value& index) {
  if (container.kind() == plan::ValueKind::Map) {
    const Value* found = container.find(index.as_string());
    return found ? *found : Value::missing();
  }
  const double at = index.as_double();
  const auto& list = container.as_list();
  if (!(at >= 0) || at >= static_cast<double>(list.size())) return Value::missing();
  return list[static_cast<std::size_t>(at)];
}

std::optional<Value> fold_operation(const Expr& expr, std::vector<Value> values) {
  switch (expr.kind) {
    case ExprKind::Unary: return expr.op == plan::Op::Not ? plan::logical_not(values[0]) : plan::negate(values[0]);
    case ExprKind::Binary: return plan::binary(expr.op, values[0], values[1]);
    case ExprKind::InRange: return plan::in_range(values[0], values[1], values[2]);
    case ExprKind::InList: return plan::in_list(values[0], values[1]);
    case ExprKind::List: return Value::list(std::move(values));
    case ExprKind::Map:
    case ExprKind::Record: return map_of_values(expr.labels, std::move(values));
    case ExprKind::Field: {
      const Value* found = values[0].find(expr.text);
      return found ? *found : Value::missing();
    }
    case ExprKind::Index: return element_at(values[0], values[1]);
    case ExprKind::Concatenate: return plan::concatenate(values);
    case ExprKind::Builtin: return plan::call_builtin(expr.builtin, values);
    case ExprKind::Error:
    case ExprKind::Constant:
    case ExprKind::Name:
    case ExprKind::Context:
    case ExprKind::IsMissing:
    case ExprKind::Command:
    case ExprKind::FnCall:
    case ExprKind::MetricUse:
    case ExprKind::CheckUse:
    case ExprKind::Window:
    case ExprKind::Baseline:
    case ExprKind::Series:
    case ExprKind::Call: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Value> fold(Folding& folding, ExprId id) {
  const Expr& expr = folding.module.exprs[id];
  if (expr.type == kErrorType || ++folding.steps > kMaxSteps) return std::nullopt;
  if (expr.kind == ExprKind::Constant) return expr.value;
  if (expr.kind == ExprKind::Name) return fold_name(folding, expr);
  if (expr.kind == ExprKind::FnCall) return fold_call(folding, expr);
  if (expr.kind == ExprKind::Error || expr.children.empty()) {
    const bool empty_container =
        expr.kind == ExprKind::List || expr.kind == ExprKind::Map || expr.kind == ExprKind::Record;
    return empty_container ? fold_operation(expr, {}) : std::nullopt;
  }
  auto values = fold_children(folding, expr);
  return values ? fold_operation(expr, std::move(*values)) : std::nullopt;
}

}  // namespace

std::optional<Value> constant_value(const CheckedModule& module, ExprId expr) {
  return constant_value(module, expr, {});
}

std::optional<Value> constant_value(const CheckedModule& module, ExprId expr, const Bindings& arguments) {
  if (expr == kNone) return std::nullopt;
  Folding folding{module, arguments};
  return fold(folding, expr);
}

std::optional<Value> constant_value(const Checker& c, ExprId expr) {
  return constant_value(c.module, expr);
}

ExprId check_constant(Checker& c, MaybeNode node, TypeId want, std::string_view what) {
  const ExprId expr = check_as(c, node, want, what);
  if (!node || is_error(c, expr)) return error_expr(c, node ? c.here(*node) : Location{c.at.file, {}});
  const auto value = constant_value(c, expr);
  const TypeId type = c.expr(expr).type;
  if (value && !value->is_missing()) return constant_expr(c, *value, type, c.here(*node));
  Report report = c.report(Code::NotConstant, c.here(*node), fmt::format("{} must be known at compile time", what));
  if (value && !value->as_string().empty()) report.note(value->as_string());
  report.help("constants are literals and what is computed from them; a `param` is known only when a run starts");
  return error_expr(c, c.here(*node));
}

void demand_constant_range(Checker& c, ExprId expr, double least, double most, std::string_view message,
                           std::string_view help) {
  if (is_error(c, expr)) return;
  const auto value = constant_value(c, expr);
  if (!value || value->is_missing()) return;
  const bool integer = value->kind() == plan::ValueKind::Duration || value->kind() == plan::ValueKind::Size;
  const double number = integer ? static_cast<double>(value->as_integer()) : value->as_double();
  if (number >= least && number <= most) return;
  c.report(Code::OutOfRange, c.expr(expr).location,
           fmt::format("{}, and this is {}", message, plan::to_literal(*value)))
      .help(std::string(help));
}

Bounds check_bounds(Checker& c, MaybeNode node, TypeId want, std::string_view what) {
  Bounds bounds;
  if (!node || !node->is(SyntaxKind::Range)) {
    bounds.low = check_as(c, node, want, what);
    return bounds;
  }
  const grammar::RangeView view{{*node}};
  bounds.low = check_as(c, view.low(), want, what);
  bounds.high = check_as(c, view.high(), want, what);
  if (is_error(c, bounds.low) || is_error(c, bounds.high)) return bounds;
  const auto low = constant_value(c, bounds.low), high = constant_value(c, bounds.high);
  // A window of times may cross midnight.
  if (!low || !high || low->kind() == plan::ValueKind::TimeOfDay) return bounds;
  if (!plan::binary(plan::Op::Greater, *low, *high).as_bool()) return bounds;
  c.report(Code::BoundsReversed, c.here(*node),
           fmt::format("the range begins at {} and ends before that, at {}", plan::to_literal(*low),
                       plan::to_literal(*high)))
      .help("write the smaller bound first");
  return bounds;
}

}  // namespace rollout::check
