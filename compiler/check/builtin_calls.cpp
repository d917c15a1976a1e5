#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"
#include "runtime/plan/builtins.hpp"
#include "runtime/plan/evaluate.hpp"

// The prelude's functions on values, and those on metrics over time.

namespace rollout::check {
namespace {

struct BuiltinRow {
  plan::Builtin builtin;
  std::string_view name;
  std::size_t least, most;
};

constexpr auto kBuiltins = std::to_array<BuiltinRow>({
#define BUILTIN(builtin, name, least, most, documentation) {plan::Builtin::builtin, name, least, most},
#include "runtime/plan/builtins.def"
#undef BUILTIN
});

struct WindowRow {
  std::string_view name;
  plan::Aggregate aggregate;
};

constexpr auto kWindows = std::to_array<WindowRow>({
    {"avg", plan::Aggregate::Average},
    {"min", plan::Aggregate::Minimum},
    {"max", plan::Aggregate::Maximum},
    {"sum", plan::Aggregate::Sum},
    {"count", plan::Aggregate::Count},
    {"quantile", plan::Aggregate::Quantile},
    {"rate", plan::Aggregate::Rate},
});

// The comparison with a peer.
constexpr std::string_view kLater[] = {"worse"};
constexpr std::string_view kSeries[] = {"any", "all", "share"};

const BuiltinRow* find_builtin(std::string_view name) {
  for (const BuiltinRow& row : kBuiltins) {
    if (!name.empty() && row.name == name) return &row;
  }
  return nullptr;
}

const WindowRow* find_window(std::string_view name) {
  for (const WindowRow& row : kWindows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

bool is_later(std::string_view name) {
  return std::ranges::find(kLater, name) != std::end(kLater);
}

// The values of the arguments, without names; nothing after a report.
std::optional<std::vector<NodeRef>> plain_arguments(Checker& c, NodeRef node, const BuiltinRow& row) {
  std::vector<NodeRef> values;
  for (const NodeRef argument : grammar::CallView{{node}}.arguments()) {
    const grammar::ArgumentView view{{argument}};
    if (view.name()) {
      c.report(Code::UnknownArgument, c.here(*view.name()),
               fmt::format("the arguments of `{}` have no names", row.name));
      return std::nullopt;
    }
    if (!view.value()) return std::nullopt;
    values.push_back(*view.value());
  }
  if (values.size() < row.least) {
    c.report(
        Code::MissingArgument, c.here(node),
        fmt::format("`{}` takes {} argument{}, not {}", row.name, row.least, row.least == 1 ? "" : "s", values.size()));
    return std::nullopt;
  }
  if (values.size() > row.most) {
    c.report(
        Code::TooManyArguments, c.here(values[row.most]),
        fmt::format("`{}` takes {} argument{}, not {}", row.name, row.most, row.most == 1 ? "" : "s", values.size()));
    return std::nullopt;
  }
  return values;
}

bool one_of(const Checker& c, ExprId expr, std::span<const TypeKind> kinds) {
  return std::ranges::find(kinds, c.kind_of(expr)) != kinds.end();
}

// What a builtin takes; the rest of its arguments follow from the first.
struct Needs {
  std::vector<TypeKind> first;
  std::string_view phrase;
};

Needs needs_of(plan::Builtin builtin) {
  using enum TypeKind;
  switch (builtin) {
    case plan::Builtin::Trim:
    case plan::Builtin::Lines:
    case plan::Builtin::Number:
    case plan::Builtin::JsonParse:
    case plan::Builtin::Replace:
    case plan::Builtin::UrlEncode:
    case plan::Builtin::Sha256:
    case plan::Builtin::Shorten:
    case plan::Builtin::CountMatching:
    case plan::Builtin::Matches: return {{String, Json}, "a string"};
    case plan::Builtin::Round: return {{Number, Json}, "a number"};
    case plan::Builtin::Length: return {{String, Json, List, Map}, "a string, a list or a map"};
    case plan::Builtin::Contains: return {{String, Json, List}, "a string or a list"};
    case plan::Builtin::JsonAt: return {{Json, List, Map, RunResult, HttpResult}, "JSON"};
    case plan::Builtin::Join:
    case plan::Builtin::Column:
    case plan::Builtin::AtSlots:
    case plan::Builtin::First:
    case plan::Builtin::Last: return {{List, Json}, "a list"};
    case plan::Builtin::Format:
    case plan::Builtin::Quantity:
    case plan::Builtin::Argument: return {{}, "a value with a text"};
  }
  return {{}, ""};
}

TypeId result_of(Checker& c, plan::Builtin builtin, ExprId first) {
  const Type& type = c.module.type_of(first);
  switch (builtin) {
    case plan::Builtin::Trim:
    case plan::Builtin::Replace:
    case plan::Builtin::UrlEncode:
    case plan::Builtin::Sha256:
    case plan::Builtin::Shorten:
    case plan::Builtin::Join:
    case plan::Builtin::Format:
    case plan::Builtin::Argument: return type_id(TypeKind::String);
    case plan::Builtin::Lines: return list_of(c, type_id(TypeKind::String));
    case plan::Builtin::Column:
    case plan::Builtin::AtSlots: return list_of(c, type_id(TypeKind::Json));
    case plan::Builtin::Number:
    case plan::Builtin::Round:
    case plan::Builtin::CountMatching:
    case plan::Builtin::Length: return type_id(TypeKind::Number);
    case plan::Builtin::Contains:
    case plan::Builtin::Matches: return type_id(TypeKind::Bool);
    case plan::Builtin::First:
    case plan::Builtin::Last:
      return type.kind == TypeKind::List && type.element != kNone ? type.element : type_id(TypeKind::Json);
    case plan::Builtin::JsonParse:
    case plan::Builtin::JsonAt:
    case plan::Builtin::Quantity: return type_id(TypeKind::Json);
  }
  return kErrorType;
}

void check_pattern(Checker& c, ExprId pattern) {
  const auto value = constant_value(c, pattern);
  if (!value || value->kind() != plan::ValueKind::String) return;
  const Value tried = plan::matches("", value->as_string());
  if (!tried.is_missing()) return;
  c.report(Code::BadPattern, c.expr(pattern).location, tried.as_string());
}

// What a builtin takes behind its first argument, `first`.
TypeId wanted_behind(const Type& first, plan::Builtin builtin, std::size_t index) {
  using enum TypeKind;
  constexpr TypeKind kAtSlots[] = {Json, Json, Duration, Instant, Instant, Duration, Duration};
  if (builtin == plan::Builtin::AtSlots) return type_id(kAtSlots[index]);
  if (builtin == plan::Builtin::Column) return type_id(Json);
  if (builtin == plan::Builtin::Shorten) return type_id(Number);
  return builtin == plan::Builtin::Contains && first.kind == List ? first.element : type_id(String);
}

constexpr std::string_view kOrdinals[] = {"first", "second", "third", "fourth", "fifth", "sixth", "seventh"};

ExprId check_builtin(Checker& c, NodeRef node, const BuiltinRow& row) {
  const auto nodes = plain_arguments(c, node, row);
  if (!nodes) return error_expr(c, c.here(node));
  Expr expr;
  expr.kind = ExprKind::Builtin;
  expr.location = c.here(node);
  expr.builtin = row.builtin;
  const ExprId first = check_expression(c, nodes->front());
  expr.children.push_back(first);
  if (is_error(c, first)) return error_expr(c, c.here(node));
  if (is_secret(c, c.expr(first).type)) {
    c.report(Code::SecretLeak, c.here(nodes->front()),
             fmt::format("`{}` cannot work on a secret: its value is never known to the run", row.name));
    return error_expr(c, c.here(node));
  }
  const Needs needs = needs_of(row.builtin);
  const bool takes = needs.first.empty() ? is_printable(c, c.expr(first).type) : one_of(c, first, needs.first);
  if (!takes) {
    c.report(Code::TypeMismatch, c.here(nodes->front()),
             fmt::format("`{}` takes {}, not {}", row.name, needs.phrase, type_phrase(c, c.expr(first).type)));
    return error_expr(c, c.here(node));
  }
  for (std::size_t i = 1; i < nodes->size(); ++i) {
    const TypeId want = wanted_behind(c.module.type_of(first), row.builtin, i);
    expr.children.push_back(
        check_as(c, (*nodes)[i], want, fmt::format("the {} argument of `{}`", kOrdinals[i], row.name)));
    if (is_error(c, expr.children.back())) return error_expr(c, c.here(node));
    if (row.builtin == plan::Builtin::Matches || row.builtin == plan::Builtin::CountMatching)
      check_pattern(c, expr.children.back());
  }
  expr.type = result_of(c, row.builtin, first);
  return add_expr(c, std::move(expr));
}

// The metric that a function over time is applied to.
ExprId metric_argument(Checker& c, MaybeNode node, std::string_view function) {
  const ExprId metric = check_expression(c, node);
  if (!node || is_error(c, metric)) return kNone;
  if (c.expr(metric).kind == ExprKind::MetricUse) return metric;
  c.report(Code::TypeMismatch, c.here(*node),
           fmt::format("`{}` works on a metric over time, not on {}", function, type_phrase(c, c.expr(metric).type)));
  return kNone;
}

std::vector<Parameter> window_parameters(const WindowRow& row) {
  Parameter metric{"metric", kNone, kNone, true, false};
  Parameter over{"over", type_id(TypeKind::Duration), kNone, true, false};
  Parameter share{"quantile", type_id(TypeKind::Ratio), kNone, true, false};
  if (row.aggregate == plan::Aggregate::Quantile) return {metric, share, over};
  return {metric, over};
}

std::optional<TypeId> window_type(const Checker& c, plan::Aggregate aggregate, TypeId metric) {
  if (aggregate == plan::Aggregate::Count) return type_id(TypeKind::Number);
  const plan::ValueKind kind = value_kind(c, metric);
  if (!plan::negated_kind(kind) || kind == plan::ValueKind::Any) return std::nullopt;
  if (aggregate != plan::Aggregate::Rate) return metric;
  const auto rate = plan::rate_of(kind);
  return rate ? std::optional(type_of_kind(*rate)) : std::nullopt;
}

ExprId check_window(Checker& c, NodeRef node, const WindowRow& row) {
  CallSite site = call_site(c, node, kNone);
  site.callee = row.name;
  const auto nodes = site.arguments;
  std::vector<Parameter> parameters = window_parameters(row);
  parameters.front().type = kErrorType;  // whatever it is, said better below
  const std::vector<ExprId> arguments = check_arguments(c, site, parameters);
  const bool complete = std::ranges::none_of(arguments, [&](ExprId argument) { return is_error(c, argument); });
  if (!complete) return error_expr(c, c.here(node));
  const ExprId metric = arguments.front();
  if (c.expr(metric).kind != ExprKind::MetricUse) {
    c.report(Code::TypeMismatch, c.expr(metric).location,
             fmt::format("`{}` works on a metric over time, not on {}", row.name, type_phrase(c, c.expr(metric).type)));
    return error_expr(c, c.here(node));
  }
  const auto type = window_type(c, row.aggregate, c.expr(metric).type);
  if (!type) {
    c.report(Code::NoSuchOperation, c.expr(metric).location,
             fmt::format("`{}` has no meaning for {}", row.name, type_phrase(c, c.expr(metric).type)));
    return error_expr(c, c.here(node));
  }
  Expr expr;
  expr.kind = ExprKind::Window;
  expr.type = *type;
  expr.location = c.here(node);
  expr.aggregate = row.aggregate;
  expr.children = {metric, arguments.back()};
  demand_constant_range(c, arguments.back(), 1, 9.3e18, "a window must be longer than nothing", {});
  if (row.aggregate == plan::Aggregate::Quantile) {
    expr.children.push_back(arguments[1]);
    demand_constant_range(c, arguments[1], 0, 1, "a quantile must lie between 0% and 100%", {});
    if (!constant_value(c, arguments[1])) {
      c.report(Code::NotConstant, c.expr(arguments[1]).location, "which quantile must be known at compile time");
    }
  }
  return add_expr(c, std::move(expr));
}

ExprId check_baseline(Checker& c, NodeRef node) {
  const auto arguments = grammar::CallView{{node}}.arguments();
  if (arguments.size() != 1) {
    c.report(arguments.empty() ? Code::MissingArgument : Code::TooManyArguments, c.here(node),
             "`baseline` takes one metric");
    return error_expr(c, c.here(node));
  }
  const ExprId metric = metric_argument(c, grammar::ArgumentView{{arguments.front()}}.value(), "baseline");
  if (metric == kNone) return error_expr(c, c.here(node));
  Expr expr;
  expr.kind = ExprKind::Baseline;
  expr.type = c.expr(metric).type;
  expr.location = c.here(node);
  expr.children = {metric};
  return add_expr(c, std::move(expr));
}

ExprId now_expr(Checker& c, NodeRef node) {
  Expr expr;
  expr.kind = ExprKind::Context;
  expr.type = type_id(TypeKind::Instant);
  expr.location = c.here(node);
  expr.context = plan::ContextValue::Now;
  return add_expr(c, std::move(expr));
}

}  // namespace

bool is_builtin_name(std::string_view name) {
  return find_builtin(name) != nullptr || std::ranges::find(kSeries, name) != std::end(kSeries) ||
         find_window(name) != nullptr || is_later(name) || name == "baseline" || name == "now";
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> names;
  for (const BuiltinRow& row : kBuiltins) {
    if (!row.name.empty()) names.emplace_back(row.name);
  }
  for (const WindowRow& row : kWindows) names.emplace_back(row.name);
  names.insert(names.end(), {"baseline", "now"});
  names.insert(names.end(), std::begin(kSeries), std::end(kSeries));
  return names;
}

std::optional<ExprId> check_builtin_call(Checker& c, NodeRef node, std::string_view name) {
  if (const BuiltinRow* row = find_builtin(name)) return check_builtin(c, node, *row);
  if (is_series_function(node, name)) return check_series_function(c, node, name);
  if (const WindowRow* row = find_window(name)) return check_window(c, node, *row);
  if (name == "baseline") return check_baseline(c, node);
  if (name == "now") return now_expr(c, node);
  if (!is_later(name)) return std::nullopt;
  not_yet(c, c.here(node), fmt::format("`{}(...)`", name));
  return error_expr(c, c.here(node));
}

}  // namespace rollout::check
