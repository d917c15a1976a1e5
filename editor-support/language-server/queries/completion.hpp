// What could stand at a place. The grammar itself is asked which words and what kinds of names fit there, so that no
// second list of clauses can lag behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

// The numbers are those of the protocol's CompletionItemKind.
enum class CompletionKind : int {
  Function = 3,
  Field = 5,
  Variable = 6,
  Module = 9,
  Property = 10,
  Unit = 11,
  Value = 12,
  Enum = 13,
  Keyword = 14,
  Snippet = 15,
  EnumMember = 20,
  Constant = 21,
  Struct = 22,
  Event = 23,
};

struct Completion {
  std::string label;  // what is written
  CompletionKind kind{};
  std::string detail;
  std::string snippet;       // with tab stops; empty: the label
  std::string sort;          // what comes first is what the place asks for
  grammar::Span replaced{};  // the begun word
  std::string symbol{};      // the path of the symbol that it names, for documentation_of; empty: none
  // Another edit that it needs: the `use` of a module.
  std::string needs{};
  std::uint32_t needs_at = 0;
};
// For the main file, best first. Text behind the offset does not matter, and what stands before it may be broken.
// `plugins`: those that are locked for the file, offered where `use plugin "` names one.
std::vector<Completion> completions(const check::CheckedModule& module, std::uint32_t offset,
                                    const std::vector<std::string>& plugins = {});

// What is known about a symbol of the module by its path (Completion::symbol): Markdown; empty where it has nothing.
std::string documentation_of(const check::CheckedModule& module, std::string_view symbol);

}  // namespace rollout::language_server
