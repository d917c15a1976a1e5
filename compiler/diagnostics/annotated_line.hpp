// One line of source with the marks under it, as styled rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostics/render.hpp"

namespace rollout::diagnostics {

enum class Style : std::uint8_t { Plain, Strong, Primary, Secondary, Gutter };

// A row of a frame, built from left to right.
class Row {
 public:
  // Fills with blanks up to the cell, then appends; text that would begin further left begins where the row ends.
  void put(std::size_t cell, std::string_view text, Style style);
  std::size_t cells() const { return cells_; }
  bool empty() const { return segments_.empty(); }
  // `primary` is the colour of the diagnostic's severity, an ANSI sequence.
  std::string text(Colour colour, std::string_view primary) const;

 private:
  struct Segment {
    std::string text;
    Style style;
  };
  std::vector<Segment> segments_;
  std::size_t cells_ = 0;
};

// A stretch of a line, in bytes of the line; empty is the place before `begin`.
struct Mark {
  std::size_t begin = 0, end = 0;
  bool primary = false;
  std::string text;  // printable, may be empty
};

// The source line and the rows of its marks, none wider than `cells`: what is longer is cut out around the primary
// mark.
std::vector<Row> annotated_line(std::string_view line, std::vector<Mark> marks, std::size_t cells);

}  // namespace rollout::diagnostics
