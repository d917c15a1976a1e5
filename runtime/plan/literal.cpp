#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "runtime/plan/units.hpp"
#include "runtime/plan/value.hpp"

// Literals as they come from outside the language: --set, CSV files, the console. The inverse of value_text.cpp.

namespace rollout::plan {

namespace {

__extension__ using Wide = __int128;

constexpr Nanoseconds kSecondLength = 1'000'000'000;
constexpr Nanoseconds kDayLength = 86'400 * kSecondLength;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || !letter(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || is_digit(c); });
}

// The digits of one number, underscores dropped: `1_000.5` is "1000" and "5".
struct Digits {
  std::string whole, fraction;

  // The nearest double of the number with the decimal point `shift` places to the right.
  std::optional<double> nearest(int shift = 0) const {
    const std::string text = whole + "." + fraction + "0e" + std::to_string(shift);
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{}) return std::nullopt;
    return value;
  }

  // The number times `scale`, to the nearest integer. Digits beyond the 18th after the point change nothing.
  std::optional<std::int64_t> times(std::int64_t scale) const {
    constexpr std::size_t kLongestWhole = 19;
    if (whole.size() > kLongestWhole && whole.find_first_not_of('0') < whole.size() - kLongestWhole)
      return std::nullopt;
    Wide total = 0;
    for (const char c : whole) total = total * 10 + (c - '0');
    total *= scale;
    Wide part = 0, parts = 1;
    for (const char c : std::string_view(fraction).substr(0, 18)) {
      part = part * 10 + (c - '0');
      parts *= 10;
    }
    total += (part * scale * 2 + parts) / (parts * 2);
    if (total > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return static_cast<std::int64_t>(total);
  }
};

// Takes a number from the front of the text.
std::optional<Digits> take_number(std::string_view& text) {
  Digits digits;
  std::size_t at = 0;
  while (at < text.size() && (is_digit(text[at]) || (text[at] == '_' && at != 0 && at + 1 < text.size() &&
                                                     is_digit(text[at + 1]) && text[at - 1] != '_'))) {
    if (text[at] != '_') digits.whole += text[at];
    ++at;
  }
  if (digits.whole.empty()) return std::nullopt;
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    for (++at; at < text.size() && is_digit(text[at]); ++at) digits.fraction += text[at];
  }
  text.remove_prefix(at);
  return digits;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() &&
         ((text[count] >= 'a' && text[count] <= 'z') || (text[count] >= 'A' && text[count] <= 'Z')))
    ++count;
  const std::string_view letters = text.substr(0, count);
  text.remove_prefix(count);
  return letters;
}

template <std::size_t count>
const Unit* find_unit(const Unit (&units)[count], std::string_view name) {
  const auto found =
      std::find_if(std::begin(units), std::end(units), [&](const Unit& unit) { return unit.name == name; });
  return found == std::end(units) ? nullptr : found;
}

std::optional<Value> number_literal(std::string_view text, ValueKind kind) {
  const auto digits = take_number(text);
  if (!digits || (kind == ValueKind::Ratio && !take(text, "%")) || !text.empty()) return std::nullopt;
  const auto value = digits->nearest(kind == ValueKind::Ratio ? -2 : 0);
  if (!value) return std::nullopt;
  return Value::rate(kind, *value);
}

std::optional<Value> duration_literal(std::string_view text, bool negative) {
  std::int64_t total = 0;
  const Unit* last = nullptr;
  while (!text.empty()) {
    const auto digits = take_number(text);
    const Unit* unit = find_unit(kTimeUnits, take_letters(text));
    if (!digits || unit == nullptr || (last != nullptr && unit <= last)) return std::nullopt;
    const auto part = digits->times(unit->scale);
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
    last = unit;
  }
  if (last == nullptr) return std::nullopt;
  return Value::duration(negative ? -total : total);
}

std::optional<Value> size_literal(std::string_view text, bool negative) {
  const auto digits = take_number(text);
  const Unit* unit = find_unit(kSizeUnits, text);
  if (!digits || unit == nullptr) return std::nullopt;
  const auto bytes = digits->times(unit->scale);
  if (!bytes) return std::nullopt;
  return Value::size(negative ? -*bytes : *bytes);
}

