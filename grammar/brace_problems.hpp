// Which opening brace is the one that was never closed. Private to the grammar room.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "grammar/problem.hpp"
#include "grammar/syntax_tree.hpp"

namespace rollout::grammar {

// Every block in braces of a text with its indentation. Columns are in bytes.
class BraceLayout {
 public:
  BraceLayout(std::string_view text, const std::vector<Event>& events);

  // One problem for each place where closing braces are missing. The suspect is the block that another block's brace
  // seems to close, going by the indentation; without such a hint, the innermost of the open ones.
  std::vector<Problem> unclosed() const;

  // For a closing brace at `unmatched` that closes nothing: the last brace before it that stands deeper than the line
  // of the block that it closed; an empty span at 0 where there is none.
  Span closed_too_much(std::uint32_t unmatched) const;

 private:
  struct Braces {
    std::uint32_t first_event = 0;
    std::uint32_t event = 0;
    Span opener;
    Span closer;                                 // empty where it is missing
    std::uint32_t indentation = 0;               // of the line with the opener
    std::optional<std::uint32_t> closer_column;  // where the closer is the first thing on its line
    bool closes_behind_text = false;             // the block goes over lines, and its closer stands behind something
  };

  std::optional<Braces> closed_by_another(std::size_t outer) const;
  Span token_behind(std::uint32_t event) const;

  const std::vector<Event>& events_;
  std::vector<Braces> braces_;  // inner ones before outer ones
};

}  // namespace rollout::grammar
