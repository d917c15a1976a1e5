#pragma once

#include <string>
#include <string_view>

#include "runtime/console/text.hpp"
#include "runtime/machine/events.hpp"

namespace rollout::console {

// What kind of news a line is: decides its sign and colour.
enum class Mark : std::uint8_t { Step, Begin, Ask, Good, Careful, Bad, Back, Wait, Say };
std::string_view sign_of(Mark mark);  // one column
Tone tone_of(Mark mark);

enum class Level : std::uint8_t { Main, Detail };

// One record in plain words, harmless for terminals.
struct Phrase {
  Mark mark{};
  Level level{};
  std::string text;
};
Phrase phrase_of(const machine::Record& record);

// A field's text, harmless for terminals; empty where it is missing.
std::string field_text(const machine::Record& record, std::string_view name);
// A computed number with the digits that people read; other values as they are.
plan::Value rounded(const plan::Value& value);
// A share of traffic as a number between 0 and 1.
double share_of(const plan::Value& value);

}  // namespace rollout::console
