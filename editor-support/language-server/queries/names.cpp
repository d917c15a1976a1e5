#include "editor-support/language-server/queries/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/check/describe.hpp"
#include "compiler/driver/plugins.hpp"
#include "grammar/parse.hpp"

namespace rollout::language_server {
namespace {

using check::Symbol;
using check::SymbolKind;

constexpr std::string_view kLibrary = "std/";

const std::string& path_in(const CheckedModule& module, FileId file) {
  return module.files[file].path;
}

// Whether the word at the symbol's declaration is its name: a module without `as` is declared by a path.
bool has_own_name(const CheckedModule& module, const Symbol& symbol) {
  if (symbol.declared.span.empty()) return false;
  const std::string& text = module.files[symbol.declared.file].text;
  return std::string_view(text).substr(symbol.declared.span.begin, symbol.declared.span.size()) == symbol.name;
}

// The same declaration in another compilation.
SymbolId same_symbol(const CheckedModule& module, const Place& declared, const std::string& name) {
  for (SymbolId id = 0; id < module.symbols.size(); ++id) {
    const Symbol& symbol = module.symbols[id];
    if (symbol.declared.span == declared.span && symbol.name == name &&
        path_in(module, symbol.declared.file) == declared.path) {
      return id;
    }
  }
  return check::kNone;
}

bool is_name(const std::string& text) {
  const grammar::SyntaxTree tree = grammar::parse({"", "let " + text + " = 1"});
  if (!tree.problems().empty()) return false;
  const auto let = tree.root().child(grammar::SyntaxKind::Let);
  const auto name = let ? let->child(grammar::SyntaxKind::Name) : std::nullopt;
  return name && name->text() == text;
}

std::size_t errors_in(const driver::CompiledFile& file) {
  return static_cast<std::size_t>(std::ranges::count_if(file.diagnostics, [](const diagnostics::Diagnostic& one) {
    return diagnostics::severity_of(one.code) == diagnostics::Severity::Error;
  }));
}

std::string replaced_text(std::string text, std::vector<Place> places, const std::string& new_name) {
  std::ranges::sort(places, std::greater<>(), [](const Place& place) { return place.span.begin; });
  for (const Place& place : places) text.replace(place.span.begin, place.span.size(), new_name);
  return text;
}

// Where a place is once all places before it in its file have another length.
Place moved(const Place& place, const std::vector<Place>& places, const std::string& new_name) {
  Place result = place;
  for (const Place& other : places) {
    if (other.path != place.path || other.span.begin >= place.span.begin) continue;
    const auto shift = static_cast<std::uint32_t>(new_name.size()) - other.span.size();
    result.span.begin += shift;
  }
  result.span.end = result.span.begin + static_cast<std::uint32_t>(new_name.size());
  return result;
}

}  // namespace

std::vector<NameAt> names_of_main_file(const CheckedModule& module) {
  std::vector<NameAt> names;
  for (SymbolId id = 0; id < module.symbols.size(); ++id) {
    const Location& declared = module.symbols[id].declared;
    if (declared.file == kMainFile && !declared.span.empty()) names.push_back({id, declared.span, true});
  }
  for (const check::ResolvedName& name : module.names) {
    if (name.where.file == kMainFile) names.push_back({name.symbol, name.where.span, false});
  }
  std::ranges::stable_sort(names, {}, [](const NameAt& name) { return name.span.begin; });
  const auto repeated = std::ranges::unique(names, {}, [](const NameAt& name) { return name.span.begin; });
  names.erase(repeated.begin(), repeated.end());
  return names;
}

std::optional<NameAt> name_at(const CheckedModule& module, std::uint32_t offset) {
  for (const NameAt& name : names_of_main_file(module)) {
    if (name.span.touches(offset)) return name;
  }
  return std::nullopt;
}

std::optional<Place> declaration_of(const CheckedModule& module, SymbolId id) {
  const Symbol& symbol = module.symbols[id];
  if (symbol.kind == SymbolKind::Module) {
    const auto& file = module.modules[symbol.index].file;
    return file ? std::optional(Place{path_in(module, *file), {}, true}) : std::nullopt;
  }
  if (symbol.declared.span.empty()) return std::nullopt;
  return Place{path_in(module, symbol.declared.file), symbol.declared.span, true};
}

std::vector<Place> places_of(const CheckedModule& module, SymbolId id, const std::vector<Compiled>& files) {
  const Symbol& symbol = module.symbols[id];
  std::set<Place> places;
  const auto collect = [&](const CheckedModule& from, SymbolId wanted) {
    const Location& declared = from.symbols[wanted].declared;
    if (!declared.span.empty()) places.insert({path_in(from, declared.file), declared.span, true});
    for (const check::ResolvedName& name : from.names) {
      if (name.symbol == wanted) places.insert({path_in(from, name.where.file), name.where.span, false});
    }
  };
  collect(module, id);
  if (!symbol.declared.span.empty()) {
    const Place declared{path_in(module, symbol.declared.file), symbol.declared.span, true};
    for (const Compiled& file : files) {
      const SymbolId other = same_symbol(file->module, declared, symbol.name);
      if (other != check::kNone) collect(file->module, other);
    }
  }
  return {places.begin(), places.end()};
}

std::optional<std::string> rename_problem(const CheckedModule& module, const NameAt& name) {
  const Symbol& symbol = module.symbols[name.symbol];
  if (symbol.declared.span.empty()) return fmt::format("`{}` belongs to the language", symbol.path);
  if (path_in(module, symbol.declared.file).starts_with(kLibrary)) {
    return fmt::format("`{}` belongs to the library that comes with the compiler", symbol.path);
  }
  if (path_in(module, symbol.declared.file).starts_with(driver::kPluginFiles)) {
    return fmt::format("`{}` belongs to a plugin, which calls it so", symbol.path);
  }
  if (symbol.kind == SymbolKind::Scenario) return "a scenario has a title, not a name; edit the text";
  if (symbol.kind == SymbolKind::Module && !has_own_name(module, symbol)) {
    return fmt::format("`{}` is named by its path; give it a name of its own with `as`", symbol.name);
  }
  return std::nullopt;
}

Renaming rename(const Workspace& workspace, const Compiled& file, const NameAt& name, const std::string& new_name,
                const std::vector<Compiled>& files) {
  const CheckedModule& module = file->module;
  if (auto problem = rename_problem(module, name)) return *problem;
  if (!is_name(new_name)) {
    return fmt::format("`{}` is no name: letters, digits and `_`, no digit first, no reserved word", new_name);
  }
  const Symbol& symbol = module.symbols[name.symbol];
  std::vector<Place> places = places_of(module, name.symbol, files);
  // Tried out: what means something else afterwards, or nothing, was no renaming.
  std::map<std::string, std::vector<Place>> by_path;
  for (const Place& place : places) by_path[place.path].push_back(place);
  std::map<std::string, std::string> texts;
  std::vector<Compiled> sources = files;
  sources.push_back(file);
  for (const Compiled& source : sources) {
    for (const grammar::SourceFile& one : source->module.files.files) {
      if (by_path.contains(one.path)) texts.emplace(one.path, replaced_text(one.text, by_path[one.path], new_name));
    }
  }
  const auto declared = std::ranges::find_if(places, &Place::is_declaration);
  if (declared == places.end()) return fmt::format("the declaration of `{}` was not found", symbol.name);
  const Place new_declared = moved(*declared, places, new_name);
  for (const Compiled& before : sources) {
    const bool touched =
        std::ranges::any_of(before->module.files.files, [&](const auto& one) { return texts.contains(one.path); });
    if (!touched) continue;
    const Compiled after = workspace.compiled_with(before->path, texts);
    const SymbolId renamed = after ? same_symbol(after->module, new_declared, new_name) : check::kNone;
    const SymbolId original = same_symbol(before->module, *declared, symbol.name);
    if (original == check::kNone) continue;
    const auto uses = [](const CheckedModule& in, SymbolId id) { return places_of(in, id, {}).size(); };
    if (renamed == check::kNone || errors_in(*after) > errors_in(*before) ||
        uses(after->module, renamed) != uses(before->module, original)) {
      return fmt::format("`{}` means something else already where `{}` is used; choose another name", new_name,
                         symbol.name);
    }
  }
  return places;
}

}  // namespace rollout::language_server