std::optional<Value> rate_literal(std::string_view text, ValueKind kind, bool negative) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const Unit* time = find_unit(kRateUnits, text.substr(slash + 1));
  if (time == nullptr) return std::nullopt;
  text = text.substr(0, slash);
  const auto digits = take_number(text);
  if (!digits) return std::nullopt;
  double scale = 1;
  if (kind == ValueKind::RatioRate && !take(text, "%")) return std::nullopt;
  if (kind == ValueKind::SizeRate) {
    const Unit* size = find_unit(kSizeUnits, text);
    if (size == nullptr) return std::nullopt;
    scale = static_cast<double>(size->scale);
    text = {};
  }
  const auto amount = digits->nearest(kind == ValueKind::RatioRate ? -2 : 0);
  if (!amount || !text.empty()) return std::nullopt;
  const double per_second = *amount * scale / static_cast<double>(time->scale);
  return Value::rate(kind, negative ? -per_second : per_second);
}

// Exactly `count` digits.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count), is_digit)) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (const char c : text.substr(0, count)) value = value * 10 + (c - '0');
  text.remove_prefix(count);
  return value;
}

// `02:00`, with seconds and a fraction of them where they follow.
std::optional<Nanoseconds> take_time(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  Nanoseconds time = (*hour * 60 + *minute) * 60 * kSecondLength;
  if (take(text, ":")) {
    if (text.size() < 2 || !is_digit(text[0]) || !is_digit(text[1])) return std::nullopt;
    const auto seconds = take_number(text);
    if (!seconds || seconds->whole.size() != 2 || seconds->fraction.size() > 9) return std::nullopt;
    const auto part = seconds->times(kSecondLength);
    if (!part || *part >= 60 * kSecondLength) return std::nullopt;
    time += *part;
  }
  if (time > kDayLength) return std::nullopt;
  return time;
}

std::optional<Nanoseconds> take_offset(std::string_view& text) {
  if (take(text, "Z")) return 0;
  const bool behind = take(text, "-");
  if (!behind && !take(text, "+")) return std::nullopt;
  const auto offset = take_time(text);
  if (!offset) return std::nullopt;
  return behind ? -*offset : *offset;
}

std::optional<Value> instant_literal(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, "T")) return std::nullopt;
  const auto time = take_time(text);
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!time || !offset || !text.empty() || !date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  // In 128 bits: the first representable day begins before the first representable instant.
  const Wide instant = static_cast<Wide>(days) * kDayLength + *time - *offset;
  if (instant > std::numeric_limits<std::int64_t>::max() || instant < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return Value::instant(static_cast<Nanoseconds>(instant));
}

std::optional<Value> time_literal(std::string_view text) {
  const auto time = take_time(text);
  if (!time || !text.empty()) return std::nullopt;
  return Value::time_of_day(*time);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

// After the backslash.
bool take_escape(std::string_view& text, std::string& out) {
  if (text.empty()) return false;
  const char c = text.front();
  text.remove_prefix(1);
  constexpr std::string_view kLetters = "nrt\"\\$", kMeanings = "\n\r\t\"\\$";
  if (const std::size_t letter = kLetters.find(c); letter != std::string_view::npos) {
    out += kMeanings[letter];
    return true;
  }
  if (c != 'u' || !take(text, "{")) return false;
  std::uint32_t code = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), code, 16);
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  if (read.ec != std::errc{} || !take(text, "}") || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
  append_utf8(out, code);
  return true;
}

std::optional<std::string> take_quoted(std::string_view& text) {
  if (!take(text, "\"")) return std::nullopt;
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return out;
    if (c == '\n' || (c == '$' && text.starts_with('{'))) return std::nullopt;
    if (c != '\\') {
      out += c;
    } else if (!take_escape(text, out)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() &&
         (text.front() == ' ' || text.front() == '\t' || text.front() == '\n' || text.front() == '\r')) {
    text.remove_prefix(1);
  }
}

std::optional<Value> take_any(std::string_view& text, std::uint32_t depth);

std::optional<Value> take_list(std::string_view& text, std::uint32_t depth) {
  List list;
  for (skip_blanks(text); !take(text, "]"); skip_blanks(text)) {
    if (!list.empty() && !take(text, ",")) return std::nullopt;
    auto element = take_any(text, depth);
    if (!element) return std::nullopt;
    list.push_back(std::move(*element));
  }
  return Value::list(std::move(list));
}

