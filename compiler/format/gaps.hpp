// What stands between two tokens: nothing, blanks, or line ends and an indentation. Internal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/format/atoms.hpp"

namespace rollout::format {

// The gap before an atom.
struct Gap {
  std::uint32_t line_ends = 0;  // 0: on the same line; 2: with an empty line
  std::uint32_t blanks = 0;     // between tokens, or the indentation of a new line
  bool kept = false;            // stays as it is
};

// One for each atom.
std::vector<Gap> gaps_of(const Atoms& atoms, std::string_view text);

// Pads gaps of neighbouring lines where the author has aligned their columns, so that they stay aligned. Blanks that
// align nothing are gone already.
void keep_alignment(const Atoms& atoms, std::string_view text, std::vector<Gap>& gaps);

// The text between an atom and the one before it, or the file's beginning.
std::string_view gap_text(const Atoms& atoms, std::string_view text, std::size_t index);

}  // namespace rollout::format
