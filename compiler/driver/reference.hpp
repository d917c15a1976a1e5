// The reference page of a module: what it declares, from its own text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "grammar/syntax_tree.hpp"

namespace rollout::driver {

// The declaration's text up to its body, without blanks at the end.
std::string declaration_head(grammar::NodeRef declaration);

// The page of a module's text as Markdown: a table of what there is, then each declaration with its head, what it does
// to the world, and its documentation. `use` is what a program writes to have it: `std.kubernetes`, `"./slo.rollout"`.
std::string reference_page(std::string_view use, const std::string& text);

// The page of a library module by its name, with or without `std.`; nothing where there is none.
std::optional<std::string> library_reference(std::string_view name);

}  // namespace rollout::driver
