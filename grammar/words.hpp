// The words of the language, recognised by their text.
#pragma once

#include <cstddef>
#include <string_view>

#include "grammar/syntax_kind.hpp"

namespace rollout::grammar {

// The keyword's kind; Underscore for `_`; Name for every other word. `word` is [A-Za-z_][A-Za-z0-9_]*.
SyntaxKind kind_of_word(std::string_view word);

// Whether the word can never be a name: and or not in is true false let if else when then for until each _.
bool is_reserved(SyntaxKind kind);

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
inline bool is_word_part(char c) {
  return is_word_start(c) || is_digit(c);
}
// Where the word ends that goes on at `begin`; `begin` itself where none does.
inline std::size_t word_end(std::string_view text, std::size_t begin) {
  while (begin < text.size() && is_word_part(text[begin])) ++begin;
  return begin;
}

}  // namespace rollout::grammar
