// Columns: a table that the author has aligned stays one. Which gaps are columns is read off the source: two lines that
// follow each other, with a token at the same column in both, wider than it had to be in one of them.

#include <algorithm>
#include <map>

#include "compiler/format/gaps.hpp"

namespace rollout::format {

namespace {

// A line with more cells is no row of a table.
constexpr std::size_t kMostCells = 64;

// A gap within a line: where the token behind it stands.
struct Cell {
  std::size_t atom = 0;
  std::uint32_t source_column = 0;
  bool wide = false;  // has more blanks than it needs
  std::size_t group = 0;
};

struct Line {
  std::size_t begin = 0, end = 0;  // atoms
  bool follows = false;            // the line before stands right above it, at the same indentation
  std::vector<Cell> cells;
};

bool has_line_end(std::string_view text) {
  return text.find('\n') != std::string_view::npos;
}

std::uint32_t width_of(std::string_view text) {
  std::uint32_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return width;
}

class Alignment {
 public:
  Alignment(const Atoms& atoms, std::string_view text, std::vector<Gap>& gaps)
      : atoms_(atoms), text_(text), gaps_(gaps) {}

  void run() {
    split_lines();
    for (std::size_t begin = 0; begin < lines_.size();) {
      std::size_t end = begin + 1;
      while (end < lines_.size() && lines_[end].follows) ++end;
      align_run(begin, end);
      begin = end;
    }
  }

 private:
  std::string_view atom_text(std::size_t index) const {
    const Span span = atoms_.atoms[index].span;
    return text_.substr(span.begin, span.size());
  }

  void split_lines() {
    const std::size_t count = atoms_.atoms.size();
    for (std::size_t begin = 0; begin < count;) {
      Line line;
      line.begin = begin;
      line.end = begin + 1;
      while (line.end < count && gaps_[line.end].line_ends == 0) ++line.end;
      bool kept = false;
      for (std::size_t index = begin; index < line.end; ++index)
        kept = kept || (gaps_[index].kept && !gap_text(atoms_, text_, index).empty());
      if (!kept) find_cells(line);
      line.follows = !kept && !lines_.empty() && gaps_[begin].line_ends == 1 &&
                     gaps_[begin].blanks == gaps_[lines_.back().begin].blanks && !has_line_end(last_text());
      lines_.push_back(std::move(line));
      begin = lines_.back().end;
    }
  }

  // Of the line above: a string of several lines in it breaks the table.
  std::string_view last_text() const {
    const Line& line = lines_.back();
    return text_.substr(atoms_.atoms[line.begin].span.begin,
                        atoms_.atoms[line.end - 1].span.end - atoms_.atoms[line.begin].span.begin);
  }

  void find_cells(Line& line) const {
    std::uint32_t column = width_of(atom_text(line.begin));
    if (has_line_end(atom_text(line.begin))) return;
    for (std::size_t index = line.begin + 1; index < line.end; ++index) {
      const std::string_view gap = gap_text(atoms_, text_, index);
      if (has_line_end(gap)) return;
      column += width_of(gap);
      if (gaps_[index].blanks > 0) line.cells.push_back({index, column, gap.size() > gaps_[index].blanks});
      if (has_line_end(atom_text(index))) return;
      column += width_of(atom_text(index));
    }
    if (line.cells.size() > kMostCells) line.cells.clear();
  }

  void align_run(std::size_t begin, std::size_t end) {
    std::vector<std::vector<Cell*>> groups;
    for (std::size_t at = begin; at < end; ++at) {
      for (Cell& cell : lines_[at].cells) {
        const Cell* above = at == begin ? nullptr : cell_at(lines_[at - 1], cell.source_column);
        if (above) {
          cell.group = above->group;
        } else {
          cell.group = groups.size();
          groups.emplace_back();
        }
        groups[cell.group].push_back(&cell);
      }
    }
    // From left to right, since what is padded moves what follows.
    std::ranges::sort(groups, {}, [](const std::vector<Cell*>& group) { return group.front()->source_column; });
    std::map<std::size_t, std::size_t> line_of;
    for (std::size_t at = begin; at < end; ++at) {
      for (const Cell& cell : lines_[at].cells) line_of[cell.atom] = at;
    }
    for (const std::vector<Cell*>& group : groups) {
      const bool wide = std::ranges::any_of(group, [](const Cell* cell) { return cell->wide; });
      if (group.size() < 2 || !wide) continue;
      std::uint32_t column = 0;
      for (const Cell* cell : group) column = std::max(column, column_of(lines_[line_of[cell->atom]], cell->atom));
      for (const Cell* cell : group)
        gaps_[cell->atom].blanks += column - column_of(lines_[line_of[cell->atom]], cell->atom);
    }
  }

  static Cell* cell_at(Line& line, std::uint32_t column) {
    const auto found = std::ranges::find(line.cells, column, &Cell::source_column);
    return found == line.cells.end() ? nullptr : &*found;
  }

  // Where the atom will stand, from its line's beginning.
  std::uint32_t column_of(const Line& line, std::size_t atom) const {
    std::uint32_t column = width_of(atom_text(line.begin));
    for (std::size_t index = line.begin + 1; index < atom; ++index)
      column += gaps_[index].blanks + width_of(atom_text(index));
    return column + gaps_[atom].blanks;
  }

  const Atoms& atoms_;
  std::string_view text_;
  std::vector<Gap>& gaps_;
  std::vector<Line> lines_;
};

}  // namespace

void keep_alignment(const Atoms& atoms, std::string_view text, std::vector<Gap>& gaps) {
  Alignment(atoms, text, gaps).run();
}

}  // namespace rollout::format
