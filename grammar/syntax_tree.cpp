#include "grammar/syntax_tree.hpp"

#include <algorithm>

namespace rollout::grammar {
namespace {

// `## text` without its marks and one blank.
std::string_view doc_text(std::string_view comment) {
  comment.remove_prefix(2);
  if (comment.starts_with(' ')) comment.remove_prefix(1);
  while (comment.ends_with('\r')) comment.remove_suffix(1);
  return comment;
}

std::string_view text_of_event(const SyntaxTree::Data& data, std::size_t index) {
  const Event& event = data.events[index];
  return std::string_view(data.source.text).substr(event.begin, event.end - event.begin);
}

// The documentation lines that end right above the event `first`, the last line first.
std::vector<std::string_view> doc_lines_above(const SyntaxTree::Data& data, std::size_t first) {
  std::vector<std::string_view> lines;
  std::size_t i = first;
  const auto kind_before = [&] { return i == 0 ? SyntaxKind::Missing : data.events[i - 1].kind; };
  const auto skip_blanks = [&] {
    while (kind_before() == SyntaxKind::Blank) --i;
  };
  for (;;) {
    skip_blanks();
    if (kind_before() != SyntaxKind::LineEnd) break;
    --i;
    skip_blanks();
    if (kind_before() != SyntaxKind::DocComment) break;
    const std::size_t comment = i - 1;
    --i;
    skip_blanks();
    const bool alone_on_line =
        i == 0 || kind_before() == SyntaxKind::LineEnd || kind_before() == SyntaxKind::ByteOrderMark;
    if (!alone_on_line) break;
    lines.push_back(doc_text(text_of_event(data, comment)));
  }
  return lines;
}

std::string join_lines(const std::vector<std::string_view>& lines) {
  std::string joined;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) joined += '\n';
    joined += lines[i];
  }
  return joined;
}

// The documentation at the head of a file: `##` lines that a blank line or the end of the file follows.
std::string file_documentation(const SyntaxTree::Data& data) {
  std::vector<std::string_view> lines;
  int line_ends = 0;
  for (std::size_t i = 0; i < data.events.size() && line_ends < 2; ++i) {
    const SyntaxKind kind = data.events[i].kind;
    if (kind == SyntaxKind::DocComment) {
      lines.push_back(doc_text(text_of_event(data, i)));
      line_ends = 0;
    } else if (kind == SyntaxKind::LineEnd) {
      line_ends += lines.empty() ? 0 : 1;
    } else if (kind == SyntaxKind::File) {
      return join_lines(lines);
    } else if (kind != SyntaxKind::Blank && kind != SyntaxKind::ByteOrderMark) {
      return {};
    }
  }
  return join_lines(lines);
}

}  // namespace

std::string_view NodeRef::text() const {
  return std::string_view(data_->source.text).substr(event().begin, event().end - event().begin);
}

namespace {

// Calls `visit` with the index of each child, the last child first: that is the order in which a tree of this form is
// read without a table of its own.
template <typename Visit>
void for_each_child(const SyntaxTree::Data& data, std::uint32_t parent, Visit visit) {
  const std::uint32_t stop = parent + 1 - data.events[parent].width;
  for (std::uint32_t i = parent; i > stop; i -= data.events[i - 1].width) visit(i - 1);
}

// The children whose kind is accepted, in the order of the text: counted first, so that the list is allocated once.
template <typename Accepts>
std::vector<NodeRef> collect(const SyntaxTree::Data& data, std::uint32_t parent, Accepts accepts) {
  std::size_t count = 0;
  for_each_child(data, parent, [&](std::uint32_t child) { count += accepts(data.events[child].kind) ? 1 : 0; });
  std::vector<NodeRef> found(count, NodeRef(data, parent));
  for_each_child(data, parent, [&](std::uint32_t child) {
    if (accepts(data.events[child].kind)) found[--count] = NodeRef(data, child);
  });
  return found;
}

}  // namespace

std::vector<NodeRef> NodeRef::all_children() const {
  return collect(*data_, index_, [](SyntaxKind) { return true; });
}

std::vector<NodeRef> NodeRef::children() const {
  return collect(*data_, index_, [](SyntaxKind kind) { return !is_trivia(kind) && kind != SyntaxKind::Missing; });
}

std::vector<NodeRef> NodeRef::children(SyntaxKind kind) const {
  return collect(*data_, index_, [kind](SyntaxKind child) { return child == kind; });
}

std::vector<NodeRef> NodeRef::child_nodes() const {
  return collect(*data_, index_,
                 [](SyntaxKind kind) { return class_of(kind) == SyntaxClass::Node && kind != SyntaxKind::Error; });
}

