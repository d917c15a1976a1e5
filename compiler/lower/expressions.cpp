// Expressions into code: constants are folded, functions expanded, names replaced by what they stand for.

#include <algorithm>
#include <utility>

#include "compiler/lower/lowering.hpp"
#include "runtime/plan/evaluate.hpp"

namespace rollout::lower {

namespace {

std::vector<Code> lower_children(Lowering& l, const Expr& expr) {
  std::vector<Code> children;
  children.reserve(expr.children.size());
  for (const ExprId child : expr.children) children.push_back(lower_expression(l, child));
  return children;
}

Instruction instruction(Op op, SpotId spot, std::uint32_t operand = 0) {
  return {.op = op, .b = operand, .spot = spot};
}

Code lower_unary(Lowering& l, const Expr& expr, SpotId spot) {
  const std::vector<Code> children = lower_children(l, expr);
  const ValueKind operand = children.front().kind;
  const ValueKind kind = expr.op == Op::Not ? ValueKind::Bool : plan::negated_kind(operand).value_or(ValueKind::Any);
  return combine(l.build, instruction(expr.op, spot), children, kind);
}

bool is_comparison(Op op) {
  return op == Op::Equal || op == Op::NotEqual || op == Op::Less || op == Op::LessEqual || op == Op::Greater ||
         op == Op::GreaterEqual;
}

Code lower_binary(Lowering& l, const Expr& expr, SpotId spot) {
  if (is_comparison(expr.op)) {
    if (auto series = lower_series_comparison(l, expr, spot)) return std::move(*series);
  }
  const std::vector<Code> children = lower_children(l, expr);
  const auto kind = plan::binary_kind(expr.op, children[0].kind, children[1].kind);
  return combine(l.build, instruction(expr.op, spot), children, kind.value_or(ValueKind::Any));
}

Code lower_is_missing(Lowering& l, const Expr& expr, SpotId spot) {
  const Expr& operand = l.expr(expr.children.front());
  Code code;
  if (operand.kind == ExprKind::MetricUse) {
    code = leaf_code(instruction(Op::MetricMissing, spot, metric_of(l, operand)), ValueKind::Bool);
  } else {
    const Code child = lower_expression(l, expr.children.front());
    code = combine(l.build, instruction(Op::IsMissing, spot), std::span(&child, 1), ValueKind::Bool);
  }
  if (!expr.negated) return code;
  return combine(l.build, instruction(Op::Not, spot), std::span(&code, 1), ValueKind::Bool);
}

ValueKind window_kind(plan::Aggregate aggregate, ValueKind metric) {
  switch (aggregate) {
    case plan::Aggregate::Count: return ValueKind::Number;
    case plan::Aggregate::Rate: return plan::rate_of(metric).value_or(ValueKind::Any);
    case plan::Aggregate::Average:
    case plan::Aggregate::Minimum:
    case plan::Aggregate::Maximum:
    case plan::Aggregate::Sum:
    case plan::Aggregate::Quantile: return metric;
  }
  return metric;
}

Code lower_window(Lowering& l, const Expr& expr, SpotId spot) {
  const plan::MetricId metric = metric_of(l, l.expr(expr.children[0]));
  const Code duration = lower_expression(l, expr.children[1]);
  Instruction window{.op = Op::Window, .a = static_cast<std::uint16_t>(expr.aggregate), .b = metric, .spot = spot};
  if (expr.aggregate == plan::Aggregate::Quantile && expr.children.size() > 2) {
    const Code which = lower_expression(l, expr.children[2]);
    window.c = l.build.constant(which.constant.value_or(Value::ratio(0.5)));
  }
  const ValueKind kind = window_kind(expr.aggregate, l.build.plan().metrics[metric].kind);
  return combine(l.build, window, std::span(&duration, 1), kind);
}

Code lower_baseline(Lowering& l, const Expr& expr, SpotId spot) {
  const plan::MetricId metric = metric_of(l, l.expr(expr.children.front()));
  return leaf_code(instruction(Op::Baseline, spot, metric), l.build.plan().metrics[metric].kind);
}

Code lower_function(Lowering& l, const Expr& expr) {
  const check::FnDecl& function = l.module.fns[l.symbol(expr.symbol).index];
  substitute(l, function.parameters, lower_arguments(l, function.parameters, expr.children));
  return lower_expression(l, function.body);
}

// A call of the outside inside an expression happens before the statement that it stands in.
Code lower_call_value(Lowering& l, const Expr& expr, ExprId id, SpotId spot) {
  const VariableId result = l.build.variable(l.symbol(expr.symbol).path, value_kind(l.module, expr.type));
  lower_call(l, {.call = id, .result = result});
  return load_code(l, result, spot);
}

ValueKind context_kind(plan::ContextValue context) {
  if (context == plan::ContextValue::Now) return ValueKind::Instant;
  return context == plan::ContextValue::Share ? ValueKind::Ratio : ValueKind::String;
}

// What is made of its parts: lists, maps, texts and calls of builtins.
Code builtin_call(Lowering& l, plan::Builtin builtin, const std::vector<Code>& arguments, SpotId spot) {
  const Instruction call{.op = Op::Call,
                         .a = static_cast<std::uint16_t>(arguments.size()),
                         .b = static_cast<std::uint32_t>(builtin),
                         .spot = spot};
  return combine(l.build, call, arguments, plan::builtin_kind(builtin));
}

// Whether what stands at the begin of the word is written in the program.
bool begins_with_text(const Lowering& l, const Expr& word) {
  if (word.kind == ExprKind::Constant) return true;
  if (word.kind != ExprKind::Concatenate || word.children.empty()) return false;
  const Expr& first = l.expr(word.children.front());
  return first.kind == ExprKind::Constant && !plan::to_text(first.value).empty();
}

// The words of a command. Data is a word of its own, but a program may still take it for an option: behind the
// program's name it is looked at, unless `--` ends the options.
Code lower_command(Lowering& l, const Expr& expr, SpotId spot) {
  std::vector<Code> words = lower_children(l, expr);
  bool options_end = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const Expr& word = l.expr(expr.children[i]);
    options_end = options_end || (words[i].is_constant() && words[i].constant->as_string() == "--");
    if (!options_end && !words[i].is_constant() && !begins_with_text(l, word)) {
      words[i] = builtin_call(l, plan::Builtin::Argument, {words[i]}, spot);
    }
  }
  return make_list(l.build, words, spot);
}

Code lower_composite(Lowering& l, const Expr& expr, SpotId spot) {
  if (expr.kind == ExprKind::Command) return lower_command(l, expr, spot);
  const std::vector<Code> children = lower_children(l, expr);
  if (expr.kind == ExprKind::Concatenate) return concatenate(l.build, children, spot);
  if (expr.kind == ExprKind::Map || expr.kind == ExprKind::Record) {
    return make_map(l.build, expr.labels, children, spot);
  }
  if (expr.kind == ExprKind::Builtin) {
    return builtin_call(l, expr.builtin, children, spot);
  }
  return make_list(l.build, children, spot);
}

}  // namespace

