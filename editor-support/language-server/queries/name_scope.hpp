// Which names can be used at a place, and what is known of them before they are written.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

// The letters, digits, dots within numbers and underscores right before the offset.
Span word_before(std::string_view text, std::uint32_t offset);

// The names that mean something at the offset of the main file: its own, those of blocks around it, modules that need
// no `use`, natives of the prelude; stages of the rollout around it, and elsewhere all.
std::vector<SymbolId> visible_symbols(const CheckedModule& module, std::uint32_t offset);
// Where the declaration of a symbol ends in its file; 0 for what the language itself has.
std::uint32_t end_of_declaration(const CheckedModule& module, const check::Symbol& symbol);
// The names behind the dot of a module.
std::vector<SymbolId> members_of(const CheckedModule& module, SymbolId used_module);
// What a path of names stands for at the offset, read from another tree of nearly the same text; kNone where unknown.
SymbolId symbol_of_path(const CheckedModule& module, grammar::NodeRef path, std::uint32_t offset);
// The parts of a value of the type, behind its dot.
std::vector<std::string> fields_of(const CheckedModule& module, check::TypeId type);

struct Parameter {
  std::string name;
  std::string type;  // as in the source
};
std::vector<Parameter> parameters_of(const CheckedModule& module, SymbolId callee);

// The type that the place of a value asks for, from the nodes around it, innermost first; kNone where any will do.
check::TypeId expected_type(const CheckedModule& module, const std::vector<grammar::NodeRef>& ancestors);
// The units that a number of the type can have; those of all types for kNone.
std::vector<std::string_view> units_of(check::TypeId type);
// The words for types that need no declaration.
std::span<const std::string_view> type_names();

}  // namespace rollout::language_server