std::optional<NodeRef> NodeRef::child(SyntaxKind kind) const {
  std::optional<NodeRef> first;
  for_each_child(*data_, index_, [&](std::uint32_t child) {
    if (data_->events[child].kind == kind) first = NodeRef(*data_, child);
  });
  return first;
}

std::vector<NodeRef> NodeRef::children_if(bool (*accepts)(SyntaxKind)) const {
  return collect(*data_, index_, accepts);
}

std::optional<NodeRef> NodeRef::child_if(bool (*accepts)(SyntaxKind), std::size_t n) const {
  return child_behind(std::nullopt, accepts, n);
}

std::optional<NodeRef> NodeRef::child_behind(std::optional<NodeRef> mark, bool (*accepts)(SyntaxKind),
                                             std::size_t n) const {
  const auto counts = [&](std::uint32_t child) {
    return (!mark || child > mark->index_) && accepts(data_->events[child].kind);
  };
  std::optional<NodeRef> found;
  if (n == 0) {
    for_each_child(*data_, index_, [&](std::uint32_t child) {
      if (counts(child)) found = NodeRef(*data_, child);
    });
    return found;
  }
  // From the last child: the n-th of `count` accepted ones is passed when so many are left.
  std::size_t count = 0;
  for_each_child(*data_, index_, [&](std::uint32_t child) { count += counts(child) ? 1 : 0; });
  for_each_child(*data_, index_, [&](std::uint32_t child) {
    if (counts(child) && --count == n) found = NodeRef(*data_, child);
  });
  return found;
}

std::optional<NodeRef> NodeRef::first_token() const {
  for (std::uint32_t i = index_ + 1 - event().width; i <= index_; ++i) {
    const Event& candidate = data_->events[i];
    if (candidate.width == 1 && !is_trivia(candidate.kind) && candidate.kind != SyntaxKind::Missing) {
      return NodeRef(*data_, i);
    }
  }
  return std::nullopt;
}

std::optional<NodeRef> NodeRef::parent() const {
  for (std::uint32_t i = index_ + 1; i < data_->events.size(); ++i) {
    if (i + 1 - data_->events[i].width <= index_) return NodeRef(*data_, i);
  }
  return std::nullopt;
}

std::vector<NodeRef> NodeRef::descendants(SyntaxKind kind) const {
  std::vector<NodeRef> found;
  for (std::uint32_t i = index_ + 1 - event().width; i < index_; ++i) {
    if (data_->events[i].kind == kind) found.emplace_back(*data_, i);
  }
  // Post-order puts a node behind the nodes in it; of two that begin at one place the outer is the later.
  std::ranges::stable_sort(found, [](NodeRef a, NodeRef b) {
    return a.event().begin != b.event().begin ? a.event().begin < b.event().begin : a.index_ > b.index_;
  });
  return found;
}

bool NodeRef::has_error() const {
  const std::uint32_t first = index_ + 1 - event().width;
  const auto fault = std::ranges::lower_bound(data_->faults, first);
  return fault != data_->faults.end() && *fault <= index_;
}

std::string NodeRef::documentation() const {
  if (is(SyntaxKind::File)) return file_documentation(*data_);
  std::vector<std::string_view> lines = doc_lines_above(*data_, index_ + 1 - event().width);
  std::ranges::reverse(lines);
  return join_lines(lines);
}

NodeRef SyntaxTree::leaf_at(std::uint32_t offset) const {
  const std::vector<Event>& all = events();
  std::optional<std::uint32_t> best;
  const auto is_leaf = [&](std::uint32_t i) { return all[i].width == 1 && all[i].begin < all[i].end; };
  // Leaves tile the text in order, with nodes in between: no leaf before `first` reaches the offset.
  std::uint32_t first = 0;
  for (auto last = static_cast<std::uint32_t>(all.size()); first < last;) {
    const std::uint32_t middle = first + (last - first) / 2;
    std::uint32_t leaf = middle;
    while (leaf > first && !is_leaf(leaf)) --leaf;
    if (!is_leaf(leaf) || all[leaf].end < offset) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  for (std::uint32_t i = first; i < all.size(); ++i) {
    if (!is_leaf(i)) continue;
    if (all[i].begin > offset) break;
    if (all[i].end < offset) continue;
    if (!best || is_trivia(all[*best].kind) || !is_trivia(all[i].kind)) best = i;
  }
  return best ? NodeRef(*data_, *best) : root();
}

}  // namespace rollout::grammar
