// What the typed views of nodes have in common.
//
// A view is a node with accessors for its parts. Every accessor may find nothing: the text may be broken, and a clause
// may simply not be there. `as<WhenView>(node)` gives the view where the node is of that kind.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/syntax_tree.hpp"

namespace rollout::grammar {

template <SyntaxKind... kKinds>
struct View {
  NodeRef node;

  static bool accepts(SyntaxKind kind) { return ((kind == kKinds) || ...); }
  Span span() const { return node.span(); }
  std::string documentation() const { return node.documentation(); }
};

template <typename ViewType>
std::optional<ViewType> as(NodeRef node) {
  if (!ViewType::accepts(node.kind())) return std::nullopt;
  return ViewType{{node}};
}

template <typename ViewType>
std::optional<ViewType> as(std::optional<NodeRef> node) {
  return node ? as<ViewType>(*node) : std::nullopt;
}

// The text of a leaf or node, empty where it is not there.
std::string_view text_of(const std::optional<NodeRef>& node);

// Helpers of the accessors: the n-th child of a kind; parts of the first child of kind `clause`.
std::optional<NodeRef> nth_child(NodeRef node, SyntaxKind kind, std::size_t n);
std::optional<NodeRef> child_in(NodeRef node, SyntaxKind clause, SyntaxKind kind);
std::vector<NodeRef> children_in(NodeRef node, SyntaxKind clause, SyntaxKind kind);
std::vector<NodeRef> nodes_in(NodeRef node, SyntaxKind clause);
std::optional<NodeRef> expression_in(NodeRef node, SyntaxKind clause, std::size_t n = 0);
std::optional<NodeRef> response_in(NodeRef node, SyntaxKind clause);
// KeywordReadonly, KeywordIdempotent or KeywordIrreversible in front of an action, a call or a command.
std::optional<NodeRef> modifier_of(NodeRef node);

// A NameExpression, Member or Call.
bool is_reference(SyntaxKind kind);
bool is_comparison_operator(SyntaxKind kind);
bool is_sum_operator(SyntaxKind kind);
bool is_product_operator(SyntaxKind kind);

// The names of a NameExpression or a chain of Members on one, or of a QualifiedName: {"std", "slack"}; of a Call those
// of its callee. Empty for any other expression.
std::vector<std::string_view> path_of(NodeRef expression);
// The Argument nodes of a Call; none for anything else.
std::vector<NodeRef> arguments_of(NodeRef expression);

}  // namespace rollout::grammar
