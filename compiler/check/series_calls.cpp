#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"

// What is asked about all series of a grouped metric: `any(up == 0)`, `all(...)`, `count(...)`, `share(...)`.

namespace rollout::check {
namespace {

struct SeriesRow {
  std::string_view name;
  plan::Op op;
  TypeKind type;
};

constexpr auto kFunctions = std::to_array<SeriesRow>({
    {"any", plan::Op::AnySeries, TypeKind::Bool},
    {"all", plan::Op::AllSeries, TypeKind::Bool},
    {"count", plan::Op::CountSeries, TypeKind::Number},
    {"share", plan::Op::ShareSeries, TypeKind::Ratio},
});

const SeriesRow* find_function(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &SeriesRow::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

const std::vector<std::string>& labels_of(const Checker& c, ExprId use) {
  return c.module.metrics[c.symbol(c.expr(use).symbol).index].labels;
}

bool is_grouped_use(const Checker& c, ExprId id) {
  return c.expr(id).kind == ExprKind::MetricUse && !labels_of(c, id).empty();
}

// The uses of grouped metrics in the condition, in source order.
void collect_uses(const Checker& c, ExprId id, std::vector<ExprId>& uses) {
  if (id == kNone) return;
  if (is_grouped_use(c, id)) uses.push_back(id);
  for (const ExprId child : c.expr(id).children) collect_uses(c, child, uses);
}

// All must be grouped alike: a series is one of each of them.
bool same_labels(Checker& c, std::span<const ExprId> uses) {
  const auto& labels = labels_of(c, uses.front());
  for (const ExprId use : uses) {
    if (labels_of(c, use) == labels) continue;
    c.report(Code::GroupedMetric, c.expr(use).location,
             fmt::format("`{}` is grouped by `{}`, and `{}` by `{}`: their series cannot be told to belong together",
                         c.symbol(c.expr(use).symbol).name, fmt::join(labels_of(c, use), "`, `"),
                         c.symbol(c.expr(uses.front()).symbol).name, fmt::join(labels, "`, `")))
        .also(c.expr(uses.front()).location, "the first one here")
        .help("ask about each of them in a question of its own, joined by `and` or `or`");
    return false;
  }
  return true;
}

// Where a metric's series are asked about that has only one.
void report_no_series(Checker& c, NodeRef node, std::string_view name, ExprId condition) {
  Report report =
      c.report(Code::GroupedMetric, c.here(node),
               fmt::format("`{}(...)` asks about the series of a grouped metric, and its condition reads none", name));
  const auto is_use = [&](ExprId id) { return id != kNone && c.expr(id).kind == ExprKind::MetricUse; };
  const auto use = std::ranges::find_if(c.expr(condition).children, is_use);
  if (use == c.expr(condition).children.end()) return;
  const Symbol& metric = c.symbol(c.expr(*use).symbol);
  report.also(metric.declared, "this metric has one series")
      .help(fmt::format("compare it as it is, or group it: `metric {} by instance: ...`", metric.name));
}

}  // namespace

bool is_series_function(NodeRef call, std::string_view name) {
  if (find_function(name) == nullptr) return false;
  // `count(metric, 5m)` counts samples over time.
  return name != "count" || grammar::CallView{{call}}.arguments().size() < 2;
}

ExprId check_series_function(Checker& c, NodeRef call, std::string_view name) {
  const SeriesRow& row = *find_function(name);
  const auto arguments = grammar::CallView{{call}}.arguments();
  const std::string example = fmt::format("`{}` takes one condition, for example `{}(up == 0)`", name, name);
  const auto first = arguments.empty() ? MaybeNode{} : grammar::ArgumentView{{arguments.front()}}.value();
  if (arguments.size() != 1 || !first || grammar::ArgumentView{{arguments.front()}}.name()) {
    c.report(arguments.empty() ? Code::MissingArgument : Code::TooManyArguments, c.here(call), example);
    return error_expr(c, c.here(call));
  }
  if (c.at.place.series) {
    c.report(Code::GroupedMetric, c.here(call), fmt::format("`{}(...)` stands inside of another such question", name))
        .note("the condition inside is asked of one series at a time");
    return error_expr(c, c.here(call));
  }
  const BlockScope scope(c);
  c.at.place.series = true;
  const ExprId condition = check_as(c, first, type_id(TypeKind::Bool), fmt::format("the condition of `{}`", name));
  if (is_error(c, condition)) return error_expr(c, c.here(call));
  std::vector<ExprId> uses;
  collect_uses(c, condition, uses);
  if (uses.empty()) {
    report_no_series(c, call, name, condition);
    return error_expr(c, c.here(call));
  }
  if (!same_labels(c, uses)) return error_expr(c, c.here(call));
  Expr expr;
  expr.kind = ExprKind::Series;
  expr.type = type_id(row.type);
  expr.location = c.here(call);
  expr.op = row.op;
  expr.children = {condition, uses.front()};
  return add_expr(c, std::move(expr));
}

}  // namespace rollout::check
