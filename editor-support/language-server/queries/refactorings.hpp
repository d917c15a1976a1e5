// Changes of a plan that an author can ask for at a place: what the compiler would not ask for, but can write.
#pragma once

#include <string>
#include <vector>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

enum class RefactoringKind : std::uint8_t { Extract, Rewrite };
struct Refactoring {
  std::string title;
  RefactoringKind kind{};
  std::vector<diagnostics::Edit> edits;  // in the main file; applied together
  // Other edits of which one may do better; empty: there are none.
  std::vector<std::vector<diagnostics::Edit>> alternatives = {};
};
// For the selected part of the main file; an empty span is a cursor. Where the file is broken, those that are still
// certain.
std::vector<Refactoring> refactorings(const CheckedModule& module, Span selection);

// Of a scenario's alternatives the first that passes when it is played; it takes that long. The refactoring must be one
// of the file's.
std::vector<diagnostics::Edit> best_edits(const driver::CompiledFile& file, const Refactoring& refactoring);

}  // namespace rollout::language_server
