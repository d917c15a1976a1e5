#include "editor-support/language-server/queries/name_scope.hpp"

#include <algorithm>
#include <array>

#include "compiler/check/describe.hpp"
#include "editor-support/language-server/queries/declarations.hpp"
#include "grammar/views.hpp"

namespace rollout::language_server {
namespace {

using check::kNone;
using check::Symbol;
using check::SymbolKind;
using check::TypeId;
using check::TypeKind;
using grammar::NodeRef;
using grammar::SyntaxKind;
using MaybeNode = std::optional<NodeRef>;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_local(SymbolKind kind) {
  return kind == SymbolKind::Argument || kind == SymbolKind::LocalLet || kind == SymbolKind::EachVariable;
}

// Where a local name lives: the declaration of an argument, the block of a `let`, the loop of its variable.
MaybeNode scope_of(const CheckedModule& module, const Symbol& symbol) {
  const auto node = declaring_node(module, symbol);
  if (!node) return std::nullopt;
  if (node->is(SyntaxKind::Each)) return node;
  const auto around = node->parent();
  if (node->is(SyntaxKind::Field) && around) return around->parent();
  return around;
}

// The rollout of the main file that the span lies in; null where there is none.
const check::RolloutDecl* rollout_around(const CheckedModule& module, Span span) {
  const auto found = std::ranges::find_if(module.rollouts, [&](const check::RolloutDecl& rollout) {
    return rollout.location.file == kMainFile && rollout.location.span.contains(span);
  });
  return found == module.rollouts.end() ? nullptr : &*found;
}

bool is_visible(const CheckedModule& module, const Symbol& symbol, std::uint32_t offset) {
  if (symbol.name.empty()) return false;
  // What the language itself has is found by its whole path.
  if (symbol.declared.span.empty()) return symbol.kind == SymbolKind::Module || symbol.name == symbol.path;
  if (symbol.declared.file != kMainFile || symbol.kind == SymbolKind::Scenario) return false;
  if (is_local(symbol.kind)) {
    const auto scope = scope_of(module, symbol);
    return scope && scope->span().touches(offset) && symbol.declared.span.end < offset;
  }
  if (symbol.kind == SymbolKind::Stage) {
    const check::RolloutDecl* here = rollout_around(module, {offset, offset});
    return here == nullptr || here == rollout_around(module, symbol.declared.span);
  }
  return true;
}

SymbolId find_visible(const CheckedModule& module, std::string_view name, std::uint32_t offset) {
  SymbolId found = kNone;
  for (SymbolId id = 0; id < module.symbols.size(); ++id) {
    const Symbol& symbol = module.symbols[id];
    if (symbol.name != name || !is_visible(module, symbol, offset)) continue;
    // The nearest: a local name hides others, a later one an earlier one.
    if (found == kNone || is_local(symbol.kind) || module.symbols[found].declared.span.empty()) found = id;
  }
  return found;
}

struct ClauseType {
  SyntaxKind around;
  TypeKind type;
};
constexpr auto kClauses = std::to_array<ClauseType>({
    {SyntaxKind::ForClause, TypeKind::Duration},      {SyntaxKind::WithinClause, TypeKind::Duration},
    {SyntaxKind::EveryClause, TypeKind::Duration},    {SyntaxKind::OverClause, TypeKind::Duration},
    {SyntaxKind::StaleClause, TypeKind::Duration},    {SyntaxKind::TimeoutClause, TypeKind::Duration},
    {SyntaxKind::AfterClause, TypeKind::Duration},    {SyntaxKind::AckClause, TypeKind::Duration},
    {SyntaxKind::RepeatClause, TypeKind::Duration},   {SyntaxKind::Hold, TypeKind::Duration},
    {SyntaxKind::Within, TypeKind::Duration},         {SyntaxKind::Recur, TypeKind::Duration},
    {SyntaxKind::Warmup, TypeKind::Duration},         {SyntaxKind::BaselineOver, TypeKind::Duration},
    {SyntaxKind::RollbackWithin, TypeKind::Duration}, {SyntaxKind::Schedule, TypeKind::Duration},
    {SyntaxKind::Cadence, TypeKind::Duration},        {SyntaxKind::Point, TypeKind::Duration},
    {SyntaxKind::Traffic, TypeKind::Ratio},           {SyntaxKind::ExpectTraffic, TypeKind::Ratio},
});

struct TypeUnit {
  TypeKind type;
  std::string_view unit;
};
constexpr auto kUnits = std::to_array<TypeUnit>({
    {TypeKind::Duration, "ms"},    {TypeKind::Duration, "s"},    {TypeKind::Duration, "m"},
    {TypeKind::Duration, "h"},     {TypeKind::Duration, "d"},    {TypeKind::Duration, "w"},
    {TypeKind::Duration, "us"},    {TypeKind::Duration, "ns"},   {TypeKind::Ratio, "%"},
    {TypeKind::NumberRate, "/s"},  {TypeKind::NumberRate, "/m"}, {TypeKind::NumberRate, "/h"},
    {TypeKind::RatioRate, "%/h"},  {TypeKind::RatioRate, "%/m"}, {TypeKind::SizeRate, "MB/s"},
    {TypeKind::SizeRate, "MiB/s"}, {TypeKind::Size, "B"},        {TypeKind::Size, "kB"},
    {TypeKind::Size, "MB"},        {TypeKind::Size, "GB"},       {TypeKind::Size, "TB"},
    {TypeKind::Size, "KiB"},       {TypeKind::Size, "MiB"},      {TypeKind::Size, "GiB"},
    {TypeKind::Size, "TiB"},
});

constexpr auto kRunFields = std::to_array<std::string_view>({"exit", "stdout", "stderr", "json", "elapsed"});
constexpr auto kHttpFields = std::to_array<std::string_view>({"status", "headers", "text", "json", "elapsed"});
constexpr auto kTypeNames = std::to_array<std::string_view>(
    {"bool", "number", "ratio", "duration", "size", "rate", "instant", "string", "command", "json", "secret"});

}  // namespace

Span word_before(std::string_view text, std::uint32_t offset) {
  std::uint32_t begin = std::min(offset, static_cast<std::uint32_t>(text.size()));
  const std::uint32_t end = begin;
  while (begin > 0 && is_letter(text[begin - 1])) --begin;
  // `0.5` is one number, `slo.p9` are two words.
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (begin > 1 && begin < end && text[begin - 1] == '.' && is_digit(text[begin]) && is_digit(text[begin - 2])) {
    --begin;
    while (begin > 0 && is_digit(text[begin - 1])) --begin;
  }
  return {begin, end};
}

std::vector<SymbolId> visible_symbols(const CheckedModule& module, std::uint32_t offset) {
  std::vector<SymbolId> visible;
  for (SymbolId id = 0; id < module.symbols.size(); ++id) {
    if (is_visible(module, module.symbols[id], offset)) visible.push_back(id);
  }
  return visible;
}

std::uint32_t end_of_declaration(const CheckedModule& module, const Symbol& symbol) {
  const auto node = declaring_node(module, symbol);
  return node ? node->span().end : 0;
}

std::vector<SymbolId> members_of(const CheckedModule& module, SymbolId used_module) {
  const check::ModuleScope& scope = module.modules[module.symbols[used_module].index];
  std::vector<SymbolId> members;
  for (SymbolId id = 0; id < module.symbols.size(); ++id) {
    const Symbol& symbol = module.symbols[id];
    const bool native =
        symbol.kind == SymbolKind::Native && !scope.name.empty() && module.natives[symbol.index].module == scope.name;
    const bool own = scope.file && symbol.declared.file == *scope.file && !symbol.declared.span.empty() &&
                     !is_local(symbol.kind) && symbol.kind != SymbolKind::Module &&
                     symbol.kind != SymbolKind::Scenario && symbol.kind != SymbolKind::Stage;
    if (native || own) members.push_back(id);
  }
  return members;
}

SymbolId symbol_of_path(const CheckedModule& module, NodeRef path, std::uint32_t offset) {
  const std::vector<std::string_view> names = grammar::path_of(path);
  if (names.empty()) return kNone;
  SymbolId found = find_visible(module, names.front(), offset);
  for (std::size_t i = 1; i < names.size() && found != kNone; ++i) {
    if (module.symbols[found].kind != SymbolKind::Module) return kNone;
    const auto members = members_of(module, found);
    const auto member = std::ranges::find(members, names[i], [&](SymbolId id) { return module.symbols[id].name; });
    found = member == members.end() ? kNone : *member;
  }
  return found;
}

std::vector<std::string> fields_of(const CheckedModule& module, TypeId type) {
  if (type == kNone) return {};
  const check::Type& shape = module.types[type];
  if (shape.kind == TypeKind::Record) return module.records[shape.declaration].fields;
  if (shape.kind == TypeKind::RunResult) return {kRunFields.begin(), kRunFields.end()};
  if (shape.kind == TypeKind::HttpResult) return {kHttpFields.begin(), kHttpFields.end()};
  return {};
}

std::vector<Parameter> parameters_of(const CheckedModule& module, SymbolId callee) {
  const Symbol& symbol = module.symbols[callee];
  std::vector<Parameter> parameters;
  if (symbol.kind == SymbolKind::Native) {
    for (const check::NativeParameter& parameter : module.natives[symbol.index].parameters) {
      parameters.push_back({parameter.name, check::type_text(module, parameter.type)});
    }
    return parameters;
  }
  if (symbol.kind == SymbolKind::Record) {
    const check::RecordDecl& record = module.records[symbol.index];
    for (std::size_t i = 0; i < record.fields.size(); ++i) {
      parameters.push_back({record.fields[i], check::type_text(module, record.types[i])});
    }
    return parameters;
  }
  const auto node = declaring_node(module, symbol);
  if (!node) return parameters;
  for (const NodeRef field : grammar::children_in(*node, SyntaxKind::Params, SyntaxKind::Field)) {
    const grammar::FieldView view{{field}};
    if (view.name()) {
      parameters.push_back({std::string(view.name()->text()), std::string(grammar::text_of(view.type()))});
    }
  }
  return parameters;
}

TypeId expected_type(const CheckedModule& module, const std::vector<NodeRef>& ancestors) {
  for (const NodeRef node : ancestors) {
    if (node.is(SyntaxKind::Comparison) || node.is(SyntaxKind::Signal)) {
      const auto operands = node.children_if(grammar::is_expression);
      if (operands.empty()) return kNone;
      const SymbolId symbol =
          symbol_of_path(module, operands.front(), static_cast<std::uint32_t>(module.trees.front().text().size()));
      return symbol == kNone ? kNone : module.symbols[symbol].type;
    }
    const auto clause = std::ranges::find(kClauses, node.kind(), &ClauseType::around);
    if (clause != kClauses.end()) return static_cast<TypeId>(clause->type);
    if (node.is(SyntaxKind::Argument) || grammar::BodyView::accepts(node.kind())) return kNone;
  }
  return kNone;
}

std::vector<std::string_view> units_of(TypeId type) {
  std::vector<std::string_view> units;
  for (const TypeUnit& row : kUnits) {
    if (static_cast<TypeId>(row.type) == type) units.push_back(row.unit);
  }
  if (!units.empty()) return units;
  return {"ms", "s", "m", "h", "d", "%", "/s", "MB", "MiB", "GB", "GiB"};
}

std::span<const std::string_view> type_names() {
  return kTypeNames;
}

}  // namespace rollout::language_server
