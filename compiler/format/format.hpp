// The one style of the language. Tokens are anchors: the formatter decides the gaps between them and nothing else, so
// no token and no comment can get lost, and what does not parse stays as it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/syntax_tree.hpp"

namespace rollout::format {

// Replaces the blanks, line ends and nothing else in `span` (which may be empty: an insertion) by `text`. As small as
// it can be: neither the first nor the last byte stays the same, and the end of a line, the empty lines below it and
// the next indentation are edits of their own.
struct Edit {
  grammar::Span span;
  std::string text;
  bool operator==(const Edit&) const = default;
};

// What has to change, ascending and disjoint; empty where the text is in style. Line ends become those of the file's
// first line. A statement with a syntax error keeps all its gaps, and those around it; nothing changes where the new
// layout would change what is wrong (braces that are missing are found by the layout).
std::vector<Edit> format_edits(const grammar::SyntaxTree& tree);
// Those of the changes that lie within the lines `first` to `last`, both counted from 1 and included; a `last` beyond
// the text is its last line. No byte of another line changes, so a change that would join two lines needs both.
std::vector<Edit> format_range(const grammar::SyntaxTree& tree, std::uint32_t first, std::uint32_t last);
// The text with the edits, which are ascending and disjoint.
std::string apply_edits(std::string_view text, const std::vector<Edit>& edits);

// The whole text in style: apply_edits of format_edits.
std::string format(const grammar::SyntaxTree& tree);

}  // namespace rollout::format
