#include "compiler/format/format.hpp"

#include <algorithm>

#include "compiler/format/gaps.hpp"
#include "grammar/parse.hpp"

namespace rollout::format {

namespace {

std::string_view line_end_of(std::string_view text) {
  const std::size_t first = text.find('\n');
  return first != std::string_view::npos && first > 0 && text[first - 1] == '\r' ? "\r\n" : "\n";
}

std::string written(const Gap& gap, std::string_view line_end) {
  std::string text;
  for (std::uint32_t count = 0; count < gap.line_ends; ++count) text += line_end;
  return text.append(gap.blanks, ' ');
}

// Where braces are missing the parser reads the layout; what moves then may come to mean something else.
bool changes_meaning(const grammar::SyntaxTree& tree, const std::vector<Edit>& edits) {
  if (tree.problems().empty() || edits.empty()) return false;
  const grammar::SyntaxTree after = grammar::parse({tree.source().path, apply_edits(tree.text(), edits)});
  return !std::ranges::equal(tree.problems(), after.problems(), {}, &grammar::Problem::kind, &grammar::Problem::kind);
}

std::vector<Edit> all_edits(const grammar::SyntaxTree& tree) {
  const std::string_view text = tree.text();
  const Atoms atoms = atoms_of(tree);
  std::vector<Gap> gaps = gaps_of(atoms, text);
  keep_alignment(atoms, text, gaps);
  const std::string_view line_end = line_end_of(text);
  std::vector<Edit> edits;
  const auto replace = [&](std::size_t index, std::string wanted) {
    const std::string_view there = gap_text(atoms, text, index);
    const auto begin = static_cast<std::uint32_t>(there.data() - text.data());
    if (there != wanted)
      edits.push_back({{begin, begin + static_cast<std::uint32_t>(there.size())}, std::move(wanted)});
  };
  for (std::size_t index = 0; index < gaps.size(); ++index) {
    if (!gaps[index].kept) replace(index, written(gaps[index], line_end));
  }
  if (!atoms.keeps_end) replace(atoms.atoms.size(), atoms.atoms.empty() ? "" : std::string(line_end));
  return edits;
}

}  // namespace

std::vector<Edit> format_edits(const grammar::SyntaxTree& tree) {
  std::vector<Edit> edits = all_edits(tree);
  return changes_meaning(tree, edits) ? std::vector<Edit>{} : edits;
}

std::vector<Edit> format_edits(const grammar::SyntaxTree& tree, grammar::Span range) {
  const std::string_view text = tree.text();
  const std::size_t size = text.size();
  const std::size_t begin = std::min<std::size_t>(range.begin, size), end = std::min<std::size_t>(range.end, size);
  const std::size_t before = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
  const std::size_t first = before == std::string_view::npos ? 0 : before;
  const std::size_t last = std::min(text.find('\n', end), size);
  std::vector<Edit> edits = format_edits(tree);
  std::erase_if(edits, [&](const Edit& edit) { return edit.span.end < first || edit.span.begin > last; });
  return edits;
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
