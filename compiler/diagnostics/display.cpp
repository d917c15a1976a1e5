#include "compiler/diagnostics/display.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

namespace rollout::diagnostics {
namespace {

struct PointRange {
  char32_t first, last;
};

// The blocks that occur in plans and names; a character outside of them is off by one cell at most.
constexpr auto kCombining = std::to_array<PointRange>({{0x0300, 0x036F},
                                                       {0x0483, 0x0489},
                                                       {0x0591, 0x05BD},
                                                       {0x0610, 0x061A},
                                                       {0x064B, 0x065F},
                                                       {0x0E31, 0x0E31},
                                                       {0x0E34, 0x0E3A},
                                                       {0x0E47, 0x0E4E},
                                                       {0x1AB0, 0x1AFF},
                                                       {0x1DC0, 0x1DFF},
                                                       {0x200B, 0x200D},
                                                       {0x20D0, 0x20FF},
                                                       {0x3099, 0x309A},
                                                       {0xFE00, 0xFE0F},
                                                       {0xFE20, 0xFE2F},
                                                       {0xFEFF, 0xFEFF},
                                                       {0xE0100, 0xE01EF}});
constexpr auto kWide = std::to_array<PointRange>(
    {{0x1100, 0x115F}, {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},   {0x2614, 0x2615},  {0x2705, 0x2705},
     {0x274C, 0x274C}, {0x2753, 0x2755},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},  {0x4E00, 0x9FFF},
     {0xA000, 0xA4CF}, {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},  {0xFF00, 0xFF60},
     {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}});

bool lies_in(std::span<const PointRange> ranges, char32_t point) {
  const auto range = std::ranges::lower_bound(ranges, point, {}, &PointRange::last);
  return range != ranges.end() && range->first <= point;
}

// Characters that would move the cursor, change colours or reorder what stands around them.
bool is_dangerous(char32_t point) {
  const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
  const bool direction = point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E) ||
                         (point >= 0x2066 && point <= 0x2069);
  const bool line_end = point == 0x2028 || point == 0x2029;
  return control || direction || line_end;
}

struct Shown {
  std::string text;
  std::size_t cells = 0;
};

Shown shown(std::string_view bytes, const DecodedPoint& point) {
  std::string escaped;
  if (!point.valid) {
    escaped = fmt::format("<{:02X}>", static_cast<unsigned char>(bytes.front()));
  } else if (is_dangerous(point.value)) {
    escaped = fmt::format(fmt::runtime(point.value < 0x100 ? "<{:02X}>" : "<U+{:04X}>"), std::uint32_t(point.value));
  } else {
    return {std::string(bytes), code_point_width(point.value)};
  }
  const std::size_t cells = escaped.size();
  return {std::move(escaped), cells};
}

constexpr std::size_t kTabStop = 4;

}  // namespace

std::size_t code_point_width(char32_t code_point) {
  if (code_point < 0x300) return 1;
  if (lies_in(kCombining, code_point)) return 0;
  return lies_in(kWide, code_point) ? 2 : 1;
}

DecodedPoint decode_point(std::string_view text, std::size_t begin) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(begin);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t size = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (size == 0 || lead >= 0xF5 || begin + size > text.size()) return {lead, 1, false};
  char32_t value = lead & (0x7F >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(begin + i) & 0xC0) != 0x80) return {lead, 1, false};
    value = (value << 6) | (byte(begin + i) & 0x3F);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {lead, 1, false};
  return {value, size, true};
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const DecodedPoint point = decode_point(text, i);
    result += shown(text.substr(i, point.size), point).text;
    i += point.size;
  }
  return result;
}

std::size_t cell_count(std::string_view text) {
  std::size_t cells = 0;
  for (std::size_t i = 0; i < text.size();) {
    const DecodedPoint point = decode_point(text, i);
    cells += code_point_width(point.value);
    i += point.size;
  }
  return cells;
}

std::string repaired_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const DecodedPoint point = decode_point(text, i);
    result += point.valid ? text.substr(i, point.size) : std::string_view("\xEF\xBF\xBD");
    i += point.size;
  }
  return result;
}

std::string one_line(std::string_view source, std::size_t most) {
  std::string line;
  for (const char c : source) {
    if (line.size() > most) break;
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t cells) {
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  const auto start_line = [&] {
    while (!lines.back().empty() && lines.back().back() == ' ') lines.back().pop_back();
    lines.emplace_back();
    used = 0;
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t word_end = std::min(text.find(' ', i), text.size());
    const std::size_t word_cells = cell_count(text.substr(i, word_end - i));
    if (used > 0 && used + word_cells > cells) start_line();
    while (i < word_end) {
      const DecodedPoint point = decode_point(text, i);
      const std::size_t width = code_point_width(point.value);
      if (used > 0 && used + width > cells) start_line();
      lines.back() += text.substr(i, point.size);
      used += width;
      i += point.size;
    }
    for (; i < text.size() && text[i] == ' '; ++i) {
      lines.back() += ' ';
      ++used;
    }
  }
  while (!lines.back().empty() && lines.back().back() == ' ') lines.back().pop_back();
  return lines;
}

DisplayLine::DisplayLine(std::string_view line) : bytes_(line.size()) {
  for (std::size_t i = 0; i < line.size();) {
    const DecodedPoint point = decode_point(line, i);
    Shown next;
    if (point.value == '\t') {
      next.cells = kTabStop - cells_ % kTabStop;
      next.text.assign(next.cells, ' ');
    } else {
      next = shown(line.substr(i, point.size), point);
    }
    pieces_.push_back({i, cells_, next.cells, std::move(next.text)});
    cells_ += next.cells;
    i += point.size;
  }
}

std::size_t DisplayLine::cell_of(std::size_t byte) const {
  const auto after = std::ranges::upper_bound(pieces_, byte, {}, &Piece::byte);
  if (after == pieces_.begin()) return 0;
  // A byte beyond the last piece is the end of the line, one inside a piece belongs to that character.
  const Piece& piece = *std::prev(after);
  const bool last = after == pieces_.end();
  return last && byte >= bytes_ ? cells_ : piece.cell;
}

std::string DisplayLine::part(std::size_t from, std::size_t to) const {
  std::string result;
  for (const Piece& piece : pieces_) {
    if (piece.cell < from && piece.cell + piece.cells <= from) continue;
    if (piece.cell < from) {
      result.append(std::min(piece.cell + piece.cells, to) - from, ' ');
    } else if (piece.cell + piece.cells <= to) {
      result += piece.text;
    }
  }
  return result;
}

}  // namespace rollout::diagnostics
