#include "compiler/diagnostics/explain.hpp"

#include <algorithm>
#include <iterator>

#include "diagnostics/embedded_explanations.inc"

namespace rollout::diagnostics {

std::optional<std::string_view> explanation_of(Code code) {
  const auto found = std::ranges::find(kExplanations, code_text(code), &Explanation::code);
  if (found == std::end(kExplanations)) return std::nullopt;
  return found->text;
}

}  // namespace rollout::diagnostics
