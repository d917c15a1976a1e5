#include "editor-support/language-server/queries/parts.hpp"

#include <algorithm>

#include "editor-support/language-server/queries/declarations.hpp"
#include "grammar/views.hpp"

namespace rollout::language_server {
namespace {

using check::kNone;
using check::SymbolKind;
using check::TypeKind;
using grammar::NodeRef;
using grammar::SyntaxKind;

// The name of the part in the declaration of the symbol: among the nodes of that kind in it.
std::optional<Part> in_declaration(const CheckedModule& module, SymbolId id, SyntaxKind kind, NodeRef named) {
  const check::Symbol& symbol = module.symbols[id];
  const auto declaration = declaring_node(module, symbol);
  if (!declaration) return std::nullopt;
  for (const NodeRef part : declaration->descendants(kind)) {
    const auto name = part.child(SyntaxKind::Name);
    if (!name || name->text() != named.text()) continue;
    return Part{named.span(), {module.files[symbol.declared.file].path, name->span(), true}, id};
  }
  return std::nullopt;
}

// The symbol of that kind whose table row is `declaration`.
SymbolId declared_as(const CheckedModule& module, SymbolKind kind, std::uint32_t declaration) {
  const auto found = std::ranges::find_if(
      module.symbols, [&](const check::Symbol& symbol) { return symbol.kind == kind && symbol.index == declaration; });
  return found == module.symbols.end() ? kNone : static_cast<SymbolId>(found - module.symbols.begin());
}

std::optional<Part> argument_part(const CheckedModule& module, NodeRef leaf, NodeRef argument) {
  const auto named = grammar::as<grammar::ArgumentView>(argument);
  const auto arguments = argument.parent();
  const auto call = grammar::as<grammar::CallView>(arguments ? arguments->parent() : std::nullopt);
  if (!named || !named->name() || !(*named->name() == leaf) || !call || !call->callee()) return std::nullopt;
  const SymbolId callee = symbol_of_callee(module, *call->callee());
  return callee == kNone ? std::nullopt : in_declaration(module, callee, SyntaxKind::Field, leaf);
}

}  // namespace

std::optional<Part> part_at(const CheckedModule& module, std::uint32_t offset) {
  const NodeRef leaf = module.trees.front().leaf_at(offset);
  const auto parent = leaf.parent();
  if (!leaf.is(SyntaxKind::Name) || !parent) return std::nullopt;
  if (parent->is(SyntaxKind::Argument)) return argument_part(module, leaf, *parent);
  for (const check::Expr& expr : module.exprs) {
    if (expr.location.file != kMainFile || expr.type == kNone) continue;
    const check::Type& type = module.types[expr.type];
    if (expr.kind == check::ExprKind::Constant && type.kind == TypeKind::Enum && expr.location.span == leaf.span()) {
      const SymbolId id = declared_as(module, SymbolKind::Enum, type.declaration);
      return id == kNone ? std::nullopt : in_declaration(module, id, SyntaxKind::EnumValue, leaf);
    }
    if (expr.kind != check::ExprKind::Field || expr.text != leaf.text() || !(expr.location.span == parent->span())) {
      continue;
    }
    const check::Type& whole = module.type_of(expr.children.front());
    const SymbolId id =
        whole.kind == TypeKind::Record ? declared_as(module, SymbolKind::Record, whole.declaration) : kNone;
    return id == kNone ? std::nullopt : in_declaration(module, id, SyntaxKind::Field, leaf);
  }
  return std::nullopt;
}

}  // namespace rollout::language_server
