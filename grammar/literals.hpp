// What literals mean: from the text of a leaf or node to a value. Overflow is a fault, never a wrap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/syntax_tree.hpp"

namespace rollout::grammar {

enum class LiteralFault : std::uint8_t {
  None,
  Malformed,     // not a literal of this kind; the parser has reported it already
  Overflow,      // the value does not fit
  TooFine,       // a part below the smallest unit: a nanosecond, a byte; a ratio below 10^-9; the value is rounded
  UnitOrder,     // units of a duration not from large to small: `30m1h`
  RepeatedUnit,  // a unit of a duration twice: `1h1h`
};

// A value, or the fault that makes it unusable (with TooFine, UnitOrder and RepeatedUnit it is still the best guess).
template <typename Value>
struct Decoded {
  Value value{};
  LiteralFault fault = LiteralFault::None;

  bool ok() const { return fault == LiteralFault::None; }
};

// `5%`: exact in parts of 10^9 (5% is 50'000'000), and as the nearest double (0.05).
struct RatioValue {
  std::int64_t parts_per_billion = 0;
  double value = 0;
};

// `15/s`, `2%/h`, `10MB/s`: so much of a number, a ratio or a size in so many nanoseconds.
struct RateValue {
  SyntaxKind amount_kind = SyntaxKind::Number;  // Number, Ratio or Size
  double amount = 0;                            // a number, a fraction (2% is 0.02), bytes
  std::int64_t per_nanoseconds = 0;             // of one s, m, h, d or w
};

// Text of tokens to values. Underscores between digits are allowed in every number.
Decoded<double> decode_number(std::string_view text, int exponent = 0);
Decoded<RatioValue> decode_ratio(std::string_view text);
// Nanoseconds.
Decoded<std::int64_t> decode_duration(std::string_view text);
// Bytes.
Decoded<std::int64_t> decode_size(std::string_view text);
Decoded<RateValue> decode_rate(std::string_view text);
// Nanoseconds since midnight.
Decoded<std::int64_t> decode_time_of_day(std::string_view text);
// Nanoseconds since 1970-01-01T00:00Z.
Decoded<std::int64_t> decode_instant(std::string_view text);
// One unit of a duration ("ns" .. "w") in nanoseconds, or nothing.
std::optional<std::int64_t> nanoseconds_of_unit(std::string_view unit);
// One unit of a size ("B" .. "TiB") in bytes, or nothing.
std::optional<std::int64_t> bytes_of_unit(std::string_view unit);

// A piece of a string or of a word of a command: decoded text, or an insert (then `text` is empty).
struct TextPart {
  std::string text;
  std::optional<NodeRef> insert;  // the SyntaxKind::Insert node
  Span span;

  // The expression between `${` and `}`; nothing for text, and where it is missing.
  std::optional<NodeRef> expression() const;
};

// The parts of a SyntaxKind::StringLiteral: escapes resolved; of a triple-quoted one the first line end and the common
// indentation dropped, and CRLF read as LF. Adjacent text is one part; an empty string has no parts.
std::vector<TextPart> decode_string(NodeRef literal);
// The text of a string without inserts, else nothing.
std::optional<std::string> constant_text(NodeRef literal);
// The text with every insert as it is written, `${...}`: for messages and documents.
std::string displayed_text(NodeRef literal);

// One argument of a command.
struct CommandWord {
  std::vector<TextPart> parts;  // empty for an argument written as empty quotes
  Span span;
};

enum class CommandFaultKind : std::uint8_t {
  ShellCharacter,  // an unquoted | > < & ; * ? or $( : only a shell gives them a meaning
  UnclosedQuote,
  Empty,  // no word at all
};

struct CommandFault {
  CommandFaultKind kind = CommandFaultKind::Empty;
  Span span;
};

// A SyntaxKind::CommandLiteral as its arguments: split at blanks, never inside quotes or inserts.
struct DecodedCommand {
  std::vector<CommandWord> words;
  std::vector<CommandFault> faults;
};

DecodedCommand decode_command(NodeRef literal);

}  // namespace rollout::grammar
