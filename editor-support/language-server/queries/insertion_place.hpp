// What the grammar takes at a place: found by trying, on the little text before it that matters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/syntax_tree.hpp"

namespace rollout::language_server {

// A name that would be read at the place: the nodes around it, innermost first.
struct NamePlace {
  grammar::SyntaxTree tree;                 // of the tried text; the nodes point into it
  std::vector<grammar::NodeRef> ancestors;  // from the name's parent to the file
};

class InsertionPlace {
 public:
  // `before`: the file up to the begin of the word that is being written.
  explicit InsertionPlace(std::string_view before);

  // Whether the words would be read as words of the language here.
  bool takes_words(std::string_view words) const;
  // The place of a name with that text in front of whatever may follow it; nothing where none may stand.
  std::optional<NamePlace> name_place(std::string_view follow) const;
  // The place of a number.
  std::optional<NamePlace> number_place() const;
  // Whether the place lies in a comment, or in the text of a string or a command.
  bool is_text() const;

 private:
  std::optional<NamePlace> place_of(std::string_view word, std::string_view follow, grammar::SyntaxKind kind) const;

  std::string before_;
  std::string closing_;  // the braces that close the blocks around the place
};

}  // namespace rollout::language_server
