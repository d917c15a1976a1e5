#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/scenarios.hpp"
#include "grammar/literals.hpp"
#include "runtime/plan/evaluate.hpp"

// Signals: what the metrics of a scenario answer.

namespace rollout::check {
namespace {

enum class Second : std::uint8_t { None, Value, Duration, Radius };

struct ShapeRow {
  std::string_view name;
  Second second;
  std::string_view second_name;  // of the argument, where it has one
  std::string_view form;         // for messages
};

constexpr auto kShapes = std::to_array<ShapeRow>({
    {"ramp", Second::Value, "", "ramp(A, B)"},
    {"noise", Second::Radius, "by", "noise(V, by: R)"},
    {"old", Second::Duration, "by", "old(V, by: D)"},
    {"late", Second::Duration, "by", "late(V, by: D)"},
    {"future", Second::None, "", "future(V)"},
    {"file", Second::None, "", "file(\"values.csv\")"},
});

const ShapeRow* shape_of(MaybeNode value) {
  const auto call = grammar::as<grammar::CallView>(value);
  if (!call || !call->callee() || !call->callee()->is(SyntaxKind::NameExpression)) return nullptr;
  const auto found = std::ranges::find(kShapes, call->callee()->text(), &ShapeRow::name);
  return found == kShapes.end() ? nullptr : &*found;
}

// `noise(180ms, by: 10%)`: a share of the value, or an amount of its own type.
void add_radius(Checker& c, NodeRef node, TypeId type, ScenarioLine& line) {
  const TypeId ratio = type_id(TypeKind::Ratio);
  const ExprId radius = check_constant(c, node, kNone, "the radius of the noise");
  if (is_error(c, radius) || type == kErrorType || type == ratio || c.expr(radius).type != ratio) {
    demand(c, radius, node, type, "the radius of the noise");
    line.values.push_back(radius);
    return;
  }
  const auto center = constant_value(c, line.values.back());
  const auto share = constant_value(c, radius);
  const Value amount = center && share ? plan::binary(plan::Op::Multiply, *share, *center) : Value::missing();
  line.values.push_back(constant_expr(c, amount, type, c.here(node)));
}

void check_shape(Checker& c, const ShapeRow& shape, NodeRef node, TypeId type, ScenarioLine& line) {
  const auto arguments = grammar::CallView{{node}}.arguments();
  const std::size_t needed = shape.second == Second::None ? 1 : 2;
  const auto value_at = [&](std::size_t i) { return grammar::ArgumentView{{arguments[i]}}.value(); };
  bool fits_form = arguments.size() == needed && value_at(0) && value_at(needed - 1);
  for (std::size_t i = 0; i < arguments.size() && fits_form; ++i) {
    const auto name = grammar::ArgumentView{{arguments[i]}}.name();
    fits_form = !name || (i == 1 && name->text() == shape.second_name);
  }
  if (!fits_form) {
    c.report(Code::BadSignal, c.here(node), fmt::format("this signal is written `{}`", shape.form));
    return;
  }
  if (shape.name == "file") {
    add_constant(c, value_at(0), type_id(TypeKind::String), "the name of the file", line);
    return;
  }
  add_constant(c, value_at(0), type, "the value of this signal", line);
  switch (shape.second) {
    case Second::None: return;
    case Second::Value: add_constant(c, value_at(1), type, "the value of this signal", line); return;
    case Second::Duration: add_constant(c, value_at(1), type_id(TypeKind::Duration), "`by`", line); return;
    case Second::Radius: add_radius(c, *value_at(1), type, line); return;
  }
}

void check_slots(Checker& c, const grammar::SlotsView& slots, TypeId type, ScenarioLine& line) {
  add_constant(c, slots.interval(), type_id(TypeKind::Duration), "the time between slots", line);
  demand_constant_range(c, line.values.back(), 1, 9.3e18, "the time between slots must be longer than nothing", {});
  for (const NodeRef node : slots.slots()) {
    const grammar::SlotView view{{node}};
    if (!view.is_empty() && !view.is_error()) add_constant(c, view.value(), type, "the value of a slot", line);
    if (view.count()) add_count(c, view.count(), "how often a slot is repeated", line);
  }
}

// `up["eu", "web-1"]`: a value for each label of a grouped metric.
void check_series(Checker& c, const grammar::SignalView& view, SymbolId metric) {
  const auto values = view.series();
  for (const NodeRef value : values) constant_text(c, value, "the name of a series");
  const auto& labels = c.module.metrics[c.symbol(metric).index].labels;
  const std::string& name = c.symbol(metric).name;
  if (values.empty() || values.size() == labels.size()) return;
  if (labels.empty()) {
    c.report(Code::BadSignal, c.here(values.front()), fmt::format("`{}` is not grouped: it has one series", name))
        .also(c.symbol(metric).declared, "declared here")
        .help(fmt::format("write `{} = ...`, or group it: `metric {} by instance: ...`", name, name));
    return;
  }
  c.report(Code::BadSignal, c.here(values.front()),
           fmt::format("a series of `{}` has {} label{}, and {} {} given here", name, labels.size(),
                       labels.size() == 1 ? "" : "s", values.size(), values.size() == 1 ? "is" : "are"))
      .also(c.symbol(metric).declared, "declared here")
      .note(fmt::format("its labels are `{}`, in this order", fmt::join(labels, "`, `")));
}

}  // namespace

void check_signal(Checker& c, NodeRef node, ScenarioLine& line) {
  const grammar::SignalView view{{node}};
  if (!view.metric()) return;
  const SymbolId metric = resolve_kind(c, *view.metric(), SymbolKind::Metric, "a metric");
  add_target(c, *view.metric(), metric, line);
  const TypeId type = metric == kNone ? kErrorType : c.symbol(metric).type;
  const auto value = view.value();
  const auto slots = grammar::as<grammar::SlotsView>(value);
  const ShapeRow* shape = shape_of(value);
  const bool is_nan = value && value->is(SyntaxKind::NameExpression) && value->text() == "nan";
  if (slots)
    check_slots(c, *slots, type, line);
  else if (shape != nullptr)
    check_shape(c, *shape, *value, type, line);
  else if (value && !is_nan && !value->is(SyntaxKind::MissingValue)) {
    if (metric == kNone)
      line.values.push_back(error_expr(c, c.here(*value)));
    else
      add_constant(c, value, type, fmt::format("the signal of `{}`", c.symbol(metric).name), line);
  }
  if (metric != kNone) check_series(c, view, metric);
  if (view.from()) add_point(c, view.from(), line);
  if (view.to()) add_point(c, view.to(), line);
}

}  // namespace rollout::check
