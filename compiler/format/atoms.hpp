// What the formatter moves: the tokens and comments of a file in order, each string and command one of them. Internal.
#pragma once

#include <cstdint>
#include <vector>

#include "grammar/syntax_tree.hpp"

namespace rollout::format {

using grammar::Span;
using grammar::SyntaxKind;

inline constexpr std::uint32_t kNoNode = 0xffffffff;

struct Atom {
  SyntaxKind kind{};
  SyntaxKind parent{};  // of the node that it is a child of
  Span span;            // a comment's without blanks at its end
  // The node of the innermost brackets that it stands in; an opening or closing bracket stands in its own.
  std::uint32_t brackets = kNoNode;
  bool starts_statement = false;
  bool keeps_gap = false;  // the gap before it stays as it is: something there did not parse
};

// Whether a node's brackets hold statements, entries or values that may each stand on a line of their own.
struct Brackets {
  bool is_body = false;
  bool many_lines = false;  // its text has a line end outside of strings: then each statement begins a line
};

struct Atoms {
  std::vector<Atom> atoms;
  std::vector<Brackets> brackets;        // by event of the node
  std::vector<std::uint32_t> enclosing;  // by event of a node with brackets: the next ones around it
  bool keeps_end = false;                // the gap behind the last atom stays
  std::uint32_t begin = 0;               // behind a byte order mark
};

Atoms atoms_of(const grammar::SyntaxTree& tree);

bool is_comment(SyntaxKind kind);
bool is_opening(SyntaxKind kind);
bool is_closing(SyntaxKind kind);

}  // namespace rollout::format
