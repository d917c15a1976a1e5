// A source file as bytes, and the arithmetic between byte offsets and the positions that people and editors use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::grammar {

// A file's text under the name that it was given; any bytes are fine, at most 4 GiB - 1 of them.
struct SourceFile {
  std::string path;
  std::string text;
};

// A half-open range of byte offsets into one file's text.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  std::uint32_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  // Whether the offset lies in the range; the end counts, so that a cursor behind a word still touches it.
  bool touches(std::uint32_t offset) const { return begin <= offset && offset <= end; }
  bool contains(Span other) const { return begin <= other.begin && other.end <= end; }

  friend bool operator==(Span, Span) = default;
};

// How columns are counted: bytes (LSP's utf-8), UTF-16 code units (LSP's default) or code points (what people count).
enum class ColumnUnit { Utf8, Utf16, CodePoint };

// A place in a file, both counted from zero. A byte that is not valid UTF-8 counts as one column in every unit.
struct LineColumn {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator==(LineColumn, LineColumn) = default;
};

// Translates between offsets and lines of one text. Lines end at LF; a CR before it belongs to the line end, and a
// byte order mark at the head of the text counts in no column. Keeps a view: the text must outlive the table.
class LineTable {
 public:
  explicit LineTable(std::string_view text);

  std::size_t line_count() const { return starts_.size(); }
  // Offsets beyond the text are taken as its end.
  LineColumn position(std::uint32_t offset, ColumnUnit unit) const;
  // How many columns a part of one line takes; at most up to the end of the text.
  std::uint32_t columns(Span part, ColumnUnit unit) const;
  // Lines beyond the last give the end of the text, columns beyond a line's text the end of that text.
  std::uint32_t offset(LineColumn position, ColumnUnit unit) const;
  // The line's range without its line end (and without the byte order mark in the first line).
  Span line_span(std::uint32_t line) const;
  std::string_view line_text(std::uint32_t line) const;

 private:
  std::string_view text_;
  std::vector<std::uint32_t> starts_;
};

}  // namespace rollout::grammar
