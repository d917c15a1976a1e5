// Who calls what: from actions, checks, functions and the like to the rollouts that run them, over files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

// Something that calls or is called, known by where it is declared.
struct Callable {
  std::string name;    // as in its file
  std::string detail;  // its kind: "action"
  grammar::SyntaxKind kind{};
  std::string path;
  Span span;       // of the whole declaration
  Span selection;  // of its name
};
// What is called by its name at that place of the main file, or is declared there; nothing where it calls nothing and
// nobody can call it.
std::optional<Callable> callable_at(const CheckedModule& module, std::uint32_t offset);

struct CallsOf {
  Callable other;
  std::vector<Span> places;  // of the calls, in the file of the caller; in the order of the text
};
// Every declaration in any of the files that calls the one at `selection` of the file at `path`.
std::vector<CallsOf> callers_of(const std::string& path, Span selection, const std::vector<Compiled>& files);
// What the declaration there calls.
std::vector<CallsOf> called_by(const std::string& path, Span selection, const std::vector<Compiled>& files);

}  // namespace rollout::language_server
