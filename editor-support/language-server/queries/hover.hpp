// What is known about the thing at a place: its declaration in short, its documentation, what it measures and how
// often.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "compiler/driver/times.hpp"
#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

struct Hover {
  grammar::Span span;  // what it speaks of
  std::string markdown;
};
// Times are worked out only where they are asked for.
using TimesSource = std::function<const driver::Times&()>;
// Of the main file; nothing where there is nothing to say.
std::optional<Hover> hover_at(const check::CheckedModule& module, const TimesSource& times, std::uint32_t offset);

// `metric p95(endpoint: string = ".*"): duration`, `param version: string`: one line or a few.
std::string signature(const check::CheckedModule& module, check::SymbolId symbol);

}  // namespace rollout::language_server
