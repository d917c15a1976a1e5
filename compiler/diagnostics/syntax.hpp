// Words for what the parser found: each problem of a tree as a diagnostic.
#pragma once

#include "compiler/diagnostics/diagnostic.hpp"
#include "grammar/syntax_tree.hpp"

namespace rollout::diagnostics {

// Adds one diagnostic (E0101 to E0131) for each problem of the tree; `file` is the tree's place in the `Files`.
void report_syntax(const grammar::SyntaxTree& tree, FileId file, Sink& sink);

}  // namespace rollout::diagnostics
