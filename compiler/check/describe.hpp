// How parts of a checked module are called: for messages, and for editors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/check/checked_module.hpp"

namespace rollout::check {

// As in the source: "duration", "[string]"; empty for an unknown type.
std::string type_text(const CheckedModule& module, TypeId type);
// Of a function that the runtime itself has: "http.get(url: string, timeout?: duration)", with its result's type.
std::string native_signature(const CheckedModule& module, const Symbol& native);
// With its article: "a metric".
std::string_view kind_phrase(SymbolKind kind);
// Functions that need no declaration: `lines`, `avg`, `any`.
std::vector<std::string> builtin_names();

}  // namespace rollout::check
