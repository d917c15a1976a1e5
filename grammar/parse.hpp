// Text in, tree and problems out. Never fails, never throws on any bytes, and takes time linear in the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "grammar/source.hpp"
#include "grammar/syntax_tree.hpp"

namespace rollout::grammar {

struct ParseLimits {
  // How deep expressions, types and blocks may nest; what lies deeper is one error region.
  std::uint32_t depth = 256;
  // A larger text gives a tree with one error leaf and ProblemKind::TooLarge.
  std::size_t bytes = 64u << 20;
  // Problems beyond this many are left out: nobody reads them.
  std::size_t problems = 200;
};

// Parses a whole file. The tree owns the text.
SyntaxTree parse(SourceFile source, ParseLimits limits = {});

// One line a leaf, trivia included: offset, kind, text in quotes. Stable: goldens rely on it.
std::string print_tokens(const SyntaxTree& tree);
// One line a node or leaf without trivia, indented by depth, then the problems. Stable: goldens rely on it.
std::string print_tree(const SyntaxTree& tree);
// The problems alone, one a line: `line:column kind`, with what was expected or found.
std::string print_problems(const SyntaxTree& tree);

// The number of issues that PEGTL's own analysis finds in the grammar (rules that loop without consuming); 0 is right.
std::size_t count_grammar_issues();

}  // namespace rollout::grammar
