#include "stdlib/modules.hpp"

#include <algorithm>

#include "stdlib/embedded_modules.inc"

namespace rollout::stdlib {

std::span<const Module> modules() {
  return kModules;
}

std::optional<std::string_view> module_text(std::string_view name) {
  const auto found = std::ranges::find(kModules, name, &Module::name);
  if (found == std::end(kModules)) return std::nullopt;
  return found->text;
}

}  // namespace rollout::stdlib