std::optional<Value> take_map(std::string_view& text, std::uint32_t depth) {
  Map map;
  for (skip_blanks(text); !take(text, "}"); skip_blanks(text)) {
    if (!map.empty() && !take(text, ",")) return std::nullopt;
    skip_blanks(text);
    auto key = take_quoted(text);
    skip_blanks(text);
    if (!key || !take(text, ":")) return std::nullopt;
    auto element = take_any(text, depth);
    if (!element) return std::nullopt;
    map.emplace_back(std::move(*key), std::move(*element));
  }
  return Value::map(std::move(map));
}

// A literal of whatever kind it is; depth is how many lists and maps stand around it.
std::optional<Value> take_any(std::string_view& text, std::uint32_t depth) {
  if (depth > kMaxValueDepth) return std::nullopt;
  skip_blanks(text);
  if (text.starts_with('"')) {
    auto quoted = take_quoted(text);
    if (!quoted) return std::nullopt;
    return Value::string(std::move(*quoted));
  }
  if (take(text, "[")) return take_list(text, depth + 1);
  if (take(text, "{")) return take_map(text, depth + 1);
  const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n,]}"));
  text.remove_prefix(word.size());
  constexpr ValueKind kKinds[] = {
      ValueKind::Missing,  ValueKind::Bool,      ValueKind::Number,     ValueKind::Ratio,
      ValueKind::Duration, ValueKind::Size,      ValueKind::Instant,    ValueKind::TimeOfDay,
      ValueKind::SizeRate, ValueKind::RatioRate, ValueKind::NumberRate,
  };
  for (const ValueKind kind : kKinds) {
    if (auto value = parse_literal(word, kind)) return value;
  }
  return std::nullopt;
}

std::optional<Value> whole_literal(std::string_view text, ValueKind kind) {
  auto value = take_any(text, 0);
  skip_blanks(text);
  if (!value || !text.empty() || (kind != ValueKind::Any && value->kind() != kind)) return std::nullopt;
  return value;
}

std::optional<Value> word_literal(std::string_view text, ValueKind kind) {
  if (kind == ValueKind::Missing) return text == "missing" ? std::optional(Value()) : std::nullopt;
  if (text == "true" || text == "false") return Value::boolean(text == "true");
  return std::nullopt;
}

}  // namespace

std::optional<Value> parse_literal(std::string_view text, ValueKind kind) {
  const std::string_view whole = text;
  const bool negative = take(text, "-");
  switch (kind) {
    case ValueKind::Missing:
    case ValueKind::Bool: return word_literal(whole, kind);
    case ValueKind::Number:
    case ValueKind::Ratio: {
      const auto value = number_literal(text, kind);
      return value && negative ? Value::rate(kind, -value->as_double()) : value;
    }
    case ValueKind::Duration: return duration_literal(text, negative);
    case ValueKind::Size: return size_literal(text, negative);
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return rate_literal(text, kind, negative);
    case ValueKind::TimeOfDay: return time_literal(whole);
    case ValueKind::Instant: return instant_literal(whole);
    case ValueKind::String: return Value::string(std::string(whole));
    case ValueKind::Enum: return is_name(whole) ? std::optional(Value::label(std::string(whole), 0)) : std::nullopt;
    case ValueKind::List:
    case ValueKind::Map:
    case ValueKind::Any: return whole_literal(whole, kind);
    case ValueKind::Secret: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::pair<ValueKind, double>> unit_scale(std::string_view unit) {
  if (unit == "%") return std::pair(ValueKind::Ratio, 0.01);
  if (const Unit* time = find_unit(kTimeUnits, unit))
    return std::pair(ValueKind::Duration, static_cast<double>(time->scale));
  if (const Unit* size = find_unit(kSizeUnits, unit))
    return std::pair(ValueKind::Size, static_cast<double>(size->scale));
  const std::size_t slash = unit.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const Unit* time = find_unit(kRateUnits, unit.substr(slash + 1));
  const std::string_view amount = unit.substr(0, slash);
  if (time == nullptr) return std::nullopt;
  const auto seconds = static_cast<double>(time->scale);
  if (amount.empty()) return std::pair(ValueKind::NumberRate, 1 / seconds);
  if (amount == "%") return std::pair(ValueKind::RatioRate, 0.01 / seconds);
  const Unit* size = find_unit(kSizeUnits, amount);
  if (size == nullptr) return std::nullopt;
  return std::pair(ValueKind::SizeRate, static_cast<double>(size->scale) / seconds);
}

}  // namespace rollout::plan
