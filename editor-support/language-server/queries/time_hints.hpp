// What the text does not say by itself, shown beside it: names of parameters, what constants amount to, how long stages
// take and what their way back takes, how many looks a guard needs.
#pragma once

#include <string>
#include <vector>

#include "compiler/driver/times.hpp"
#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

enum class HintKind : std::uint8_t { Parameter, Value };
struct InlayHint {
  std::uint32_t offset = 0;  // before the argument; behind everything else
  HintKind kind{};
  std::string text;     // short: `share:`, `= 15m`
  std::string tooltip;  // a sentence; may be empty
};
// Of that part of the main file, in the order of the text.
std::vector<InlayHint> inlay_hints(const CheckedModule& module, const driver::Times& times, Span range);

// A sentence or two; empty where nothing is known.
std::string stage_sentence(const driver::Times& times, const Location& name);
std::string rollout_sentence(const driver::Times& times, const Location& name);
// Of the guard that is written at that place.
std::string guard_sentence(const driver::Times& times, const Location& guard);

}  // namespace rollout::language_server
