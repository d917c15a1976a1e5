// What the shape of a file says: its symbols, what can be folded, where its links lead. From the syntax tree alone, so
// broken text has them too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "grammar/syntax_tree.hpp"

namespace rollout::language_server {

// The words for a kind of declaration: `metric`.
std::string kind_text(grammar::SyntaxKind kind);

struct OutlineItem {
  std::string name;
  std::string detail;  // "stage", "metric"; may be empty
  grammar::SyntaxKind kind{};
  grammar::Span span;       // of the whole
  grammar::Span selection;  // of its name; within `span`
  std::vector<OutlineItem> children;
};
// In the order of the text.
std::vector<OutlineItem> outline(const grammar::SyntaxTree& tree);

enum class FoldKind : std::uint8_t { Region, Comment, Imports };
struct Fold {
  grammar::Span span;  // from the first line's part that stays visible to the end of the last line
  FoldKind kind{};
};
// Spans that go over lines: blocks in braces, comments, `use` lines, texts in triple quotes.
std::vector<Fold> folds(const grammar::SyntaxTree& tree);

// What surrounds a place, from the smallest to the whole file, each larger than the one before.
std::vector<grammar::Span> surroundings(const grammar::SyntaxTree& tree, std::uint32_t offset);

// A path of another file, or an address.
struct Link {
  grammar::Span span;
  std::string path;  // of a file of the compilation; empty for an address
  std::string address;
};
std::vector<Link> links(const check::CheckedModule& module);

}  // namespace rollout::language_server
