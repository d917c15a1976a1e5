#include "editor-support/language-server/queries/declarations.hpp"

#include <algorithm>

namespace rollout::language_server {

std::optional<grammar::NodeRef> declaring_node(const CheckedModule& module, const check::Symbol& symbol) {
  if (symbol.declared.span.empty()) return std::nullopt;
  const auto& tree = module.trees[static_cast<std::size_t>(symbol.declared.file)];
  return tree.leaf_at(symbol.declared.span.begin).parent();
}

SymbolId symbol_of_callee(const CheckedModule& module, grammar::NodeRef callee) {
  // `std.slack.channel` resolves to its last word.
  const auto name = std::ranges::find_if(module.names, [end = callee.span().end](const check::ResolvedName& one) {
    return one.where.file == kMainFile && one.where.span.end == end;
  });
  return name == module.names.end() ? check::kNone : name->symbol;
}

std::optional<plan::Value> constant_of(const CheckedModule& module, check::ExprId expression) {
  constexpr int kMostNames = 16;
  for (int names = 0; names <= kMostNames && expression != check::kNone; ++names) {
    const check::Expr& expr = module.exprs[expression];
    if (expr.kind == check::ExprKind::Constant) return expr.value;
    if (expr.kind != check::ExprKind::Name || expr.symbol == check::kNone) return std::nullopt;
    const check::Symbol& symbol = module.symbols[expr.symbol];
    if (symbol.kind != check::SymbolKind::Let) return std::nullopt;
    expression = module.lets[symbol.index].value;
  }
  return std::nullopt;
}

}  // namespace rollout::language_server
