// What people write who know other languages, said in the words of this one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/diagnostics/diagnostic.hpp"
#include "grammar/problem.hpp"

namespace rollout::diagnostics {

struct Slip {
  std::string message;
  grammar::Span span;  // what it is about
  std::optional<Fix> fix;
};

// Why the text at a problem does not parse, where it is a habit from elsewhere: `&&`, `//`, `5 minutes`, `rollback
// when`.
std::optional<Slip> slip_at(std::string_view text, FileId file, const grammar::Problem& problem);

// The unit that a word for it stands for: `minutes` is `m`. Empty where it is none.
std::string_view unit_of_word(std::string_view word);

}  // namespace rollout::diagnostics
