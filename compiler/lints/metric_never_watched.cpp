// Metrics of the main file that decide nothing.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::ExprId;
using check::ExprKind;
using check::kNone;
using check::Report;
using check::SymbolId;
using diagnostics::Code;
using diagnostics::FileId;

// Marks the metrics that the text shows.
void add_shown(const CheckedModule& module, ExprId id, std::vector<bool>& shown) {
  if (id == kNone) return;
  const check::Expr& expr = module.exprs[id];
  if (expr.kind == ExprKind::MetricUse) shown[id] = true;
  for (const ExprId child : expr.children) add_shown(module, child, shown);
}

struct Readings {
  std::vector<std::uint32_t> all, in_messages;  // by SymbolId
};

// A scenario's signals name a metric without reading it: they have no expression, or one of the scenario's own.
Readings find_readings(const CheckedModule& module) {
  std::vector<bool> shown(module.exprs.size()), in_scenario(module.exprs.size());
  for (const check::Step& step : module.steps) {
    if (const auto* notify = std::get_if<check::NotifyStep>(&step.body)) add_shown(module, notify->text, shown);
  }
  for (const check::ScenarioDecl& scenario : module.scenarios) {
    for (const check::ScenarioLine& line : scenario.lines) {
      for (const ExprId target : line.targets) add_shown(module, target, in_scenario);
    }
  }
  Readings readings{std::vector<std::uint32_t>(module.symbols.size()),
                    std::vector<std::uint32_t>(module.symbols.size())};
  for (ExprId id = 0; id < module.exprs.size(); ++id) {
    const check::Expr& expr = module.exprs[id];
    if (expr.kind != ExprKind::MetricUse || in_scenario[id]) continue;
    ++readings.all[expr.symbol];
    if (shown[id]) ++readings.in_messages[expr.symbol];
  }
  return readings;
}

}  // namespace

void metric_never_watched(const LintInput& input, diagnostics::Sink& sink) {
  const CheckedModule& module = input.module;
  const bool has_rollout =
      std::ranges::any_of(module.rollouts, [](const auto& rollout) { return rollout.location.file == FileId{}; });
  if (!has_rollout) return;
  const Readings readings = find_readings(module);
  for (const check::MetricDecl& metric : module.metrics) {
    if (metric.symbol == kNone) continue;
    const check::Symbol& symbol = module.symbols[metric.symbol];
    if (symbol.declared.file != FileId{} || symbol.name.starts_with('_')) continue;
    const std::uint32_t all = readings.all[metric.symbol], told = readings.in_messages[metric.symbol];
    if (all != told) continue;
    Report report(sink, Code::MetricNeverWatched, symbol.declared,
                  all == 0 ? fmt::format("nothing watches the metric `{}`", symbol.name)
                           : fmt::format("the metric `{}` is told to people, and nothing watches it", symbol.name));
    report.label("decides nothing");
    report.help(
        fmt::format("add a guard on it (`when {} ... then rollback`), wait for it in a `hold ... until`, or "
                    "call it `_{}` where it is meant to wait",
                    symbol.name, symbol.name));
  }
}

}  // namespace rollout::lints
