#include "editor-support/language-server/queries/refactorings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/describe.hpp"
#include "editor-support/language-server/queries/refactoring_places.hpp"

namespace rollout::language_server {

using check::SymbolKind;

std::vector<Refactoring> refactorings(const CheckedModule& module, Span selection) {
  const auto size = static_cast<std::uint32_t>(module.trees.front().text().size());
  selection.begin = std::min(selection.begin, size);
  selection.end = std::clamp(selection.end, selection.begin, size);
  std::vector<Refactoring> found;
  for (const auto add : {add_scenario, extract_guards, extract_check, extract_metric, add_undo, add_else_rollback}) {
    add(module, selection, found);
  }
  return found;
}

std::vector<NodeRef> nodes_around(const CheckedModule& module, Span selection) {
  std::vector<NodeRef> around;
  for (auto node = module.trees.front().leaf_at(selection.begin).parent(); node; node = node->parent()) {
    if (node->span().begin <= selection.begin && selection.end <= node->span().end) around.push_back(*node);
  }
  return around;
}

std::optional<NodeRef> innermost(const std::vector<NodeRef>& around, SyntaxKind kind) {
  const auto found = std::ranges::find_if(around, [&](NodeRef node) { return node.is(kind); });
  return found == around.end() ? std::nullopt : std::optional(*found);
}

std::string free_name(const CheckedModule& module, const std::string& wanted) {
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::any_of(module.symbols, [&](const check::Symbol& symbol) { return symbol.name == name; });
  };
  std::string name = wanted;
  for (int number = 2; is_taken(name); ++number) name = fmt::format("{}_{}", wanted, number);
  return name;
}

std::uint32_t place_above(const CheckedModule& module, NodeRef node) {
  NodeRef top = node;
  for (auto around = node.parent(); around && !around->is(SyntaxKind::File); around = around->parent()) top = *around;
  const std::string_view text = module.trees.front().text();
  const auto begin_of_line = [&](std::size_t at) {
    const auto end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    return end == std::string_view::npos ? std::size_t{0} : end + 1;
  };
  std::size_t at = begin_of_line(top.span().begin);
  while (at > 0) {
    const std::size_t line = begin_of_line(at - 1);
    if (!text.substr(line).starts_with("#")) break;
    at = line;
  }
  return static_cast<std::uint32_t>(at);
}

std::string indentation_at(const CheckedModule& module, std::uint32_t offset) {
  const std::string_view text = module.trees.front().text();
  const auto line_end = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const std::size_t begin = line_end == std::string_view::npos ? 0 : line_end + 1;
  const auto end = text.find_first_not_of(" \t", begin);
  return std::string(text.substr(begin, std::min<std::size_t>(end, offset) - begin));
}

std::string reindented(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(to);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return result += text.substr(at);
    result += text.substr(at, end + 1 - at);
    at = end + 1;
    const bool blank = at < text.size() && (text[at] == '\n' || text[at] == '\r');
    if (text.substr(at).starts_with(from)) at += from.size();
    if (!blank) result += to;
  }
  return result;
}

std::vector<SymbolId> locals_in(const CheckedModule& module, Span span) {
  std::vector<SymbolId> locals;
  for (const NameAt& name : names_of_main_file(module)) {
    const check::Symbol& symbol = module.symbols[name.symbol];
    const bool local = symbol.kind == SymbolKind::Argument || symbol.kind == SymbolKind::LocalLet ||
                       symbol.kind == SymbolKind::EachVariable;
    if (!local || !span.contains(name.span) || span.contains(symbol.declared.span)) continue;
    if (std::ranges::find(locals, name.symbol) == locals.end()) locals.push_back(name.symbol);
  }
  return locals;
}

std::optional<Passed> passed_on(const CheckedModule& module, const std::vector<SymbolId>& locals) {
  Passed passed;
  for (const SymbolId id : locals) {
    const check::Symbol& symbol = module.symbols[id];
    const std::string type = symbol.type == check::kNone ? std::string() : check::type_text(module, symbol.type);
    // The results of calls have no type that can be written.
    if (type.empty() || type.ends_with("result")) return std::nullopt;
    passed.parameters += fmt::format("{}{}: {}", passed.parameters.empty() ? "(" : ", ", symbol.name, type);
    passed.arguments += (passed.arguments.empty() ? "(" : ", ") + symbol.name;
  }
  if (!locals.empty()) {
    passed.parameters += ")";
    passed.arguments += ")";
  }
  return passed;
}

diagnostics::Edit edit(Span span, std::string text) {
  return {{kMainFile, span}, std::move(text)};
}

}  // namespace rollout::language_server
