// Escapes in "..." strings. Private to the grammar room.
#pragma once

#include <optional>
#include <string_view>

#include "grammar/source.hpp"

namespace rollout::grammar {

// The length of the escape that `text` begins with (a backslash first), 0 where it is none of the language's.
std::size_t escape_length(std::string_view text);

// The first backslash of a run of raw text that escapes nothing, with the character behind it.
std::optional<Span> find_unknown_escape(std::string_view raw);

}  // namespace rollout::grammar
