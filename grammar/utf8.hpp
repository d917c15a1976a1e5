// The little that the grammar room needs to know about UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rollout::grammar {

// The length in bytes of the well-formed character that `text` begins with; 0 where it begins with none.
std::size_t utf8_length(std::string_view text);

// The first byte that is not part of a well-formed character, or npos.
std::size_t find_invalid_utf8(std::string_view text);

// Appends a code point; nothing and false where it is none (beyond 10FFFF, or a surrogate).
bool append_utf8(std::string& text, std::uint32_t code_point);

}  // namespace rollout::grammar
