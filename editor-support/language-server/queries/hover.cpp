#include "editor-support/language-server/queries/hover.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/describe.hpp"
#include "compiler/driver/reference.hpp"
#include "editor-support/language-server/queries/declarations.hpp"
#include "editor-support/language-server/queries/time_hints.hpp"
#include "grammar/views.hpp"

namespace rollout::language_server {
namespace {

using check::ExprId;
using check::kNone;
using check::Symbol;
using check::SymbolKind;
using check::TypeKind;
using grammar::NodeRef;
using grammar::SyntaxKind;
using MaybeNode = std::optional<NodeRef>;

constexpr std::size_t kMostSignatureBytes = 400;

// A default, a type or a list of parameters may go over lines; a hover has room for some.
std::string shortened(std::string text) {
  if (text.size() <= kMostSignatureBytes) return text;
  std::size_t end = kMostSignatureBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80) --end;
  return text.substr(0, end) + " ...";
}

std::string typed(const CheckedModule& module, const std::string& head, const Symbol& symbol) {
  const std::string type = symbol.type == kNone ? std::string() : check::type_text(module, symbol.type);
  return type.empty() ? head : fmt::format("{}: {}", head, type);
}

std::string with_value(const CheckedModule& module, std::string text, ExprId value) {
  if (value == kNone || module.exprs[value].kind != check::ExprKind::Constant) return text;
  return fmt::format("{} = {}", text, plan::to_literal(module.exprs[value].value));
}

std::string metric_signature(const CheckedModule& module, const Symbol& symbol, NodeRef node) {
  std::string text = "metric " + symbol.name;
  if (const auto parameters = node.child(SyntaxKind::Params)) text += parameters->text();
  const auto& labels = module.metrics[symbol.index].labels;
  if (!labels.empty()) text += fmt::format(" by {}", fmt::join(labels, ", "));
  return typed(module, text, symbol);
}

std::string clause_text(std::string_view word, MaybeNode node) {
  return node ? fmt::format(", {} {}", word, node->text()) : std::string();
}

// Where a metric's samples come from, and how often.
std::string metric_facts(const CheckedModule& module, const Symbol& symbol) {
  const auto node = declaring_node(module, symbol);
  const auto view = grammar::as<grammar::MetricView>(node);
  if (!view || !view->source()) return {};
  std::string facts = "Measured";
  if (const auto call = grammar::as<grammar::CallView>(view->source())) {
    if (call->callee()) facts += fmt::format(" by `{}`", call->callee()->text());
  }
  facts += view->every() ? fmt::format(" every {}", view->every()->text()) : " every 15s";
  facts += clause_text("over", view->over());
  facts += clause_text("counted in", view->unit());
  facts += clause_text("stale after", view->stale_after());
  facts += clause_text("no data means", view->absent_is());
  return facts + ".";
}

std::string enum_labels(const CheckedModule& module, const Symbol& symbol) {
  if (symbol.type == kNone || module.types[symbol.type].kind != TypeKind::Enum) return {};
  return fmt::format("Labels: `{}`.", fmt::join(module.enums[module.types[symbol.type].declaration].labels, "`, `"));
}

std::string markdown_of(const CheckedModule& module, const TimesSource& times, SymbolId id) {
  const Symbol& symbol = module.symbols[id];
  std::string text = fmt::format("```rollout\n{}\n```", signature(module, id));
  const auto add = [&](const std::string& paragraph) {
    if (!paragraph.empty()) text += "\n\n" + paragraph;
  };
  if (symbol.kind == SymbolKind::Metric) add(metric_facts(module, symbol));
  if (symbol.kind != SymbolKind::Enum) add(enum_labels(module, symbol));
  if (symbol.kind == SymbolKind::Stage) add(stage_sentence(times(), symbol.declared));
  if (symbol.kind == SymbolKind::Rollout) add(rollout_sentence(times(), symbol.declared));
  add(symbol.documentation);
  return text;
}

// The words of a guard itself: `when`, `for`, `then`.
std::optional<Hover> guard_at(const CheckedModule& module, const TimesSource& times, std::uint32_t offset) {
  const NodeRef leaf = module.trees.front().leaf_at(offset);
  const bool asks =
      leaf.is(SyntaxKind::KeywordWhen) || leaf.is(SyntaxKind::KeywordFor) || leaf.is(SyntaxKind::KeywordThen);
  if (!asks) return std::nullopt;
  const auto around = std::ranges::find_if(module.guards, [&](const check::Guard& guard) {
    return guard.location.file == kMainFile && guard.location.span.contains(leaf.span());
  });
  if (around == module.guards.end()) return std::nullopt;
  const std::string sentence = guard_sentence(times(), around->location);
  if (sentence.empty()) return std::nullopt;
  return Hover{leaf.span(), fmt::format("```rollout\nwhen {}\n```\n\n{}", shortened(around->text), sentence)};
}

// The innermost expression there with a type that can be named.
std::optional<Hover> expression_at(const CheckedModule& module, std::uint32_t offset) {
  const check::Expr* innermost = nullptr;
  for (const check::Expr& expr : module.exprs) {
    if (expr.location.file != kMainFile || expr.location.span.empty() || !expr.location.span.touches(offset)) continue;
    if (expr.type == kNone || check::type_text(module, expr.type).empty()) continue;
    if (innermost == nullptr || expr.location.span.size() < innermost->location.span.size()) innermost = &expr;
  }
  if (innermost == nullptr) return std::nullopt;
  std::string text = check::type_text(module, innermost->type);
  if (innermost->kind == check::ExprKind::Constant) text += " " + plan::to_literal(innermost->value);
  return Hover{innermost->location.span, fmt::format("```rollout\n{}\n```", shortened(std::move(text)))};
}

}  // namespace

std::string signature(const CheckedModule& module, SymbolId id) {
  const Symbol& symbol = module.symbols[id];
  if (symbol.kind == SymbolKind::Native) return check::native_signature(module, symbol);
  const auto node = declaring_node(module, symbol);
  switch (symbol.kind) {
    case SymbolKind::Metric:
      if (node && node->is(SyntaxKind::Metric)) return metric_signature(module, symbol, *node);
      break;
    case SymbolKind::Module: return fmt::format("module {}", symbol.name);
    case SymbolKind::Let:
      return shortened(
          with_value(module, typed(module, "let " + symbol.name, symbol), module.lets[symbol.index].value));
    case SymbolKind::LocalLet: return typed(module, "let " + symbol.name, symbol);
    case SymbolKind::EachVariable: return typed(module, "each " + symbol.name, symbol);
    case SymbolKind::Secret: return "secret " + symbol.name;
    default: break;
  }
  return shortened(node ? driver::declaration_head(*node) : symbol.name);
}

std::optional<Hover> hover_at(const CheckedModule& module, const TimesSource& times, std::uint32_t offset) {
  if (const auto name = name_at(module, offset)) {
    return Hover{name->span, markdown_of(module, times, name->symbol)};
  }
  if (auto guard = guard_at(module, times, offset)) return guard;
  return expression_at(module, offset);
}

}  // namespace rollout::language_server
