// How text stands in a terminal: cells of code points, tabs, and bytes that a terminal must not be given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::diagnostics {

// Cells that a code point takes: 0 for marks that combine, 2 for wide East Asian characters and emoji, else 1.
std::size_t code_point_width(char32_t code_point);

// The next code point of `text` from `begin`, or a single byte that is no UTF-8.
struct DecodedPoint {
  char32_t value = 0;
  std::size_t size = 1;  // bytes
  bool valid = false;
};
DecodedPoint decode_point(std::string_view text, std::size_t begin);

// The text on one line as a terminal may show it: control characters, characters that turn the writing direction, and
// bad bytes are written `<1B>`, `<U+202E>`, `<FF>`.
std::string printable(std::string_view text);
// Cells of text that `printable` gave.
std::size_t cell_count(std::string_view text);
// Text as UTF-8 whatever it was: bytes that are none become U+FFFD.
std::string repaired_utf8(std::string_view text);

// Source on one line: each run of blanks and line ends is one blank, and none stands around it. Reads no further when
// more than `most` bytes are there.
std::string one_line(std::string_view source, std::size_t most = std::string_view::npos);

// Breaks printable text at blanks into lines of at most `cells`; a longer word is broken anywhere. At least one line.
std::vector<std::string> wrapped(std::string_view text, std::size_t cells);

// A line of source laid out in cells: tabs reach to the next multiple of four.
class DisplayLine {
 public:
  explicit DisplayLine(std::string_view line);

  std::size_t cells() const { return cells_; }
  // The first cell of the character that holds the byte; the end of the line for bytes beyond it.
  std::size_t cell_of(std::size_t byte) const;
  // The characters that lie wholly in [from, to), padded at the left where one is cut.
  std::string part(std::size_t from, std::size_t to) const;

 private:
  struct Piece {
    std::size_t byte, cell, cells;
    std::string text;
  };
  std::vector<Piece> pieces_;
  std::size_t cells_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace rollout::diagnostics
