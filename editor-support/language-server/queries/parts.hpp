// Names that are no symbols of their own: labels of enums, fields of records, parameters that an argument names.
#pragma once

#include <optional>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

struct Part {
  Span span;                   // where it is named, in the main file
  Place declared;              // its name in its declaration
  SymbolId of = check::kNone;  // the enum, the record, what is called
};
// The part that the offset of the main file touches; nothing where its declaration is not in a file.
std::optional<Part> part_at(const CheckedModule& module, std::uint32_t offset);

}  // namespace rollout::language_server
