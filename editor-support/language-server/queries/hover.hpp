// What is known about the thing at a place: its declaration in short, its documentation, what it measures and how
// often.
#pragma once

#include <optional>
#include <string>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

struct Hover {
  grammar::Span span;  // what it speaks of
  std::string markdown;
};
// Of the main file; nothing where there is nothing to say.
std::optional<Hover> hover_at(const check::CheckedModule& module, std::uint32_t offset);

// `metric p95(endpoint: string = ".*"): duration`, `param version: string`: one line or a few.
std::string signature(const check::CheckedModule& module, check::SymbolId symbol);

}  // namespace rollout::language_server
