#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/value.hpp"

// Small pieces of terminal text that all renderings share.

namespace rollout::console {

enum class Tone : std::uint8_t { Plain, Good, Careful, Bad, Accent, Strong, Faint };

// The text in that colour; as it is where `colour` is off.
std::string painted(std::string_view text, Tone tone, bool colour);

// Makes text from outside harmless: control characters, invisible direction marks and bytes that are not UTF-8 become
// visible escapes (`\x1b`, `\n`, `\u202e`).
std::string escaped(std::string_view text);

// What a call was made with, each as the language writes it: "(a, b)". Empty texts at the end say nothing and are left
// out: they are nearly always the defaults of parameters that the author did not give.
std::string arguments_text(std::vector<std::string> literals);

// The first paragraph of a documentation comment as one line, made harmless.
std::string summary(std::string_view documentation);

// Columns on the terminal, colour codes not counted.
std::size_t columns(std::string_view text);
// Filled up with blanks on the right, or on the left.
std::string padded(std::string text, std::size_t width);
std::string right_aligned(std::string_view text, std::size_t width);
// Cut to that many columns, the last of which is then `…`.
std::string shortened(std::string_view text, std::size_t width);
// Broken at blanks into lines of at most `width` columns; longer words are broken anywhere. At least one line. For text
// without colour codes.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

// A share between 0 and 1 as a bar of so many cells, in eighths; a share above 0 is never drawn empty.
std::string bar(double share, std::size_t cells);

// "Monday 2026-01-05 02:00:00 UTC".
std::string clock_text(plan::Nanoseconds instant);
// "02:00:00".
std::string time_of_day_text(plan::Nanoseconds instant);
// A duration as people read it: whole milliseconds, from one second on whole seconds, so
// that noise of a slow machine does not show.
std::string readable(plan::Nanoseconds duration);

}  // namespace rollout::console
