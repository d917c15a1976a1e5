// Declarations of the main file that nothing uses. A file without a rollout is there for others: silent.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::kNone;
using check::Report;
using check::Symbol;
using check::SymbolId;
using check::SymbolKind;
using diagnostics::Code;
using diagnostics::FileId;

struct KindRow {
  SymbolKind kind;
  std::string_view noun;
  // Scenarios name it only to say what it does in their world: that uses nothing.
  bool scenarios_only_name_it;
};
// Metrics have a lint of their own.
constexpr KindRow kKinds[] = {
    {SymbolKind::Param, "parameter", false},     {SymbolKind::Secret, "secret", false},
    {SymbolKind::Let, "`let`", false},           {SymbolKind::Fn, "function", false},
    {SymbolKind::Enum, "enum", false},           {SymbolKind::Record, "record", false},
    {SymbolKind::Role, "role", false},           {SymbolKind::Source, "source", true},
    {SymbolKind::Check, "check", true},          {SymbolKind::Action, "action", true},
    {SymbolKind::Channel, "channel", true},      {SymbolKind::Guards, "set of guards", false},
    {SymbolKind::StageTemplate, "stage", false}, {SymbolKind::World, "world", false},
};

bool is_main(const diagnostics::Location& location) {
  return location.file == FileId{} && !location.span.empty();
}

struct Used {
  std::vector<bool> at_all, beyond_scenarios;  // by SymbolId
};

Used find_uses(const CheckedModule& module) {
  Used used{std::vector<bool>(module.symbols.size()), std::vector<bool>(module.symbols.size())};
  for (SymbolId owner = 0; owner < module.uses.size(); ++owner) {
    const bool scenario = module.symbols[owner].kind == SymbolKind::Scenario;
    for (const check::Use& use : module.uses[owner]) {
      used.at_all[use.target] = true;
      if (!scenario) used.beyond_scenarios[use.target] = true;
    }
  }
  return used;
}

void report_declarations(const CheckedModule& module, diagnostics::Sink& sink) {
  const Used used = find_uses(module);
  for (SymbolId id = 0; id < module.symbols.size(); ++id) {
    const Symbol& symbol = module.symbols[id];
    if (!is_main(symbol.declared) || symbol.name.starts_with('_')) continue;
    const auto* row = std::ranges::find(kKinds, symbol.kind, &KindRow::kind);
    if (row == std::end(kKinds) || (row->scenarios_only_name_it ? used.beyond_scenarios : used.at_all)[id]) continue;
    Report report(sink, Code::UnusedDeclaration, symbol.declared, fmt::format("nothing uses `{}`", symbol.name));
    report.label(fmt::format("this {} is declared and never used", row->noun));
    if (used.at_all[id]) report.note("scenarios say what it does in their world, and the rollouts never do it");
    report.help(fmt::format("remove it, use it, or call it `_{}` where it is meant to wait", symbol.name));
  }
}

// `let x = ...` in a block. A call of the outside may be there for what it does.
void report_locals(const CheckedModule& module, diagnostics::Sink& sink) {
  std::vector<bool> read(module.symbols.size());
  for (const check::Expr& expr : module.exprs) {
    if (expr.symbol != kNone) read[expr.symbol] = true;
  }
  for (const check::Step& step : module.steps) {
    const auto* let = std::get_if<check::LetStep>(&step.body);
    if (let == nullptr || let->symbol == kNone || let->value == kNone || !is_main(step.location)) continue;
    const Symbol& symbol = module.symbols[let->symbol];
    if (read[let->symbol] || symbol.name.starts_with('_')) continue;
    if (module.exprs[let->value].kind == check::ExprKind::Call) continue;
    Report(sink, Code::UnusedDeclaration, symbol.declared, fmt::format("nothing uses `{}`", symbol.name))
        .label("this `let` is never read")
        .help(fmt::format("remove it, use it, or call it `_{}` where it is meant to wait", symbol.name));
  }
}

}  // namespace

void unused_declaration(const LintInput& input, diagnostics::Sink& sink) {
  const CheckedModule& module = input.module;
  const bool has_rollout =
      std::ranges::any_of(module.rollouts, [](const auto& rollout) { return is_main(rollout.location); });
  if (!has_rollout) return;
  report_declarations(module, sink);
  report_locals(module, sink);
}

}  // namespace rollout::lints
