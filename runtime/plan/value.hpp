#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What a plan computes with: one small dynamically tagged value. Every operation on values is total: where an operand
// is missing, of the wrong kind, or the result overflows, the result is `missing` with a reason, never a fault.

namespace rollout::plan {

// A duration or an instant, in nanoseconds. Instants count from the Unix epoch, UTC.
using Nanoseconds = std::int64_t;

// The kinds of values, in the order of their tags in the plan file. `Any` is a static kind only (json, unchecked
// lists).
enum class ValueKind : std::uint8_t {
  Missing,     // no value: unknown in the three-valued logic
  Bool,        //
  Number,      // IEEE double
  Ratio,       // IEEE double, 1.0 is 100 %
  Duration,    // integer nanoseconds
  Size,        // integer bytes
  NumberRate,  // double, per second
  RatioRate,   // double, 1.0 per second is 100 %/s
  SizeRate,    // double, bytes per second
  TimeOfDay,   // integer nanoseconds since midnight
  Instant,     // integer nanoseconds since the epoch
  String,      // UTF-8
  Enum,        // a label: its text, and its index in the enum's declaration as integer
  List,        //
  Map,         // string keys in insertion order; also records and the results of run and http
  Secret,      // a template of texts and references to the plan's secrets; never the secret's value
  Any,         // static kind of what is only known at run time
};

class Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;

// A part of a secret template: literal text, or the secret with that index in the plan's table.
struct SecretPart {
  std::string text;
  std::optional<std::uint32_t> secret;
  bool operator==(const SecretPart&) const = default;
};
using SecretTemplate = std::vector<SecretPart>;

class Value {
 public:
  Value() = default;  // missing, without a reason

  static Value missing(std::string reason = {});
  static Value boolean(bool value);
  static Value number(double value);
  static Value ratio(double value);
  static Value duration(Nanoseconds value);
  static Value size(std::int64_t bytes);
  static Value rate(ValueKind kind, double per_second);
  static Value time_of_day(Nanoseconds since_midnight);
  static Value instant(Nanoseconds since_epoch);
  static Value string(std::string value);
  static Value label(std::string text, std::int64_t index);
  static Value list(List value);
  static Value map(Map value);
  static Value secret(SecretTemplate value);

  ValueKind kind() const { return kind_; }
  bool is_missing() const { return kind_ == ValueKind::Missing; }

  // The accessors answer a neutral value (false, 0, empty) where the kind does not fit, so that no caller can fault.
  bool as_bool() const { return kind_ == ValueKind::Bool && integer_ != 0; }
  double as_double() const { return number_; }          // Number, Ratio and the rates
  std::int64_t as_integer() const { return integer_; }  // Duration, Size, TimeOfDay, Instant, Enum index
  const std::string& as_string() const;                 // String, Enum label, the reason of a Missing
  const List& as_list() const;
  const Map& as_map() const;
  const SecretTemplate& as_secret() const;
  const Value* find(std::string_view key) const;  // in a Map; null where absent

  std::uint32_t depth() const;   // 0 for all but lists and maps
  std::uint64_t weight() const;  // see kMaxValueWeight

  // Deep equality of kind and content. Not the language's `==`, which is three-valued (evaluate.hpp).
  bool operator==(const Value& other) const;

 private:
  struct Heap;
  ValueKind kind_ = ValueKind::Missing;
  std::int64_t integer_ = 0;
  double number_ = 0;
  std::shared_ptr<const Heap> heap_;
};

std::string_view kind_name(ValueKind kind);  // "a duration", for messages

// Lists and maps nest at most this deep and weigh at most this much (bytes of text plus one for each value); a value
// beyond is missing, with that reason. So every walk over a value ends soon, also where parts are shared.
inline constexpr std::uint32_t kMaxValueDepth = 64;
inline constexpr std::uint64_t kMaxValueWeight = 16u << 20;

// An amount of that kind in its own unit (ns, bytes, 1.0 for 100 %, per second), rounded where the kind is an integer:
// what a metric's raw number times its scale is. Missing with a reason for NaN and for what does not fit.
Value quantity(ValueKind kind, double amount);
// Nanoseconds of `h`, bytes of `MiB`, 0.01 of `%`, 1 of `B`, per second of `/m`: the scale of a unit's name, with the
// kind that it makes.
std::optional<std::pair<ValueKind, double>> unit_scale(std::string_view unit);

// The value as the language writes it: `5%`, `1h30m`, `512MiB`, `"text"`; a missing value is `missing`, a secret `***`.
std::string to_literal(const Value& value);
// The value inside "${...}": as to_literal, but a string is its text.
std::string to_text(const Value& value);
// JSON for journals and `--format json`: durations and sizes as their literal text, numbers as numbers, missing as
// null, a secret as "***".
std::string to_json(const Value& value);
// A JSON document as a value (objects are maps, null is missing), or nothing where the text is not JSON or nests deeper
// than 64.
std::optional<Value> from_json(std::string_view text);
// A duration as the language writes it, exactly: "1h30m", "1.5s"; or for people the two largest units only: "2m5s",
// "1d12h", "312ms".
enum class DurationForm : std::uint8_t { Exact, Short };
std::string duration_text(Nanoseconds value, DurationForm form = DurationForm::Exact);
// An instant as RFC 3339 in UTC with seconds, and with fractions only where there are some.
std::string instant_text(Nanoseconds value);
// Reads what --set, a CSV file or a console argument may hold: a literal of that kind (`5%`, `250ms`, `true`, text for
// String). Nothing where the text is not a literal of the kind. Enum: any name, with index 0: the caller knows the
// labels. Any: any literal.
std::optional<Value> parse_literal(std::string_view text, ValueKind kind);

}  // namespace rollout::plan
