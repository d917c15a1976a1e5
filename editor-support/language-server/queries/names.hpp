// What names stand for: where they are declared, where they are used, and what they can be renamed to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "editor-support/language-server/queries/workspace.hpp"

namespace rollout::language_server {

using check::CheckedModule;
using check::SymbolId;
using diagnostics::FileId;
using diagnostics::Location;
using grammar::Span;

// The main file of a compilation: the one that an editor asks about.
inline constexpr FileId kMainFile{};

// A name in a file, and the symbol that it stands for.
struct NameAt {
  SymbolId symbol = check::kNone;
  Span span;
  bool is_declaration = false;
};

// The name of the main file that the offset touches.
std::optional<NameAt> name_at(const CheckedModule& module, std::uint32_t offset);
// Every name in the main file, in the order of the text, each once; declarations included.
std::vector<NameAt> names_of_main_file(const CheckedModule& module);

// A span in a file that is known by its path.
struct Place {
  std::string path;
  Span span;
  bool is_declaration = false;
  auto operator<=>(const Place& other) const {
    if (const auto order = path <=> other.path; order != 0) return order;
    return span.begin <=> other.span.begin;
  }
  bool operator==(const Place& other) const { return path == other.path && span == other.span; }
};

// Where the symbol is declared: its name, for a module the begin of its file. Nothing for what the language itself has.
std::optional<Place> declaration_of(const CheckedModule& module, SymbolId symbol);
// Every place in any of the files where the symbol of `module` is named, by path and place.
std::vector<Place> places_of(const CheckedModule& module, SymbolId symbol, const std::vector<Compiled>& files);

// The places to write the new name into, or why not, for people.
using Renaming = std::variant<std::vector<Place>, std::string>;
// Why the symbol cannot be renamed at all; nothing where it can.
std::optional<std::string> rename_problem(const CheckedModule& module, const NameAt& name);
// Refused where the new name is none, or where it would mean something else at one of the places.
Renaming rename(const Workspace& workspace, const Compiled& file, const NameAt& name, const std::string& new_name,
                const std::vector<Compiled>& files);

}  // namespace rollout::language_server
