// The standard library's modules, embedded: the text of std/NAME.rollout for `use std.NAME`.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace rollout::stdlib {

struct Module {
  std::string_view name;  // "kubernetes"
  std::string_view text;  // of std/kubernetes.rollout
};

// All of them, by name.
std::span<const Module> modules();
// The module's text; nothing where there is none of that name.
std::optional<std::string_view> module_text(std::string_view name);

}  // namespace rollout::stdlib
