// Metrics and checks: one row for each declaration with its arguments.

#include <fmt/format.h>

#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

bool stands_in(const Location& inner, const Location& outer) {
  return inner.file == outer.file && outer.span.begin <= inner.span.begin && inner.span.end <= outer.span.end;
}

// As the author wrote it, arguments shown where they were given; with their values where they came through a parameter.
std::string written_name(const Lowering& l, const Expr& use, const Arguments& arguments) {
  std::string text = quoted(l, use.location);
  std::vector<std::string> shown;
  bool literal = true;
  for (std::size_t i = 0; i < use.children.size() && i < arguments.values.size(); ++i) {
    if (use.children[i] == kNone) continue;
    const Expr& child = l.expr(use.children[i]);
    if (!stands_in(child.location, use.location)) continue;
    const Code& value = arguments.values[i];
    literal = literal && (child.kind == ExprKind::Constant || !value.is_constant());
    shown.push_back(value.is_constant() ? plan::to_literal(*value.constant) : quoted(l, child.location));
  }
  if (literal) return text;
  return fmt::format("{}({})", text.substr(0, text.find('(')), fmt::join(shown, ", "));
}

std::vector<Value> constant_values(const Arguments& arguments) {
  std::vector<Value> values;
  values.reserve(arguments.values.size());
  for (const Code& value : arguments.values) {
    values.push_back(value.is_constant() ? *value.constant : Value::missing("known when the run is created"));
  }
  return values;
}

plan::BlockId source_block(Lowering& l, const Expr& call, check::BlockId body, const Arguments& arguments) {
  const check::Symbol& symbol = l.symbol(call.symbol);
  const InBlock block(l, plan::BlockKind::Source, symbol.path, call.location);
  l.in.effect_class = EffectClass::ReadOnly;
  l.in.timeout = kNone;
  l.block().external = true;
  bind_in_block(l, l.module.sources[symbol.index].parameters, arguments);
  lower_body(l, body);
  return block.id();
}

// A source written in the language: the blocks that return the value of now, and those of slots gone by.
void set_declared_source(Lowering& l, plan::Metric& metric, const Expr& call) {
  const check::SourceDecl& source = l.module.sources[l.symbol(call.symbol).index];
  const Arguments arguments = lower_arguments(l, source.parameters, call.children);
  metric.provider = plan::MetricProvider::Source;
  metric.check = source_block(l, call, source.body, arguments);
  if (source.past == kNone) return;
  const auto told = [&](SymbolId name, ValueKind kind) {
    const VariableId variable = l.build.variable(l.symbol(name).name, kind);
    l.names[name] = load_code(l, variable, l.spot);
    return variable;
  };
  metric.past_from = told(source.past_from, ValueKind::Instant);
  metric.past_to = told(source.past_to, ValueKind::Instant);
  metric.past_step = told(source.past_step, ValueKind::Duration);
  metric.past = source_block(l, call, source.past, arguments);
}

void set_source(Lowering& l, plan::Metric& metric, const Expr& source) {
  metric.provider = plan::MetricProvider::None;
  if (source.kind != ExprKind::Call) return;
  if (l.symbol(source.symbol).kind == SymbolKind::Source) return set_declared_source(l, metric, source);
  if (l.symbol(source.symbol).kind != SymbolKind::Native) return;
  metric.provider = l.module.natives[l.symbol(source.symbol).index].provider;
  for (std::size_t i = 0; i < source.children.size(); ++i) {
    if (source.children[i] == kNone) continue;
    const Expr& child = l.expr(source.children[i]);
    if (child.kind == ExprKind::CheckUse) {
      metric.check = lower_check(l, child);
    } else if (l.is_complete()) {
      metric.configuration.push_back({source.labels[i], lower_routine(l, source.children[i])});
    }
  }
}

void set_labels(const Lowering& l, plan::Metric& metric, check::TypeId type) {
  if (metric.kind != ValueKind::Enum) return;
  const check::EnumDecl& labels = l.module.enums[l.module.types[type].declaration];
  metric.labels = labels.labels;
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    const bool given = i < labels.values.size() && !labels.values[i].is_missing();
    metric.label_values.push_back(given ? labels.values[i] : Value::string(labels.labels[i]));
  }
}

