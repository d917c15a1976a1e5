#include "editor-support/language-server/queries/insertion_place.hpp"

#include <algorithm>
#include <string>

#include "grammar/parse.hpp"
#include "grammar/views.hpp"

namespace rollout::language_server {
namespace {

using grammar::NodeRef;
using grammar::Span;
using grammar::SyntaxKind;

constexpr std::string_view kProbe = "zz_probe";

// The items of a body before its last one say nothing about what may come next.
void collect_surplus(NodeRef node, std::vector<Span>& surplus) {
  NodeRef at = node;
  while (true) {
    const std::vector<NodeRef> items = at.child_nodes();
    if (items.empty()) return;
    const bool is_body = at.is(SyntaxKind::File) || grammar::BodyView::accepts(at.kind());
    if (is_body && items.size() > 1) surplus.push_back({items.front().span().begin, items.back().span().begin});
    at = items.back();
  }
}

// What ends the text in triple quotes in which the place lies, if it does: without its end its lines would be read as
// something else.
std::string_view end_of_open_text(std::string_view before) {
  constexpr std::string_view kTripleQuote = "\"\"\"";
  std::size_t count = 0;
  for (auto at = before.find(kTripleQuote); at != std::string_view::npos; at = before.find(kTripleQuote, at + 3))
    ++count;
  return count % 2 == 0 ? std::string_view() : kTripleQuote;
}

// The same with the end of an insert that is open in it.
std::string closed(std::string_view before) {
  const auto end = end_of_open_text(before);
  return end.empty() ? std::string() : "}" + std::string(end);
}

// A few lines in place of a whole file, so that many words can be tried.
std::string essential(std::string_view before) {
  std::string text(before);
  text += closed(before);
  const grammar::SyntaxTree tree = grammar::parse({"", text});
  std::vector<Span> surplus;
  collect_surplus(tree.root(), surplus);
  text = before;
  std::ranges::sort(surplus, std::greater<>(), &Span::begin);
  for (const Span span : surplus) {
    if (span.end <= text.size()) text.erase(span.begin, span.size());
  }
  return text;
}

// Whether something is wrong with the word at `begin`, or missing in the gap before it.
bool is_at_fault(const grammar::SyntaxTree& tree, std::uint32_t begin) {
  std::uint32_t gap = begin;
  while (gap > 0 && std::string_view(" \t\r\n").find(tree.text()[gap - 1]) != std::string_view::npos) --gap;
  return std::ranges::any_of(tree.problems(), [&](const grammar::Problem& problem) {
    const Span span = problem.span;
    return (gap <= span.begin && span.begin <= begin) || (span.begin <= begin && begin < span.end);
  });
}

std::vector<NodeRef> ancestors_of(NodeRef leaf) {
  std::vector<NodeRef> ancestors;
  for (auto node = leaf.parent(); node; node = node->parent()) ancestors.push_back(*node);
  return ancestors;
}

}  // namespace

InsertionPlace::InsertionPlace(std::string_view before) : before_(essential(before)) {
  // While braces are missing, nobody can say what stands in the wrong block.
  std::string text = before_;
  text += closed(before_);
  const grammar::SyntaxTree tree = grammar::parse({"", std::move(text)});
  for (const grammar::Event& event : tree.events()) {
    if (event.kind == SyntaxKind::Missing && event.expected == SyntaxKind::RightBrace) closing_ += "\n}";
  }
}

std::optional<NamePlace> InsertionPlace::place_of(std::string_view word, std::string_view follow,
                                                  SyntaxKind kind) const {
  grammar::SyntaxTree tree = grammar::parse({"", before_ + std::string(word) + std::string(follow) + closing_});
  const auto begin = static_cast<std::uint32_t>(before_.size());
  const NodeRef leaf = tree.leaf_at(begin + (word.size() > 1 ? 1 : 0));
  const bool read = leaf.is(kind) && leaf.span() == Span{begin, begin + static_cast<std::uint32_t>(word.size())};
  if (!read || is_at_fault(tree, begin)) return std::nullopt;
  std::vector<NodeRef> ancestors = ancestors_of(leaf);
  if (std::ranges::any_of(ancestors, [](NodeRef node) { return node.is(SyntaxKind::Error); })) return std::nullopt;
  return NamePlace{std::move(tree), std::move(ancestors)};
}

bool InsertionPlace::takes_words(std::string_view words) const {
  const grammar::SyntaxTree tree = grammar::parse({"", before_ + std::string(words) + closing_});
  std::uint32_t at = static_cast<std::uint32_t>(before_.size());
  while (!words.empty()) {
    const auto blank = words.find(' ');
    const std::string_view word = words.substr(0, blank);
    const NodeRef leaf = tree.leaf_at(at + (word.size() > 1 ? 1 : 0));
    const bool read = grammar::is_keyword(leaf.kind()) && leaf.span().begin == at && leaf.span().size() == word.size();
    if (!read || is_at_fault(tree, at)) return false;
    const std::vector<NodeRef> ancestors = ancestors_of(leaf);
    if (std::ranges::any_of(ancestors, [](NodeRef node) { return node.is(SyntaxKind::Error); })) return false;
    words.remove_prefix(blank == std::string_view::npos ? words.size() : blank + 1);
    at += static_cast<std::uint32_t>(word.size()) + 1;
  }
  return true;
}

std::optional<NamePlace> InsertionPlace::name_place(std::string_view follow) const {
  return place_of(kProbe, follow, SyntaxKind::Name);
}

std::optional<NamePlace> InsertionPlace::number_place() const {
  return place_of("1", "", SyntaxKind::Number);
}

bool InsertionPlace::is_text() const {
  const grammar::SyntaxTree tree =
      grammar::parse({"", before_ + std::string(kProbe) + std::string(end_of_open_text(before_))});
  const SyntaxKind kind = tree.leaf_at(static_cast<std::uint32_t>(before_.size()) + 1).kind();
  return kind == SyntaxKind::StringText || kind == SyntaxKind::CommandText || kind == SyntaxKind::Comment ||
         kind == SyntaxKind::DocComment;
}

}  // namespace rollout::language_server
