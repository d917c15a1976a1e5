// The one style of the language. Tokens are anchors: the formatter decides the gaps between them and nothing else, so
// no token and no comment can get lost, and what does not parse stays as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grammar/syntax_tree.hpp"

namespace rollout::format {

// Replaces the blanks, line ends and nothing else in `span` (which may be empty: an insertion) by `text`.
struct Edit {
  grammar::Span span;
  std::string text;
  bool operator==(const Edit&) const = default;
};

// What has to change, ascending and disjoint; empty where the text is in style. Line ends become those of the file's
// first line. A statement with a syntax error keeps all its gaps, and those around it; nothing changes where the new
// layout would change what is wrong (braces that are missing are found by the layout).
std::vector<Edit> format_edits(const grammar::SyntaxTree& tree);
// Those of the changes that touch a line of the range.
std::vector<Edit> format_edits(const grammar::SyntaxTree& tree, grammar::Span range);
// The text with the edits, which are ascending and disjoint.
std::string apply_edits(std::string_view text, const std::vector<Edit>& edits);

// The whole text in style: apply_edits of format_edits.
std::string format(const grammar::SyntaxTree& tree);

}  // namespace rollout::format
