#include "compiler/format/format.hpp"

#include <algorithm>
#include <optional>

#include "compiler/format/gaps.hpp"
#include "grammar/parse.hpp"

namespace rollout::format {

namespace {

// How the first line ends that still ends once the text is formatted: then it has no other first line to go by when it
// is formatted again.
std::string_view line_end_of(const Atoms& atoms, std::string_view text, const std::vector<Gap>& gaps) {
  const auto style = [&](std::string_view piece) -> std::optional<std::string_view> {
    const std::size_t end = piece.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    return end > 0 && piece[end - 1] == '\r' ? "\r\n" : "\n";
  };
  for (std::size_t index = 0; index < atoms.atoms.size(); ++index) {
    if (gaps[index].kept || gaps[index].line_ends > 0) {
      if (const auto found = style(gap_text(atoms, text, index))) return *found;
    }
    const grammar::Span atom = atoms.atoms[index].span;
    if (const auto found = style(text.substr(atom.begin, atom.size()))) return *found;
  }
  return style(gap_text(atoms, text, atoms.atoms.size())).value_or("\n");
}

std::string written(const Gap& gap, std::string_view line_end) {
  std::string text;
  for (std::uint32_t count = 0; count < gap.line_ends; ++count) text += line_end;
  return text.append(gap.blanks, ' ');
}

// A change without what stays at its ends; none where all of it stays.
void add_change(std::vector<Edit>& edits, std::size_t begin, std::string_view before, std::string_view after) {
  const auto head = static_cast<std::size_t>(std::ranges::mismatch(before, after).in1 - before.begin());
  std::size_t tail = 0;
  const std::size_t most = std::min(before.size(), after.size()) - head;
  while (tail < most && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  if (head + tail == before.size() && head + tail == after.size()) return;
  edits.push_back({{static_cast<std::uint32_t>(begin + head), static_cast<std::uint32_t>(begin + before.size() - tail)},
                   std::string(after.substr(head, after.size() - head - tail))});
}

// Where lines end on both sides, the end of the line, the empty lines and the indentation change each for itself.
void add_changes(std::vector<Edit>& edits, std::size_t begin, std::string_view before, std::string_view after) {
  const std::size_t old_end = before.find('\n'), new_end = after.find('\n');
  if (old_end == std::string_view::npos || new_end == std::string_view::npos) {
    add_change(edits, begin, before, after);
    return;
  }
  const std::size_t old_next = before.rfind('\n') + 1, new_next = after.rfind('\n') + 1;
  add_change(edits, begin, before.substr(0, old_end), after.substr(0, new_end));
  add_change(edits, begin + old_end, before.substr(old_end, old_next - old_end),
             after.substr(new_end, new_next - new_end));
  add_change(edits, begin + old_next, before.substr(old_next), after.substr(new_next));
}

// Leaves and nodes in order, without what the formatter may move.
std::vector<SyntaxKind> shape_of(const grammar::SyntaxTree& tree) {
  std::vector<SyntaxKind> kinds;
  for (const grammar::Event& event : tree.events()) {
    if (grammar::is_trivia(event.kind) && !is_comment(event.kind)) continue;
    kinds.push_back(event.kind == SyntaxKind::Missing ? event.expected : event.kind);
  }
  return kinds;
}

// Where braces are missing the parser reads the layout; what moves then may come to mean something else.
bool changes_meaning(const grammar::SyntaxTree& tree, const std::vector<Edit>& edits) {
  if (tree.problems().empty() || edits.empty()) return false;
  const grammar::SyntaxTree after = grammar::parse({tree.source().path, apply_edits(tree.text(), edits)});
  return !std::ranges::equal(tree.problems(), after.problems(), {}, &grammar::Problem::kind, &grammar::Problem::kind) ||
         shape_of(tree) != shape_of(after);
}

std::vector<Edit> all_edits(const grammar::SyntaxTree& tree) {
  const std::string_view text = tree.text();
  const Atoms atoms = atoms_of(tree);
  std::vector<Gap> gaps = gaps_of(atoms, text);
  keep_alignment(atoms, text, gaps);
  const std::string_view line_end = line_end_of(atoms, text, gaps);
  std::vector<Edit> edits;
  const auto replace = [&](std::size_t index, std::string_view wanted) {
    const std::string_view there = gap_text(atoms, text, index);
    add_changes(edits, static_cast<std::size_t>(there.data() - text.data()), there, wanted);
  };
  for (std::size_t index = 0; index < gaps.size(); ++index) {
    if (!gaps[index].kept) replace(index, written(gaps[index], line_end));
  }
  if (!atoms.keeps_end) replace(atoms.atoms.size(), atoms.atoms.empty() ? "" : line_end);
  return edits;
}

struct Lines {
  std::uint32_t first = 0, last = 0;  // counted from 1
};

// The lines that an edit changes: whole lines that go, with their line ends, are no change of the line below them.
Lines lines_of(const grammar::LineTable& table, std::string_view text, const Edit& edit) {
  const auto line_of = [&](std::uint32_t offset) { return table.position(offset, grammar::ColumnUnit::Utf8).line + 1; };
  const auto is_line_start = [&](std::uint32_t offset) { return offset == 0 || text[offset - 1] == '\n'; };
  const Lines lines = {line_of(edit.span.begin), line_of(edit.span.end)};
  const bool whole_lines = lines.first < lines.last && is_line_start(edit.span.begin) && is_line_start(edit.span.end) &&
                           (edit.text.empty() || edit.text.ends_with('\n'));
  return whole_lines ? Lines{lines.first, lines.last - 1} : lines;
}

}  // namespace

std::vector<Edit> format_edits(const grammar::SyntaxTree& tree) {
  std::vector<Edit> edits = all_edits(tree);
  return changes_meaning(tree, edits) ? std::vector<Edit>{} : edits;
}

std::vector<Edit> format_range(const grammar::SyntaxTree& tree, std::uint32_t first, std::uint32_t last) {
  const grammar::LineTable table(tree.text());
  std::vector<Edit> edits = all_edits(tree);
  std::erase_if(edits, [&](const Edit& edit) {
    const Lines lines = lines_of(table, tree.text(), edit);
    return lines.first < first || lines.last > last;
  });
  return changes_meaning(tree, edits) ? std::vector<Edit>{} : edits;
}

std::string apply_edits(std::string_view text, const std::vector<Edit>& edits) {
  std::string result;
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    result += text.substr(at, edit.span.begin - at);
    result += edit.text;
    at = edit.span.end;
  }
  return result += text.substr(at);
}

std::string format(const grammar::SyntaxTree& tree) {
  return apply_edits(tree.text(), format_edits(tree));
}

}  // namespace rollout::format
