// "Did you mean": the known name that a mistyped one was most likely meant to be.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rollout::diagnostics {

// How many insertions, deletions, replacements and swaps of neighbours turn one name into the other (bytes, optimal
// string alignment); `limit + 1` as soon as it is more than `limit`.
std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit);

// The nearest candidate, the first of several equally near; nothing where none is near enough to be meant: one edit for
// names up to four characters, then a third of the length. Case alone counts as less than any edit; the name itself is
// never the answer.
std::optional<std::string> closest(std::string_view name, std::span<const std::string> candidates);

}  // namespace rollout::diagnostics
