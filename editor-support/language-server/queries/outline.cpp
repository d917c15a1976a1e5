#include "editor-support/language-server/queries/outline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/diagnostics/display.hpp"
#include "grammar/literals.hpp"
#include "grammar/views.hpp"

namespace rollout::language_server {
namespace {

using grammar::NodeRef;
using grammar::Span;
using grammar::SyntaxKind;
using grammar::SyntaxTree;

constexpr std::size_t kMostNameBytes = 80;

std::string short_name(std::string_view text) {
  std::string line = diagnostics::one_line(text);
  if (line.size() <= kMostNameBytes) return line;
  std::size_t end = kMostNameBytes;
  // Never within a character.
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0u) == 0x80) --end;
  return line.substr(0, end) + "...";
}

std::vector<NodeRef> items_of(NodeRef node) {
  std::vector<NodeRef> items;
  for (const NodeRef child : node.child_nodes()) {
    if (const auto body = grammar::as<grammar::BodyView>(child)) {
      const auto inner = body->items();
      items.insert(items.end(), inner.begin(), inner.end());
    }
    if (child.is(SyntaxKind::EnumBody) || child.is(SyntaxKind::RecordBody)) {
      const auto inner = child.child_nodes();
      items.insert(items.end(), inner.begin(), inner.end());
    }
  }
  return items;
}

void add_items(NodeRef node, std::vector<OutlineItem>& items, int depth);

// The text of an item that has no name, from its begin to its first block.
Span head_of(NodeRef node) {
  Span head = node.span();
  for (const NodeRef child : node.child_nodes()) {
    if (grammar::BodyView::accepts(child.kind())) {
      head.end = std::max(head.begin, std::min(head.end, child.span().begin));
      break;
    }
  }
  return head;
}

bool is_titled(SyntaxKind kind) {
  return kind == SyntaxKind::Hook || kind == SyntaxKind::Schedule || kind == SyntaxKind::When ||
         kind == SyntaxKind::Approve || kind == SyntaxKind::Checklist || kind == SyntaxKind::Verify ||
         kind == SyntaxKind::Hold;
}

bool is_named(SyntaxKind kind) {
  return (grammar::is_declaration(kind) && kind != SyntaxKind::Use) || kind == SyntaxKind::Stage ||
         kind == SyntaxKind::EnumValue || kind == SyntaxKind::Field;
}

std::optional<OutlineItem> item_of(NodeRef node) {
  OutlineItem item;
  item.kind = node.kind();
  item.span = node.span();
  if (const auto scenario = grammar::as<grammar::ScenarioView>(node)) {
    if (!scenario->title()) return std::nullopt;
    item.name = short_name(grammar::displayed_text(*scenario->title()));
    item.selection = scenario->title()->span();
  } else if (is_titled(node.kind())) {
    item.selection = head_of(node);
    item.name = short_name(node.text().substr(0, item.selection.size()));
  } else if (is_named(node.kind())) {
    const auto name = node.child(SyntaxKind::Name);
    if (!name) return std::nullopt;
    item.name = std::string(name->text());
    item.selection = name->span();
    item.detail = kind_text(node.kind());
  } else {
    return std::nullopt;
  }
  if (item.name.empty()) item.name = kind_text(node.kind());
  return item;
}

constexpr int kMostDepth = 64;

void add_items(NodeRef node, std::vector<OutlineItem>& items, int depth) {
  if (depth > kMostDepth) return;
  auto item = item_of(node);
  if (!item) {
    // A plain block, as of `parallel`: what stands in it belongs to the one around it.
    for (const NodeRef inner : items_of(node)) add_items(inner, items, depth + 1);
    return;
  }
  for (const NodeRef inner : items_of(node)) add_items(inner, item->children, depth + 1);
  items.push_back(std::move(*item));
}

bool has_line_end(std::string_view text, Span span) {
  return text.substr(span.begin, span.size()).find('\n') != std::string_view::npos;
}

