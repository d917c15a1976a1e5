#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/plan/plan.hpp"

// What the evaluator and the builtins share.

namespace rollout::plan {

// The texts of the values joined, with `separator` between them. Missing where one is; secret where one is.
Value concatenate(std::span<const Value> values, std::string_view separator = {});
// Whether the text matches the ECMAScript pattern anywhere (`^` and `$` are the text's ends). Missing, with the reason,
// for a broken pattern, a pattern over 256 bytes, a text over 4 KiB, or one that would take too long.
Value matches(std::string_view text, std::string_view pattern);
// How many lines of the text match, each as `matches` does, its first 4 KiB. Fails as `matches` is missing.
Expected<std::size_t> count_matching_lines(std::string_view text, std::string_view pattern);

// The part of a JSON document that the pointer names (RFC 6901: empty, or `/` before each part); null where it has
// none.
const Value* find_by_pointer(const Value& document, std::string_view pointer);
// The bytes as a part of an address: all but letters, digits and `-._~` as %XX.
std::string url_encoded(std::string_view bytes);

}  // namespace rollout::plan