plan::MetricId add_metric(Lowering& l, const Expr& use, const Arguments& arguments) {
  const check::Symbol& symbol = l.symbol(use.symbol);
  const check::MetricDecl& declared = l.module.metrics[symbol.index];
  const At at(l, symbol.declared);
  const Apart apart(l);
  substitute(l, declared.parameters, arguments);
  plan::Metric metric;
  if (l.is_complete()) metric.name = written_name(l, use, arguments);
  metric.declaration = symbol.path;
  metric.arguments = constant_values(arguments);
  metric.kind = value_kind(l.module, symbol.type);
  metric.scale = declared.scale;
  metric.by = declared.labels;
  set_labels(l, metric, symbol.type);
  set_source(l, metric, l.expr(declared.source));
  metric.every = lower_optional(l, declared.every);
  metric.over = lower_optional(l, declared.over);
  metric.stale_after = lower_optional(l, declared.stale_after);
  metric.baseline = lower_optional(l, declared.baseline);
  if (declared.absent != kNone) {
    const Code absent = lower_expression(l, declared.absent);
    if (absent.is_constant() && !absent.constant->is_missing()) metric.absent = l.build.constant(*absent.constant);
  }
  metric.spot = l.spot;
  return l.build.add(std::move(metric));
}

// Builds the block of a check around what `fill` adds, and finds out whether it calls the outside.
template <typename Fill>
plan::BlockId check_block(Lowering& l, std::string name, const Location& location, bool external, Fill fill) {
  const InBlock block(l, plan::BlockKind::Check, std::move(name), location);
  bool calls_outside = false;
  bool* const outer = std::exchange(l.in.calls_outside, &calls_outside);
  l.in.effect_class = EffectClass::ReadOnly;
  l.in.timeout = kNone;
  fill();
  l.block().external = external || calls_outside;
  if (outer && l.block().external) *outer = true;
  return block.id();
}

}  // namespace

std::string identity(Lowering& l, const std::string& what, const Arguments& arguments) {
  std::string key = what;
  for (const Code& value : arguments.values) {
    key += '\x1f';
    if (value.is_constant()) {
      key += fmt::format("{}:{}", static_cast<int>(value.constant->kind()), plan::to_literal(*value.constant));
      continue;
    }
    for (const Instruction& one : value.instructions) {
      const std::string operand =
          one.op == Op::Constant ? plan::to_literal(l.build.plan().constants[one.b]) : fmt::format("{}", one.b);
      key += fmt::format("{} {} {} {};", static_cast<int>(one.op), one.a, operand, one.c);
    }
  }
  return key;
}

plan::MetricId metric_of(Lowering& l, const Expr& use) {
  const check::MetricDecl& declared = l.module.metrics[l.symbol(use.symbol).index];
  const Arguments arguments = lower_arguments(l, declared.parameters, use.children);
  const std::string key = identity(l, "metric " + l.symbol(use.symbol).path, arguments);
  if (const auto found = l.metrics.find(key); found != l.metrics.end()) return found->second;
  const plan::MetricId id = add_metric(l, use, arguments);
  l.metrics.emplace(key, id);
  return id;
}

plan::MetricId check_metric_of(Lowering& l, const Expr& use) {
  const check::CheckDecl& declared = l.module.checks[l.symbol(use.symbol).index];
  const Arguments arguments = lower_arguments(l, declared.parameters, use.children);
  const std::string key = identity(l, "check " + l.symbol(use.symbol).path, arguments);
  if (const auto found = l.metrics.find(key); found != l.metrics.end()) return found->second;
  const At at(l, use.location);
  const Apart apart(l);
  plan::Metric metric;
  if (l.is_complete()) metric.name = written_name(l, use, arguments);
  metric.declaration = l.symbol(use.symbol).path;
  metric.arguments = constant_values(arguments);
  metric.provider = plan::MetricProvider::Check;
  metric.kind = ValueKind::Bool;
  metric.check = lower_check(l, use);
  metric.spot = l.spot;
  const plan::MetricId id = l.build.add(std::move(metric));
  l.metrics.emplace(key, id);
  return id;
}

plan::BlockId lower_check(Lowering& l, const Expr& use) {
  const check::Symbol& symbol = l.symbol(use.symbol);
  const check::CheckDecl& declared = l.module.checks[symbol.index];
  const Arguments arguments = lower_arguments(l, declared.parameters, use.children);
  return check_block(l, symbol.path, use.location, declared.external, [&] {
    l.block().arguments = bind_in_block(l, declared.parameters, arguments);
    lower_body(l, declared.body);
  });
}

plan::BlockId lower_check_body(Lowering& l, check::BlockId body, std::string name, const Location& location) {
  return check_block(l, std::move(name), location, false, [&] { lower_body(l, body); });
}

}  // namespace rollout::lower
