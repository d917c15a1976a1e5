#include "compiler/format/gaps.hpp"

#include <algorithm>

namespace rollout::format {

namespace {

using K = SyntaxKind;

constexpr std::uint32_t kIndent = 2;
constexpr std::uint32_t kBeforeComment = 2;

// A sign, not an operator: it belongs to what stands behind it.
bool is_sign(const Atom& atom, const Atom* before) {
  if (atom.kind != K::Minus && atom.kind != K::Plus) return false;
  if (atom.parent == K::Negation) return true;
  return before && (before->kind == K::Assign || before->kind == K::Comma || is_opening(before->kind));
}

bool is_glued_opening(const Atom& atom) {
  switch (atom.parent) {
    case K::Arguments:
    case K::Params:
    case K::Index:
    case K::Series:
    case K::Slots:
    case K::Past: return atom.kind == K::LeftParenthesis || (atom.kind == K::LeftBracket && atom.parent != K::Slots);
    default: return false;
  }
}

bool is_glue(const Atom& atom) {
  if (atom.kind == K::Dot || atom.kind == K::DotDot) return true;
  return atom.kind == K::Slash && (atom.parent == K::RateType || atom.parent == K::UnitClause);
}

std::uint32_t blanks_between(const Atom* before_left, const Atom& left, const Atom& right) {
  if (is_comment(right.kind)) return kBeforeComment;
  if (right.kind == K::Comma || right.kind == K::Semicolon || right.kind == K::Colon) return 0;
  if (right.kind == K::RightParenthesis || right.kind == K::RightBracket) return 0;
  if (left.kind == K::LeftParenthesis || left.kind == K::LeftBracket) return 0;
  if (is_glue(left) || is_glue(right)) return 0;
  if (is_sign(left, before_left)) return 0;
  return 1;
}

std::uint32_t count_line_ends(std::string_view gap) {
  return static_cast<std::uint32_t>(std::ranges::count(gap, '\n'));
}

// The layout of one file, from its beginning on.
class Layout {
 public:
  Layout(const Atoms& atoms, std::string_view text) : atoms_(atoms), text_(text), next_token_(atoms.atoms.size()) {
    const Atom* next = nullptr;
    for (std::size_t index = atoms.atoms.size(); index-- > 0;) {
      if (!is_comment(atoms.atoms[index].kind)) next = &atoms.atoms[index];
      next_token_[index] = next;
    }
  }

  std::vector<Gap> run() {
    std::vector<Gap> gaps;
    gaps.reserve(atoms_.atoms.size());
    for (std::size_t index = 0; index < atoms_.atoms.size(); ++index) {
      close_brackets(atoms_.atoms[index]);
      gaps.push_back(gap_before(index));
      follow(index, gaps.back());
    }
    return gaps;
  }

 private:
  struct Open {
    std::uint32_t node;
    std::uint32_t indent;  // of the line on which it was opened
  };

  // Brackets that the text leaves open end with their node.
  void close_brackets(const Atom& atom) {
    const auto stands_in = [&](std::uint32_t node) {
      for (std::uint32_t around = atom.brackets; around != kNoNode; around = atoms_.enclosing[around]) {
        if (around == node) return true;
      }
      return false;
    };
    while (!open_.empty() && open_.back().node != atom.brackets && !stands_in(open_.back().node)) open_.pop_back();
  }

  bool is_body(std::uint32_t brackets) const { return brackets == kNoNode || atoms_.brackets[brackets].is_body; }
  bool has_lines(std::uint32_t brackets) const {
    return brackets == kNoNode || (atoms_.brackets[brackets].is_body && atoms_.brackets[brackets].many_lines);
  }

  Gap gap_before(std::size_t index) const {
    const Atom& atom = atoms_.atoms[index];
    const std::string_view source = gap_text(atoms_, text_, index);
    if (atom.keeps_gap) return {count_line_ends(source), 0, true};
    const std::uint32_t line_ends = line_ends_before(index, count_line_ends(source));
    if (index == 0 || line_ends > 0) return {line_ends, indent_of(index), false};
    // A blank before the parenthesis of a call is a mistake, which is not the formatter's to mend.
    if (is_glued_opening(atom)) return {0, static_cast<std::uint32_t>(source.size()), true};
    const Atom* before_left = index >= 2 ? &atoms_.atoms[index - 2] : nullptr;
    return {0, blanks_between(before_left, atoms_.atoms[index - 1], atom), false};
  }

  std::uint32_t line_ends_before(std::size_t index, std::uint32_t in_source) const {
    if (index == 0) return 0;
    const Atom& atom = atoms_.atoms[index];
    const Atom& before = atoms_.atoms[index - 1];
    const bool many_lines = has_lines(atom.brackets);
    if (is_comment(atom.kind) && in_source == 0) return 0;
    if (before.kind == K::LeftBrace && before.brackets == atom.brackets) {
      return many_lines && atom.kind != K::RightBrace ? 1 : 0;
    }
    if (atom.kind == K::RightBrace && is_body(atom.brackets)) return many_lines ? 1 : 0;
    if (is_comment(before.kind) || is_comment(atom.kind) || atom.starts_statement) {
      return std::min(in_source, is_between_statements(index) ? 2u : 1u);
    }
    return std::min(in_source, 1u);
  }

  // Whether an empty line may stand before the atom: what is next, comments aside, begins a statement.
  bool is_between_statements(std::size_t index) const {
    const Atom* next = next_token_[index];
    return !next || next->starts_statement || (next->kind == K::RightBrace && is_body(next->brackets));
  }

  std::uint32_t indent_of(std::size_t index) const {
    const Atom& atom = atoms_.atoms[index];
    const std::uint32_t around = open_.empty() ? 0 : open_.back().indent;
    if (is_closing(atom.kind)) return around;
    const std::uint32_t inner = open_.empty() ? 0 : around + kIndent;
    const bool in_body = open_.empty() || is_body(open_.back().node);
    return !in_body || is_between_statements(index) ? inner : inner + kIndent;
  }

  void follow(std::size_t index, const Gap& gap) {
    const Atom& atom = atoms_.atoms[index];
    if (gap.kept && (index == 0 || gap.line_ends > 0)) {
      const std::string_view source = gap_text(atoms_, text_, index);
      line_indent_ = static_cast<std::uint32_t>(source.size() - (source.rfind('\n') + 1));
    } else if (index == 0 || gap.line_ends > 0) {
      line_indent_ = gap.blanks;
    }
    if (is_opening(atom.kind)) open_.push_back({atom.brackets, line_indent_});
    if (is_closing(atom.kind) && !open_.empty() && open_.back().node == atom.brackets) open_.pop_back();
  }

  const Atoms& atoms_;
  std::string_view text_;
  std::vector<const Atom*> next_token_;  // by atom: itself or the next one that is no comment; null: none
  std::vector<Open> open_;
  std::uint32_t line_indent_ = 0;
};

}  // namespace

std::string_view gap_text(const Atoms& atoms, std::string_view text, std::size_t index) {
  const std::uint32_t begin = index == 0 ? atoms.begin : atoms.atoms[index - 1].span.end;
  const std::uint32_t end =
      index == atoms.atoms.size() ? static_cast<std::uint32_t>(text.size()) : atoms.atoms[index].span.begin;
  return text.substr(begin, end - begin);
}

std::vector<Gap> gaps_of(const Atoms& atoms, std::string_view text) {
  return Layout(atoms, text).run();
}

}  // namespace rollout::format
