// Reads what is wrong with a text off its finished tree. Private to the grammar room.
#pragma once

#include <string_view>
#include <vector>

#include "grammar/problem.hpp"
#include "grammar/syntax_tree.hpp"

namespace rollout::grammar {

// The problems in the order of the text, at most `limit` of them.
std::vector<Problem> find_problems(std::string_view text, const std::vector<Event>& events, std::size_t limit);

}  // namespace rollout::grammar
