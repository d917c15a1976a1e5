// The lossless syntax tree: flat, post-order, its leaves tile the text byte for byte.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/problem.hpp"
#include "grammar/source.hpp"
#include "grammar/syntax_kind.hpp"

namespace rollout::grammar {

// One leaf or node. A node stands right after its last descendant and `width` counts it with all of its descendants,
// so the node at index i covers the events (i - width, i]. Leaves have width 1. A SyntaxKind::Missing leaf is empty and
// says in `expected` what should have been there.
struct Event {
  SyntaxKind kind = SyntaxKind::Missing;
  SyntaxKind expected = SyntaxKind::Missing;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t width = 1;
};

class NodeRef;

// A text with its tree and its problems; cheap to copy (shared, immutable). NodeRefs stay valid while any copy lives.
class SyntaxTree {
 public:
  struct Data {
    SourceFile source;
    std::vector<Event> events;          // post-order; the last one is the SyntaxKind::File
    std::vector<Problem> problems;      // in the order of the text
    std::vector<std::uint32_t> faults;  // ascending indexes of missing leaves, error nodes and malformed leaves
  };

  explicit SyntaxTree(Data data) : data_(std::make_shared<const Data>(std::move(data))) {}

  const SourceFile& source() const { return data_->source; }
  std::string_view text() const { return data_->source.text; }
  const std::vector<Event>& events() const { return data_->events; }
  const std::vector<Problem>& problems() const { return data_->problems; }
  NodeRef root() const;
  // The deepest leaf that holds the offset; at a boundary between two leaves the one that is not trivia, else the right
  // one. The File itself where the text is empty.
  NodeRef leaf_at(std::uint32_t offset) const;

 private:
  std::shared_ptr<const Data> data_;
};

// A cursor on one leaf or node of a tree: two words, copied freely, valid while the tree lives.
class NodeRef {
 public:
  NodeRef(const SyntaxTree::Data& data, std::uint32_t index) : data_(&data), index_(index) {}

  SyntaxKind kind() const { return event().kind; }
  bool is(SyntaxKind kind) const { return event().kind == kind; }
  bool is_leaf() const { return event().width == 1 && class_of(kind()) != SyntaxClass::Node; }
  // From the first to the last leaf that means something: no trivia at either end.
  Span span() const { return {event().begin, event().end}; }
  std::string_view text() const;
  // Position in SyntaxTree::events(): a stable identity within one tree.
  std::uint32_t index() const { return index_; }
  // What a SyntaxKind::Missing leaf stands for.
  SyntaxKind expected() const { return event().expected; }

  // Children in the order of the text, without trivia and without missing leaves.
  std::vector<NodeRef> children() const;
  std::vector<NodeRef> children(SyntaxKind kind) const;
  // Every child, trivia and missing leaves included: concatenated they are the node's text.
  std::vector<NodeRef> all_children() const;
  // Only the nodes among the children (no tokens, no error nodes).
  std::vector<NodeRef> child_nodes() const;

  // The first child of the kind, if there is one. `token` is the same with a name that says what is meant.
  std::optional<NodeRef> child(SyntaxKind kind) const;
  std::optional<NodeRef> token(SyntaxKind kind) const { return child(kind); }
  bool has(SyntaxKind kind) const { return child(kind).has_value(); }
  // The n-th child (from 0) among the nodes for which `accepts` holds, for example is_expression.
  std::optional<NodeRef> child_if(bool (*accepts)(SyntaxKind), std::size_t n = 0) const;
  // The same among the children behind `mark`, one of them; among all where it is none.
  std::optional<NodeRef> child_behind(std::optional<NodeRef> mark, bool (*accepts)(SyntaxKind),
                                      std::size_t n = 0) const;
  std::vector<NodeRef> children_if(bool (*accepts)(SyntaxKind)) const;
  // The first leaf of the node that means something: for most statements, its keyword.
  std::optional<NodeRef> first_token() const;
  std::optional<NodeRef> parent() const;
  // All descendants of the kind, in the order of the text.
  std::vector<NodeRef> descendants(SyntaxKind kind) const;

  // Whether something in the node is missing, surplus or malformed; its children may then not be what the grammar says.
  bool has_error() const;
  // The `##` lines right above the node (above a File: at its head, before a blank line), without the marks and one
  // blank after them, joined by line feeds; empty where there are none.
  std::string documentation() const;

  friend bool operator==(NodeRef a, NodeRef b) { return a.data_ == b.data_ && a.index_ == b.index_; }

 private:
  const Event& event() const { return data_->events[index_]; }

  const SyntaxTree::Data* data_;
  std::uint32_t index_;
};

inline NodeRef SyntaxTree::root() const {
  return NodeRef(*data_, static_cast<std::uint32_t>(data_->events.size() - 1));
}

}  // namespace rollout::grammar