ValueKind value_kind(const CheckedModule& module, check::TypeId type) {
  using check::TypeKind;
  if (type >= module.types.size()) return ValueKind::Any;
  switch (module.types[type].kind) {
    case TypeKind::Bool: return ValueKind::Bool;
    case TypeKind::Number: return ValueKind::Number;
    case TypeKind::Ratio: return ValueKind::Ratio;
    case TypeKind::Duration: return ValueKind::Duration;
    case TypeKind::Size: return ValueKind::Size;
    case TypeKind::NumberRate: return ValueKind::NumberRate;
    case TypeKind::RatioRate: return ValueKind::RatioRate;
    case TypeKind::SizeRate: return ValueKind::SizeRate;
    case TypeKind::TimeOfDay: return ValueKind::TimeOfDay;
    case TypeKind::Instant: return ValueKind::Instant;
    case TypeKind::String: return ValueKind::String;
    case TypeKind::Command:
    case TypeKind::List: return ValueKind::List;
    case TypeKind::Map:
    case TypeKind::Record:
    case TypeKind::RunResult:
    case TypeKind::HttpResult: return ValueKind::Map;
    case TypeKind::Enum: return ValueKind::Enum;
    case TypeKind::Secret: return ValueKind::Secret;
    case TypeKind::Error:
    case TypeKind::Json:
    case TypeKind::MetricSource:
    case TypeKind::Channel:
    case TypeKind::Nothing: return ValueKind::Any;
  }
  return ValueKind::Any;
}

