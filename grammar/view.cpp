#include "grammar/view.hpp"

#include <algorithm>

namespace rollout::grammar {

std::string_view text_of(const std::optional<NodeRef>& node) {
  return node ? node->text() : std::string_view();
}

std::optional<NodeRef> nth_child(NodeRef node, SyntaxKind kind, std::size_t n) {
  if (n == 0) return node.child(kind);
  const std::vector<NodeRef> found = node.children(kind);
  return n < found.size() ? std::optional(found[n]) : std::nullopt;
}

std::optional<NodeRef> child_in(NodeRef node, SyntaxKind clause, SyntaxKind kind) {
  const auto found = node.child(clause);
  return found ? found->child(kind) : std::nullopt;
}

std::vector<NodeRef> children_in(NodeRef node, SyntaxKind clause, SyntaxKind kind) {
  const auto found = node.child(clause);
  return found ? found->children(kind) : std::vector<NodeRef>();
}

std::vector<NodeRef> nodes_in(NodeRef node, SyntaxKind clause) {
  const auto found = node.child(clause);
  return found ? found->child_nodes() : std::vector<NodeRef>();
}

std::optional<NodeRef> expression_in(NodeRef node, SyntaxKind clause, std::size_t n) {
  const auto found = node.child(clause);
  return found ? found->child_if(is_expression, n) : std::nullopt;
}

std::optional<NodeRef> response_in(NodeRef node, SyntaxKind clause) {
  const auto found = node.child(clause);
  return found ? found->child_if(is_response) : std::nullopt;
}

std::optional<NodeRef> modifier_of(NodeRef node) {
  return node.child_if([](SyntaxKind kind) {
    return kind == SyntaxKind::KeywordReadonly || kind == SyntaxKind::KeywordIdempotent ||
           kind == SyntaxKind::KeywordIrreversible;
  });
}

bool is_reference(SyntaxKind kind) {
  return kind == SyntaxKind::NameExpression || kind == SyntaxKind::Member || kind == SyntaxKind::Call;
}

bool is_comparison_operator(SyntaxKind kind) {
  return (SyntaxKind::Equal <= kind && kind <= SyntaxKind::GreaterEqual) || kind == SyntaxKind::Assign ||
         kind == SyntaxKind::KeywordIn || kind == SyntaxKind::KeywordIs;
}

bool is_sum_operator(SyntaxKind kind) {
  return kind == SyntaxKind::Plus || kind == SyntaxKind::Minus;
}

bool is_product_operator(SyntaxKind kind) {
  return kind == SyntaxKind::Star || kind == SyntaxKind::Slash;
}

std::vector<std::string_view> path_of(NodeRef expression) {
  std::vector<std::string_view> path;
  if (expression.is(SyntaxKind::QualifiedName)) {
    for (const NodeRef name : expression.children(SyntaxKind::Name)) path.push_back(name.text());
    return path;
  }
  std::optional<NodeRef> part = expression;
  if (part->is(SyntaxKind::Call)) part = part->child_if(is_expression);
  while (part && part->is(SyntaxKind::Member)) {
    path.push_back(text_of(part->token(SyntaxKind::Name)));
    part = part->child_if(is_expression);
  }
  if (!part || !part->is(SyntaxKind::NameExpression)) return {};
  path.push_back(part->text());
  std::ranges::reverse(path);
  return path;
}

std::vector<NodeRef> arguments_of(NodeRef expression) {
  if (!expression.is(SyntaxKind::Call)) return {};
  return children_in(expression, SyntaxKind::Arguments, SyntaxKind::Argument);
}

}  // namespace rollout::grammar