// Runs of events of one kind with nothing but line ends and blanks between them.
template <typename IsOfRun>
void add_runs(const SyntaxTree& tree, FoldKind kind, IsOfRun is_of_run, std::vector<Fold>& folds) {
  std::optional<Span> run;
  const auto finish = [&] {
    if (run && has_line_end(tree.text(), *run)) folds.push_back({*run, kind});
    run.reset();
  };
  for (const NodeRef child : tree.root().all_children()) {
    if (is_of_run(child.kind())) {
      run = run ? Span{run->begin, child.span().end} : child.span();
    } else if (!child.is(SyntaxKind::Blank) && !child.is(SyntaxKind::LineEnd)) {
      finish();
    }
  }
  finish();
}

}  // namespace

std::string kind_text(SyntaxKind kind) {
  std::string text(grammar::display_of(kind));
  std::erase(text, '`');
  return text;
}

std::vector<OutlineItem> outline(const SyntaxTree& tree) {
  std::vector<OutlineItem> items;
  for (const NodeRef node : tree.root().child_nodes()) add_items(node, items, 0);
  return items;
}

std::vector<Fold> folds(const SyntaxTree& tree) {
  std::vector<Fold> result;
  std::vector<std::uint32_t> openers;
  for (const grammar::Event& event : tree.events()) {
    if (event.kind == SyntaxKind::LeftBrace) openers.push_back(event.begin);
    if (event.kind == SyntaxKind::RightBrace && !openers.empty()) {
      const Span span{openers.back(), event.end};
      openers.pop_back();
      if (has_line_end(tree.text(), span)) result.push_back({span, FoldKind::Region});
    }
    const Span span{event.begin, event.end};
    if (event.kind == SyntaxKind::StringLiteral && has_line_end(tree.text(), span)) {
      result.push_back({span, FoldKind::Region});
    }
  }
  add_runs(tree, FoldKind::Imports, [](SyntaxKind kind) { return kind == SyntaxKind::Use; }, result);
  add_runs(
      tree, FoldKind::Comment,
      [](SyntaxKind kind) { return kind == SyntaxKind::Comment || kind == SyntaxKind::DocComment; }, result);
  std::ranges::sort(result, {}, [](const Fold& fold) { return fold.span.begin; });
  return result;
}

std::vector<Span> surroundings(const SyntaxTree& tree, std::uint32_t offset) {
  std::vector<Span> spans;
  for (std::optional<NodeRef> node = tree.leaf_at(offset); node; node = node->parent()) {
    const Span span =
        node->is(SyntaxKind::File) ? Span{0, static_cast<std::uint32_t>(tree.text().size())} : node->span();
    // Blanks between two statements belong to neither.
    if (!span.touches(offset)) continue;
    if (spans.empty() || (span.contains(spans.back()) && !(span == spans.back()))) spans.push_back(span);
  }
  return spans;
}

std::vector<Link> links(const check::CheckedModule& module) {
  std::vector<Link> result;
  const NodeRef root = module.trees.front().root();
  for (const check::Symbol& symbol : module.symbols) {
    if (symbol.kind != check::SymbolKind::Module || symbol.declared.file != diagnostics::FileId{}) continue;
    const auto& file = module.modules[symbol.index].file;
    if (!file || symbol.declared.span.empty()) continue;
    for (const NodeRef use : root.children(SyntaxKind::Use)) {
      const auto view = grammar::as<grammar::UseView>(use);
      if (!use.span().contains(symbol.declared.span)) continue;
      const auto target = view->path() ? view->path() : view->module();
      if (target) result.push_back({target->span(), module.files[*file].path, {}});
    }
  }
  for (const NodeRef literal : root.descendants(SyntaxKind::StringLiteral)) {
    const auto text = grammar::constant_text(literal);
    if (!text || text->find_first_of(" \n") != std::string::npos) continue;
    if (text->starts_with("https://") || text->starts_with("http://")) result.push_back({literal.span(), {}, *text});
  }
  std::ranges::sort(result, {}, [](const Link& link) { return link.span.begin; });
  return result;
}

}  // namespace rollout::language_server
