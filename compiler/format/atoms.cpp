#include "compiler/format/atoms.hpp"

#include <string_view>

namespace rollout::format {

namespace {

using grammar::Event;
using grammar::SyntaxClass;

bool is_literal(SyntaxKind kind) {
  return kind == SyntaxKind::StringLiteral || kind == SyntaxKind::CommandLiteral;
}

bool is_separator(SyntaxKind kind) {
  return kind == SyntaxKind::Comma || kind == SyntaxKind::Semicolon;
}

// Where the text is not what the grammar says.
bool is_fault(SyntaxKind kind) {
  return kind == SyntaxKind::Missing || kind == SyntaxKind::Error || grammar::class_of(kind) == SyntaxClass::Malformed;
}

// A type's and an insert's braces hold one thing; all others hold statements, entries or values.
bool opens_body(SyntaxKind parent) {
  return parent != SyntaxKind::MapType && parent != SyntaxKind::Insert;
}

// Events with what surrounds each: nodes stand behind their descendants, so one pass from the end finds it all.
struct Surroundings {
  explicit Surroundings(const std::vector<Event>& all)
      : events(all),
        parent(all.size(), kNoNode),
        literal(all.size(), kNoNode),
        brackets(all.size(), kNoNode),
        is_protected(all.size(), false) {
    std::vector<std::uint32_t> open;
    for (auto index = static_cast<std::uint32_t>(all.size()); index-- > 0;) {
      while (!open.empty() && index + events[open.back()].width <= open.back()) open.pop_back();
      if (!open.empty()) parent[index] = open.back();
      if (events[index].width > 1) open.push_back(index);
    }
  }

  SyntaxKind kind(std::uint32_t index) const { return events[index].kind; }
  SyntaxKind parent_kind(std::uint32_t index) const {
    return parent[index] == kNoNode ? SyntaxKind::File : kind(parent[index]);
  }
  std::uint32_t first(std::uint32_t node) const { return node + 1 - events[node].width; }
  bool is_leaf(std::uint32_t index) const {
    return events[index].width == 1 && grammar::class_of(kind(index)) != SyntaxClass::Node;
  }

  void find_literals() {
    for (auto index = static_cast<std::uint32_t>(events.size()); index-- > 0;) {
      if (parent[index] == kNoNode) continue;
      literal[index] = literal[parent[index]] != kNoNode ? literal[parent[index]]
                       : is_literal(parent_kind(index))  ? parent[index]
                                                         : kNoNode;
    }
  }

  // For each event the innermost node with brackets that it stands in; for such a node itself the next one around it.
  void find_brackets(std::vector<Brackets>& rows) {
    rows.resize(events.size());
    std::vector<bool> has(events.size(), false);
    for (std::uint32_t index = 0; index < events.size(); ++index) {
      if (literal[index] != kNoNode || !is_leaf(index) || !is_opening(kind(index)) || parent[index] == kNoNode)
        continue;
      has[parent[index]] = true;
      rows[parent[index]].is_body = kind(index) == SyntaxKind::LeftBrace && opens_body(parent_kind(index));
    }
    for (auto index = static_cast<std::uint32_t>(events.size()); index-- > 0;) {
      if (parent[index] == kNoNode) continue;
      brackets[index] = has[parent[index]] ? parent[index] : brackets[parent[index]];
    }
  }

  void find_line_ends(std::vector<Brackets>& rows) const {
    for (std::uint32_t index = 0; index < events.size(); ++index) {
      const bool ends_line = kind(index) == SyntaxKind::LineEnd || is_comment(kind(index));
      if (!ends_line || literal[index] != kNoNode) continue;
      for (std::uint32_t node = brackets[index]; node != kNoNode && !rows[node].many_lines; node = brackets[node]) {
        rows[node].many_lines = true;
      }
    }
  }

  bool holds_statements(std::uint32_t node, const std::vector<Brackets>& rows) const {
    return kind(node) == SyntaxKind::File || rows[node].is_body;
  }

  void protect(std::uint32_t node) {
    for (std::uint32_t index = first(node); index <= node; ++index) is_protected[index] = true;
  }

