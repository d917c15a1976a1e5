// The page behind each code: why it is a fault, a program that has it and one that does not. Embedded from
// explain/CODE.md.
#pragma once

#include <optional>
#include <string_view>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {

struct Explanation {
  std::string_view code;  // "E0102"
  std::string_view text;  // Markdown
};

// The page; nothing where the code has none (a test demands one for each).
std::optional<std::string_view> explanation_of(Code code);

}  // namespace rollout::diagnostics
