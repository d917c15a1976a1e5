// Finds where a literal that begins with a digit ends, and what it is. Private to the grammar room.
#pragma once

#include <string_view>

#include "grammar/syntax_kind.hpp"

namespace rollout::grammar {

// The literal's kind (a Malformed one for a mistake that people make) and its length in bytes, at least 1.
struct ScannedQuantity {
  SyntaxKind kind = SyntaxKind::Number;
  std::size_t length = 0;
};

// `text` begins with a digit (or with `.` and a digit) and goes on to the end of the file.
ScannedQuantity scan_quantity(std::string_view text);

// Whether the text is exactly a unit of time (ns us ms s m h d w), or of size (B, kB .. TB, KiB .. TiB).
bool is_time_unit(std::string_view text);
bool is_size_unit(std::string_view text);

}  // namespace rollout::grammar