  // What is wrong keeps its gaps: the statement around it, or the whole body where its bracket is what is missing.
  void protect_faults(const std::vector<Brackets>& rows) {
    for (std::uint32_t fault = 0; fault < events.size(); ++fault) {
      if (!is_fault(kind(fault))) continue;
      const bool bracket = kind(fault) == SyntaxKind::Missing && is_closing(events[fault].expected);
      std::uint32_t owner = bracket && parent[fault] != kNoNode ? parent[fault] : fault;
      while (!bracket && parent[owner] != kNoNode && !holds_statements(parent[owner], rows)) owner = parent[owner];
      if (!is_protected[owner]) protect(owner);
    }
  }

  const std::vector<Event>& events;
  std::vector<std::uint32_t> parent, literal, brackets;
  std::vector<bool> is_protected;
};

Span trimmed(std::string_view text, const Event& event) {
  Span span{event.begin, event.end};
  if (!is_comment(event.kind)) return span;
  while (span.end > span.begin &&
         (text[span.end - 1] == ' ' || text[span.end - 1] == '\t' || text[span.end - 1] == '\r')) {
    --span.end;
  }
  return span;
}

// Marks the first leaf of each statement.
std::vector<bool> statement_starts(const Surroundings& around, const std::vector<Brackets>& rows) {
  std::vector<bool> starts(around.events.size(), false);
  for (std::uint32_t index = 0; index < around.events.size(); ++index) {
    const std::uint32_t parent = around.parent[index];
    if (parent == kNoNode || !around.holds_statements(parent, rows)) continue;
    const SyntaxKind kind = around.kind(index);
    if (grammar::is_trivia(kind) || is_separator(kind) || is_opening(kind) || is_closing(kind)) continue;
    starts[around.first(index)] = true;
  }
  return starts;
}

}  // namespace

bool is_comment(SyntaxKind kind) {
  return kind == SyntaxKind::Comment || kind == SyntaxKind::DocComment;
}

bool is_opening(SyntaxKind kind) {
  return kind == SyntaxKind::LeftBrace || kind == SyntaxKind::LeftParenthesis || kind == SyntaxKind::LeftBracket;
}

bool is_closing(SyntaxKind kind) {
  return kind == SyntaxKind::RightBrace || kind == SyntaxKind::RightParenthesis || kind == SyntaxKind::RightBracket;
}

Atoms atoms_of(const grammar::SyntaxTree& tree) {
  Atoms result;
  const std::vector<Event>& events = tree.events();
  Surroundings around(events);
  around.find_literals();
  around.find_brackets(result.brackets);
  around.find_line_ends(result.brackets);
  around.protect_faults(result.brackets);
  const std::vector<bool> starts = statement_starts(around, result.brackets);
  result.enclosing = around.brackets;

  bool keeps_gap = false;
  std::uint32_t inside = kNoNode;  // the literal that the last atom is
  for (std::uint32_t index = 0; index < events.size(); ++index) {
    const Event& event = events[index];
    if (!around.is_leaf(index)) continue;
    if (event.kind == SyntaxKind::ByteOrderMark) result.begin = event.end;
    if (event.kind == SyntaxKind::Missing) keeps_gap = true;
    if (event.begin == event.end) continue;
    if (around.literal[index] != kNoNode && around.literal[index] == inside) {
      result.atoms.back().span.end = event.end;
      continue;
    }
    if (grammar::is_trivia(event.kind) && !is_comment(event.kind)) continue;
    inside = around.literal[index];
    const std::uint32_t leaf = inside == kNoNode ? index : inside;
    Atom atom{around.kind(leaf), around.parent_kind(leaf), trimmed(tree.text(), event), around.brackets[leaf], {}, {}};
    atom.starts_statement = starts[index];
    atom.keeps_gap = keeps_gap || around.is_protected[index];
    keeps_gap = around.is_protected[index];
    result.atoms.push_back(atom);
  }
  result.keeps_end = keeps_gap;
  return result;
}

}  // namespace rollout::format