Code lower_expression(Lowering& l, ExprId id) {
  if (id == kNone) return constant_code({});
  const Counted counted(l);
  if (l.too_large) return constant_code(Value::missing("the program is too large"));
  const Expr& expr = l.expr(id);
  // What an expression says is placed at the expression; times are asked of statements only.
  const SpotId spot = l.is_complete() ? spot_of(l, expr.location) : l.spot;
  switch (expr.kind) {
    case ExprKind::Error: return constant_code(Value::missing("the expression has an error"));
    case ExprKind::Constant: return constant_code(expr.value);
    case ExprKind::Name: return name_code(l, expr.symbol, spot);
    case ExprKind::Context:
      return leaf_code(instruction(Op::Context, spot, static_cast<std::uint32_t>(expr.context)),
                       context_kind(expr.context));
    case ExprKind::Unary: return lower_unary(l, expr, spot);
    case ExprKind::Binary: return lower_binary(l, expr, spot);
    case ExprKind::InRange:
      return combine(l.build, instruction(Op::InRange, spot), lower_children(l, expr), ValueKind::Bool);
    case ExprKind::InList:
      return combine(l.build, instruction(Op::InList, spot), lower_children(l, expr), ValueKind::Bool);
    case ExprKind::IsMissing: return lower_is_missing(l, expr, spot);
    case ExprKind::Field: return field(l.build, lower_expression(l, expr.children.front()), expr.text, spot);
    case ExprKind::Index:
      return combine(l.build, instruction(Op::Index, spot), lower_children(l, expr), ValueKind::Any);
    case ExprKind::List:
    case ExprKind::Map:
    case ExprKind::Record:
    case ExprKind::Concatenate:
    case ExprKind::Command:
    case ExprKind::Builtin: return lower_composite(l, expr, spot);
    case ExprKind::FnCall: return lower_function(l, expr);
    case ExprKind::MetricUse: {
      const plan::MetricId metric = metric_of(l, expr);
      return leaf_code(instruction(Op::Metric, spot, metric), l.build.plan().metrics[metric].kind);
    }
    case ExprKind::CheckUse: return leaf_code(instruction(Op::Metric, spot, check_metric_of(l, expr)), ValueKind::Bool);
    case ExprKind::Window: return lower_window(l, expr, spot);
    case ExprKind::Baseline: return lower_baseline(l, expr, spot);
    case ExprKind::Series: return lower_series(l, expr);
    case ExprKind::Call: return lower_call_value(l, expr, id, spot);
  }
  return constant_code({});
}

RoutineId routine_of(Lowering& l, const Code& code, std::string text) {
  if (code.is_constant()) return l.build.constant_routine(*code.constant);
  l.build.begin_routine(std::move(text));
  for (const Instruction& one : code.instructions) {
    l.build.at(one.spot);
    l.build.push(one.op, one.b, one.a, one.c);
    if (one.op == Op::Load && l.in.reads) l.in.reads->insert(one.b);
  }
  const RoutineId routine = l.build.end_routine(code.kind);
  l.build.at(l.spot);
  return routine;
}

RoutineId lower_routine(Lowering& l, ExprId id) {
  const Code code = lower_expression(l, id);
  return routine_of(l, code, id == kNone ? std::string{} : quoted(l, l.expr(id).location));
}

RoutineId lower_optional(Lowering& l, ExprId id) {
  return id == kNone ? kNone : lower_routine(l, id);
}

std::optional<double> constant_number(Lowering& l, ExprId id) {
  if (id == kNone) return std::nullopt;
  const Code code = lower_expression(l, id);
  if (!code.is_constant() || code.constant->kind() != ValueKind::Number) return std::nullopt;
  return code.constant->as_double();
}

std::uint32_t constant_count(Lowering& l, ExprId id) {
  constexpr double kMost = 1'000'000'000;
  const double number = constant_number(l, id).value_or(0);
  return number > 0 ? static_cast<std::uint32_t>(std::min(number, kMost)) : 0;
}

}  // namespace rollout::lower
