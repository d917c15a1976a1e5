// Which opening brace is the one that was never closed. Private to the grammar room.
#pragma once

#include <string_view>
#include <vector>

#include "grammar/problem.hpp"
#include "grammar/syntax_tree.hpp"

namespace rollout::grammar {

// One problem for each place where closing braces are missing. The suspect is the block that another block's brace
// seems to close, going by the indentation; without such a hint, the innermost of the open ones.
std::vector<Problem> find_unclosed_braces(std::string_view text, const std::vector<Event>& events);

// For a closing brace at `unmatched` that closes nothing: the brace before it that stands deeper than the line of the
// block that it closed; an empty span at 0 where there is none.
Span find_brace_that_closed_too_much(std::string_view text, const std::vector<Event>& events, std::uint32_t unmatched);

}  // namespace rollout::grammar
