#include "compiler/diagnostics/annotated_line.hpp"

#include <algorithm>
#include <optional>

#include "compiler/diagnostics/display.hpp"

namespace rollout::diagnostics {
namespace {

// A mark in cells of the part of the line that is shown; at least one cell wide.
struct CellMark {
  std::size_t begin = 0, end = 0;
  bool primary = false;
  std::string text;
};

constexpr std::string_view kCut = "...";
// A line longer than this is laid out only around its first mark: nobody reads more, and layout takes memory.
constexpr std::size_t kLaidOutBytes = 4096;
// The least room for a label's text; a mark further right has its text begin further left.
constexpr std::size_t kLabelCells = 24;

std::string_view ansi_of(Style style, std::string_view primary) {
  switch (style) {
    case Style::Plain: return "";
    case Style::Strong: return "\x1b[1m";
    case Style::Primary: return primary;
    case Style::Secondary:
    case Style::Gutter: return "\x1b[1;34m";
  }
  return "";
}

// The bytes that are laid out: the line itself, or a stretch around the first mark that begins at a character.
struct Stretch {
  std::string_view text;
  std::size_t first = 0;
  bool cut_left = false, cut_right = false;
};

Stretch stretch_of(std::string_view line, const std::vector<Mark>& marks) {
  if (line.size() <= kLaidOutBytes) return {line, 0, false, false};
  std::size_t focus = line.size();
  for (const Mark& mark : marks) focus = std::min(focus, mark.begin);
  std::size_t first = focus > kLaidOutBytes / 4 ? focus - kLaidOutBytes / 4 : 0;
  while (first > 0 && first < line.size() && (static_cast<unsigned char>(line[first]) & 0xC0) == 0x80) --first;
  return {line.substr(first, kLaidOutBytes), first, first > 0, first + kLaidOutBytes < line.size()};
}

// Which cells of the laid out line are shown.
struct Window {
  std::size_t from = 0, to = 0;
};

Window window_of(std::size_t line_cells, std::size_t focus_begin, std::size_t focus_end, std::size_t cells) {
  if (line_cells <= cells) return {0, line_cells};
  // Keep the head of the line where the whole mark fits behind it.
  if (std::min(focus_end, line_cells) + kCut.size() <= cells) return {0, cells};
  const std::size_t from = focus_begin > cells / 3 ? focus_begin - cells / 3 : 0;
  return {from, std::min(from + cells, line_cells)};
}

Row source_row(const DisplayLine& line, Window window, const Stretch& stretch) {
  const bool cut_left = window.from > 0 || stretch.cut_left;
  const bool cut_right = window.to < line.cells() || stretch.cut_right;
  const std::size_t from = window.from + (cut_left ? kCut.size() : 0);
  const std::size_t to = std::max(from, window.to - (cut_right ? std::min(kCut.size(), window.to) : 0));
  Row row;
  if (cut_left) row.put(0, kCut, Style::Gutter);
  const std::string text = line.part(from, to);
  if (!text.empty()) row.put(from - window.from, text, Style::Plain);
  if (cut_right) row.put(to - window.from, kCut, Style::Gutter);
  return row;
}

std::vector<CellMark> cell_marks(const DisplayLine& line, Window window, const Stretch& stretch,
                                 std::vector<Mark> marks, std::size_t cells) {
  std::vector<CellMark> result;
  const auto cell_of = [&](std::size_t byte) {
    const std::size_t cell = line.cell_of(byte > stretch.first ? byte - stretch.first : 0);
    return std::clamp(cell, window.from, window.to) - window.from;
  };
  for (Mark& mark : marks) {
    CellMark placed{cell_of(mark.begin), cell_of(mark.end), mark.primary, std::move(mark.text)};
    // Inside one wide or escaped character, or empty: still one cell to see, and inside the frame.
    placed.begin = std::min(placed.begin, cells - 1);
    placed.end = std::max(placed.end, placed.begin + 1);
    result.push_back(std::move(placed));
  }
  return result;
}

Style style_of(const CellMark& mark) {
  return mark.primary ? Style::Primary : Style::Secondary;
}

Row underline_row(const std::vector<CellMark>& marks) {
  std::size_t end = 0;
  for (const CellMark& mark : marks) end = std::max(end, mark.end);
  std::string line(end, ' ');
  for (const char sign : {'-', '^'}) {
    for (const CellMark& mark : marks) {
      if (mark.primary == (sign == '^')) std::fill(line.begin() + mark.begin, line.begin() + mark.end, sign);
    }
  }
  Row row;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t run_end = std::min(line.find_first_not_of(line[i], i), line.size());
    if (line[i] != ' ') {
      row.put(i, std::string_view(line).substr(i, run_end - i), line[i] == '^' ? Style::Primary : Style::Secondary);
    }
    i = run_end;
  }
  return row;
}

// The label that may stand right behind the underlines: nobody could take it for another mark's, and it fits.
std::optional<std::size_t> label_behind(const std::vector<CellMark>& marks, std::size_t cells) {
  std::size_t end = 0;
  for (const CellMark& mark : marks) end = std::max(end, mark.end);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const CellMark& mark = marks[i];
    if (mark.text.empty() || mark.end != end || end + 1 + cell_count(mark.text) > cells) continue;
    const bool clear = std::ranges::all_of(marks, [&](const CellMark& other) {
      return &other == &mark || other.end <= mark.begin || (other.text.empty() && other.begin >= mark.begin);
    });
    if (clear) return i;
  }
  return std::nullopt;
}

