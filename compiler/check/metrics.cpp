#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/checker.hpp"
#include "runtime/plan/builtins.hpp"
#include "runtime/plan/value.hpp"
#include "runtime/plan/verify.hpp"

// Metrics: their type, their source and what its numbers mean.

namespace rollout::check {

bool can_be_metric(TypeKind kind) {
  switch (kind) {
    case TypeKind::Error:
    case TypeKind::Number:
    case TypeKind::Ratio:
    case TypeKind::Duration:
    case TypeKind::Size:
    case TypeKind::NumberRate:
    case TypeKind::RatioRate:
    case TypeKind::SizeRate:
    case TypeKind::Enum: return true;
    case TypeKind::Bool:
    case TypeKind::TimeOfDay:
    case TypeKind::Instant:
    case TypeKind::String:
    case TypeKind::Command:
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Record:
    case TypeKind::Json:
    case TypeKind::RunResult:
    case TypeKind::HttpResult:
    case TypeKind::Secret:
    case TypeKind::MetricSource:
    case TypeKind::Channel:
    case TypeKind::Nothing: return false;
  }
  return false;
}

namespace {

// Sources count time in seconds, shares from 0 to 1, sizes in bytes, unless `unit` says otherwise.
double default_scale(TypeKind kind) {
  return kind == TypeKind::Duration ? 1e9 : 1;
}

std::string_view unit_examples(TypeKind kind) {
  switch (kind) {
    case TypeKind::Duration: return "`unit ms`, `unit s`";
    case TypeKind::Ratio: return "`unit %`, `unit 1`";
    case TypeKind::Size: return "`unit B`, `unit MiB`, `unit MB`";
    case TypeKind::NumberRate: return "`unit 1/s`, `unit 1/m`";
    case TypeKind::RatioRate: return "`unit %/s`, `unit %/h`";
    case TypeKind::SizeRate: return "`unit B/s`, `unit MB/s`";
    case TypeKind::Number: return "`unit 1`";
    case TypeKind::Error:
    case TypeKind::Bool:
    case TypeKind::TimeOfDay:
    case TypeKind::Instant:
    case TypeKind::String:
    case TypeKind::Command:
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Enum:
    case TypeKind::Record:
    case TypeKind::Json:
    case TypeKind::RunResult:
    case TypeKind::HttpResult:
    case TypeKind::Secret:
    case TypeKind::MetricSource:
    case TypeKind::Channel:
    case TypeKind::Nothing: return "";
  }
  return "";
}

double check_unit(Checker& c, MaybeNode unit, TypeId type) {
  const TypeKind kind = c.module.types[type].kind;
  if (!unit || kind == TypeKind::Error) return default_scale(kind);
  std::string text(unit->text());
  if (text == "1" && (kind == TypeKind::Ratio || kind == TypeKind::Number)) return 1;
  if (text.starts_with("1/")) text.erase(0, 1);
  const auto scale = plan::unit_scale(text);
  if (!scale) {
    c.report(Code::WrongUnit, c.here(*unit), fmt::format("there is no unit `{}`", unit->text()))
        .help(fmt::format("units of {} are {}", type_phrase(c, type), unit_examples(kind)));
    return default_scale(kind);
  }
  if (scale->first == value_kind(c, type)) return scale->second;
  c.report(Code::WrongUnit, c.here(*unit),
           fmt::format("`{}` is a unit of {}, and this metric is {}", unit->text(),
                       type_phrase(c, type_of_kind(scale->first)), type_phrase(c, type)))
      .help(unit_examples(kind).empty() ? std::string() : fmt::format("for example {}", unit_examples(kind)));
  return default_scale(kind);
}

// Prometheus answers with numbers; elsewhere a label without a value is answered by its name.
void check_labels_have_numbers(Checker& c, NodeRef source, TypeId type, std::string_view who) {
  if (c.module.types[type].kind != TypeKind::Enum) return;
  const EnumDecl& declaration = c.module.enums[c.module.types[type].declaration];
  for (std::size_t i = 0; i < declaration.labels.size(); ++i) {
    if (declaration.values[i].kind() == plan::ValueKind::Number) continue;
    c.report(Code::BadEnumValue, c.here(source),
             fmt::format("{} answers with numbers, and the label `{}` stands for none", who, declaration.labels[i]))
        .help(fmt::format("say which number it is: `{} = 0`", declaration.labels[i]));
    return;
  }
}

// A source written in the language gives values of its own type; a bare number is given its meaning by `unit`.
void check_declared_source(Checker& c, const Symbol& source, NodeRef node, MaybeNode unit, TypeId type) {
  const TypeKind given = c.module.types[source.type].kind, wanted = c.module.types[type].kind;
  if (given == TypeKind::Error || wanted == TypeKind::Error) return;
  if (wanted == TypeKind::Enum && given == TypeKind::Number)
    return check_labels_have_numbers(c, node, type, "this source");
  if (wanted == TypeKind::Enum && given == TypeKind::String) return;
  if (given == TypeKind::Number && (unit || wanted == TypeKind::Number) && wanted != TypeKind::Enum) return;
  if (source.type == type) {
    if (!unit) return;
    c.report(Code::WrongUnit, c.here(*unit),
             fmt::format("`{}` gives {}, which has its unit already", source.path, type_phrase(c, source.type)))
        .help("leave out `unit`");
    return;
  }
  Report report = c.report(Code::TypeMismatch, c.here(node),
                           fmt::format("`{}` gives {}, and this metric is {}", source.path, type_phrase(c, source.type),
                                       type_phrase(c, type)));
  report.also(source.declared, "declared here");
  if (given == TypeKind::Number) report.help(fmt::format("say what it counts: {}", unit_examples(wanted)));
}

void check_log_count(Checker& c, const Expr& call, NodeRef node, TypeId type) {
  const TypeKind kind = c.module.types[type].kind;
  if (kind != TypeKind::Number && kind != TypeKind::Error) {
    c.report(Code::TypeMismatch, c.here(node),
             fmt::format("`log.count` gives a number of lines, and this metric is {}", type_phrase(c, type)));
  }
  const auto pattern = constant_value(c, call.children[1]);
  if (!pattern || pattern->kind() != plan::ValueKind::String) return;
  const Value tried = plan::matches("", pattern->as_string());
  if (tried.is_missing()) c.report(Code::BadPattern, c.expr(call.children[1]).location, tried.as_string());
}

void check_source(Checker& c, MetricDecl& metric, NodeRef node, MaybeNode unit, TypeId type) {
  const ExprId source = check_direct(c, node, type_id(TypeKind::MetricSource));
  metric.source = source;
  if (is_error(c, source)) return;
  const Expr& expr = c.expr(source);
  if (expr.type != type_id(TypeKind::MetricSource)) {
    c.report(Code::NotASource, c.here(node),
             fmt::format("a metric comes from a source, not from {}", type_phrase(c, expr.type)))
        .help(
            "sources are `prometheus.query`, `http.number`, `command.number`, `log.count`, `file`, `probe` and what "
            "you "
            "declare with `source`");
    return;
  }
  const bool declared_here = c.symbol(expr.symbol).kind == SymbolKind::Source;
  const bool has_series =
      !declared_here && c.module.natives[c.symbol(expr.symbol).index].provider == plan::MetricProvider::Prometheus;
  if (!has_series && !metric.labels.empty()) {
    c.report(Code::NotASource, c.here(node),
             fmt::format("this source answers with one number, and the metric is grouped by `{}`",
                         fmt::join(metric.labels, "`, `")))
        .note("`prometheus.query` answers with a number for each series");
  }
  if (declared_here) {
    const Symbol declared = c.symbol(expr.symbol);
    return check_declared_source(c, declared, node, unit, type);
  }
  const plan::MetricProvider provider = c.module.natives[c.symbol(expr.symbol).index].provider;
  if (provider == plan::MetricProvider::Prometheus) check_labels_have_numbers(c, node, type, "Prometheus");
  if (provider == plan::MetricProvider::LogCount) check_log_count(c, expr, node, type);
  if (provider != plan::MetricProvider::Probe) return;
  const ExprId check = expr.children.front();
  if (c.expr(check).kind != ExprKind::CheckUse) {
    c.report(Code::NotASource, c.expr(check).location, "`probe` takes a check")
        .help("declare one: `check name { require ... }`");
  }
  if (type != kErrorType && c.module.types[type].kind != TypeKind::Ratio) {
    c.report(Code::TypeMismatch, c.here(node),
             fmt::format("`probe` gives a ratio of passes, and this metric is {}", type_phrase(c, type)));
  }
}

// The labels that a metric is grouped by.
std::vector<std::string> check_labels(Checker& c, std::span<const NodeRef> nodes) {
  std::vector<std::string> labels;
  for (const NodeRef node : nodes) {
    if (std::ranges::find(labels, node.text()) != labels.end()) {
      c.report(Code::DuplicateName, c.here(node), fmt::format("the metric is grouped by `{}` already", node.text()));
    } else if (labels.size() == plan::kMaxSeriesLabels) {
      c.report(Code::OutOfRange, c.here(node),
               fmt::format("a metric is grouped by at most {} labels", plan::kMaxSeriesLabels));
      break;
    } else {
      labels.emplace_back(node.text());
    }
  }
  return labels;
}

}  // namespace

void check_metric_signature(Checker& c, SymbolId id, NodeRef node) {
  const grammar::MetricView view{{node}};
  auto parameters = check_parameters(c, view.parameters());
  TypeId type = check_type(c, view.type(), c.symbol(id).name);
  if (!can_be_metric(c.module.types[type].kind)) {
    c.report(Code::TypeNotHere, c.here(*view.type()), fmt::format("a metric cannot be {}", type_phrase(c, type)))
        .note("a metric is a number, a ratio, a duration, a size, a rate or an enum");
    type = kErrorType;
  }
  c.symbol(id).type = type;
  MetricDecl& metric = c.module.metrics[c.symbol(id).index];
  metric.parameters = std::move(parameters);
  metric.labels = check_labels(c, view.labels());
}

void check_metric_body(Checker& c, SymbolId id, NodeRef node) {
  const grammar::MetricView view{{node}};
  const TypeId type = c.symbol(id).type, duration = type_id(TypeKind::Duration);
  MetricDecl metric = c.module.metrics[c.symbol(id).index];
  open_arguments(c, metric.parameters);
  c.at.place.what = "the source of a metric";
  if (view.source()) check_source(c, metric, *view.source(), view.unit(), type);
  metric.every = check_optional(c, view.every(), duration, "`every`");
  metric.over = check_optional(c, view.over(), duration, "`over`");
  metric.stale_after = check_optional(c, view.stale_after(), duration, "`stale after`");
  for (const ExprId limit : {metric.every, metric.over, metric.stale_after}) {
    if (limit != kNone) demand_constant_range(c, limit, 1, 9.3e18, "this duration must be longer than nothing", {});
  }
  metric.scale = check_unit(c, view.unit(), type);
  metric.baseline = check_optional(c, view.baseline(), type, "the baseline of a metric");
  if (view.absent_is()) metric.absent = check_constant(c, view.absent_is(), type, "the value that no data means");
  c.module.metrics[c.symbol(id).index] = std::move(metric);
}

}  // namespace rollout::check
