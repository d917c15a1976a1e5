#include <fmt/format.h>

#include <array>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"

// Declares what a file declares: names and places in the tables, nothing about types and values.

namespace rollout::check {
namespace {

struct DeclarationRow {
  SyntaxKind syntax;
  SymbolKind symbol;
};

constexpr auto kDeclarations = std::to_array<DeclarationRow>({
    {SyntaxKind::Param, SymbolKind::Param},
    {SyntaxKind::Secret, SymbolKind::Secret},
    {SyntaxKind::Let, SymbolKind::Let},
    {SyntaxKind::Fn, SymbolKind::Fn},
    {SyntaxKind::Enum, SymbolKind::Enum},
    {SyntaxKind::Record, SymbolKind::Record},
    {SyntaxKind::Role, SymbolKind::Role},
    {SyntaxKind::Metric, SymbolKind::Metric},
    {SyntaxKind::Source, SymbolKind::Source},
    {SyntaxKind::Check, SymbolKind::Check},
    {SyntaxKind::Action, SymbolKind::Action},
    {SyntaxKind::Channel, SymbolKind::Channel},
    {SyntaxKind::Guards, SymbolKind::Guards},
    {SyntaxKind::Stage, SymbolKind::StageTemplate},
    {SyntaxKind::Rollout, SymbolKind::Rollout},
    {SyntaxKind::World, SymbolKind::World},
});

template <typename Row>
std::uint32_t add_row(std::vector<Row>& table, SymbolId symbol) {
  Row row;
  row.symbol = symbol;
  table.push_back(std::move(row));
  return static_cast<std::uint32_t>(table.size() - 1);
}

// The declaration's place in the table of its kind. A `let` gets its own when it is checked, so that the table is in
// the order in which values can be computed; enums get theirs with their labels.
std::uint32_t add_to_table(CheckedModule& module, SymbolKind kind, SymbolId symbol) {
  switch (kind) {
    case SymbolKind::Param: return add_row(module.params, symbol);
    case SymbolKind::Secret: return add_row(module.secrets, symbol);
    case SymbolKind::Fn: return add_row(module.fns, symbol);
    case SymbolKind::Role: return add_row(module.roles, symbol);
    case SymbolKind::Metric: return add_row(module.metrics, symbol);
    case SymbolKind::Source: return add_row(module.sources, symbol);
    case SymbolKind::Check: return add_row(module.checks, symbol);
    case SymbolKind::Action: return add_row(module.actions, symbol);
    case SymbolKind::Channel: return add_row(module.channels, symbol);
    case SymbolKind::Guards: return add_row(module.guard_sets, symbol);
    case SymbolKind::StageTemplate: return add_row(module.stages, symbol);
    case SymbolKind::Rollout: return add_row(module.rollouts, symbol);
    case SymbolKind::Record:
      module.records.emplace_back();
      return static_cast<std::uint32_t>(module.records.size() - 1);
    case SymbolKind::Module:
    case SymbolKind::Let:
    case SymbolKind::Enum:
    case SymbolKind::Stage:
    case SymbolKind::World:
    case SymbolKind::Scenario:
    case SymbolKind::Argument:
    case SymbolKind::LocalLet:
    case SymbolKind::EachVariable:
    case SymbolKind::Native: return 0;
  }
  return 0;
}

void collect(Checker& c, FileId file, NodeRef node, SymbolKind kind) {
  const auto name = node.token(SyntaxKind::Name);
  Symbol symbol;
  symbol.kind = kind;
  symbol.name = name ? std::string(name->text()) : std::string();
  symbol.path = c.files[static_cast<std::size_t>(file)].prefix + symbol.name;
  symbol.type = kErrorType;
  symbol.declared = {file, name ? name->span() : node.span()};
  symbol.documentation = node.documentation();
  const SymbolId id = add_symbol(c, std::move(symbol), {file, node, Progress::Waiting});
  c.symbol(id).index = add_to_table(c.module, kind, id);
  declare(c, file, id);
}

void collect_scenario(Checker& c, FileId file, NodeRef node) {
  const auto view = grammar::as<grammar::ScenarioView>(node);
  if (!view || !view->title()) return;
  Symbol symbol;
  symbol.kind = SymbolKind::Scenario;
  symbol.name = symbol.path = grammar::displayed_text(*view->title());
  symbol.declared = {file, view->title()->span()};
  symbol.documentation = node.documentation();
  const SymbolId id = add_symbol(c, std::move(symbol), {file, node, Progress::Waiting});
  c.symbol(id).index = add_row(c.module.scenarios, id);
}

}  // namespace

SymbolId add_symbol(Checker& c, Symbol symbol, const Origin& origin) {
  c.module.symbols.push_back(std::move(symbol));
  c.origins.push_back(origin);
  c.uses.emplace_back();
  c.metric_uses.emplace_back();
  return static_cast<SymbolId>(c.module.symbols.size() - 1);
}

void declare(Checker& c, FileId file, SymbolId id) {
  FileScope& scope = c.files[static_cast<std::size_t>(file)];
  scope.declared.push_back(id);
  const Symbol& symbol = c.symbol(id);
  if (symbol.name.empty()) return;
  const auto [found, added] = scope.names.emplace(symbol.name, id);
  if (added) return;
  const Symbol& first = c.symbol(found->second);
  c.report(Code::DuplicateName, symbol.declared, fmt::format("`{}` is declared twice in this file", symbol.name))
      .label("declared again")
      .also(first.declared, fmt::format("first as {}", kind_phrase(first.kind)));
}

void collect_declarations(Checker& c, FileId file) {
  const NodeRef root = c.module.trees[static_cast<std::size_t>(file)].root();
  for (const NodeRef node : root.child_nodes()) {
    if (node.is(SyntaxKind::Scenario)) collect_scenario(c, file, node);
    for (const DeclarationRow& row : kDeclarations) {
      if (node.is(row.syntax)) collect(c, file, node, row.symbol);
    }
  }
}

}  // namespace rollout::check