// Labels below the underlines, the rightmost first, each on rows of its own with bars for those still to come.
std::vector<Row> label_rows(std::vector<CellMark> marks, std::size_t cells) {
  std::ranges::stable_sort(marks, [](const CellMark& a, const CellMark& b) { return a.begin > b.begin; });
  const auto bars_before = [&](std::size_t first_mark, std::size_t limit) {
    Row row;
    for (std::size_t i = marks.size(); i-- > first_mark;) {
      const bool repeated = i + 1 < marks.size() && marks[i + 1].begin == marks[i].begin;
      if (!repeated && marks[i].begin < limit) row.put(marks[i].begin, "|", style_of(marks[i]));
    }
    return row;
  };
  std::vector<Row> rows;
  if (!marks.empty()) rows.push_back(bars_before(0, cells));
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const std::size_t wanted = std::min(cell_count(marks[i].text), kLabelCells);
    const std::size_t column = std::min(marks[i].begin, cells - std::min(cells, wanted));
    for (const std::string& part : wrapped(marks[i].text, cells - column)) {
      Row row = bars_before(i + 1, column);
      row.put(column, part, style_of(marks[i]));
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace

void Row::put(std::size_t cell, std::string_view text, Style style) {
  if (cell > cells_) {
    segments_.push_back({std::string(cell - cells_, ' '), Style::Plain});
    cells_ = cell;
  }
  segments_.push_back({std::string(text), style});
  cells_ += cell_count(text);
}

std::string Row::text(Colour colour, std::string_view primary) const {
  std::string result;
  for (const Segment& segment : segments_) {
    const std::string_view ansi = colour == Colour::Always ? ansi_of(segment.style, primary) : "";
    result += ansi;
    result += segment.text;
    if (!ansi.empty()) result += "\x1b[0m";
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::vector<Row> annotated_line(std::string_view line, std::vector<Mark> marks, std::size_t cells) {
  const Stretch stretch = stretch_of(line, marks);
  const DisplayLine display(stretch.text);
  const auto cell_of = [&](std::size_t byte) {
    return display.cell_of(byte > stretch.first ? byte - stretch.first : 0);
  };
  Window window = window_of(display.cells(), 0, 0, cells);
  if (!marks.empty()) {
    const auto primary = std::ranges::find(marks, true, &Mark::primary);
    const Mark& focus = primary != marks.end() ? *primary : marks.front();
    window = window_of(display.cells(), cell_of(focus.begin), cell_of(focus.end), cells);
  }

  std::vector<Row> rows = {source_row(display, window, stretch)};
  if (marks.empty()) return rows;
  std::vector<CellMark> placed = cell_marks(display, window, stretch, std::move(marks), cells);
  Row underlines = underline_row(placed);
  if (const auto behind = label_behind(placed, cells)) {
    underlines.put(underlines.cells() + 1, placed[*behind].text, style_of(placed[*behind]));
    placed[*behind].text.clear();
  }
  rows.push_back(std::move(underlines));
  std::erase_if(placed, [](const CellMark& mark) { return mark.text.empty(); });
  for (Row& row : label_rows(std::move(placed), cells)) rows.push_back(std::move(row));
  return rows;
}

}  // namespace rollout::diagnostics
