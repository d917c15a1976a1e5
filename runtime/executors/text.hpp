#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text that comes from outside, made fit for values, terminals and logs.

namespace rollout::executors {

// The text with every byte that is not UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

// One line for people: UTF-8, control characters as `\n`, `\t` or `\x1b`, at most `limit` bytes and then "...".
std::string printable(std::string_view text, std::size_t limit = 300);

// The last line that holds more than blanks, without its line end.
std::string_view last_line(std::string_view text);

// Without blanks and line ends at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace rollout::executors
