// What is wrong with a text's syntax, as plain values; whoever shows them to people words them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "grammar/source.hpp"
#include "grammar/syntax_kind.hpp"

namespace rollout::grammar {

enum class ProblemKind : std::uint8_t {
#define PROBLEM_KIND(name, summary) name,
#include "grammar/problem_kind.def"
};

// The enumerator's name, and one sentence on what it means for readers of the table.
std::string_view name_of(ProblemKind kind);
std::string_view summary_of(ProblemKind kind);

// One fault of the text. `span` may be empty: then it is the place where something is missing.
struct Problem {
  ProblemKind kind = ProblemKind::Expected;
  Span span;
  // What should stand there (ProblemKind::Expected), or the container's kind of item (ProblemKind::WrongContainer).
  SyntaxKind expected = SyntaxKind::Missing;
  // What stands there instead, where that is a node of the tree (ProblemKind::WrongContainer).
  SyntaxKind found = SyntaxKind::Missing;
  // A second place that explains the first, empty at 0 where there is none: the opener, the first operator, the line
  // that seems to begin outside the unclosed block.
  Span related;

  friend bool operator==(const Problem&, const Problem&) = default;
};

// The words that can begin an item of a container, for "did you mean"; empty where no word does.
// `category` is a Concept such as SyntaxKind::RolloutItem, SyntaxKind::Declaration or SyntaxKind::ScenarioLine.
std::vector<SyntaxKind> first_words(SyntaxKind category);

}  // namespace rollout::grammar
