#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>

#include "runtime/plan/units.hpp"
#include "runtime/plan/value.hpp"

// Values as the language writes them. Every text here is read back by parse_literal (literal.cpp) as the same value.

namespace rollout::plan {

namespace {

constexpr Nanoseconds kSecondLength = 1'000'000'000;
constexpr Nanoseconds kDayLength = 86'400 * kSecondLength;

// Room for the longest shortest double without exponent: a sign, "0.", 324 zeros and 17 digits.
constexpr std::size_t kLongestDouble = 400;

std::string irregular_text(double value) {
  if (std::isnan(value)) return "nan";
  return value < 0 ? "-inf" : "inf";
}

// The fewest digits that give this double again, without an exponent, the decimal point `shift` places to the right.
std::string decimal_text(double value, int shift = 0) {
  if (!std::isfinite(value)) return irregular_text(value);
  char buffer[kLongestDouble];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
  const std::size_t mark = text.find('e');
  std::string digits(text.substr(0, 1));
  if (mark > 2) digits += text.substr(2, mark - 2);
  int exponent = 0;
  const bool negative_exponent = text[mark + 1] == '-';
  std::from_chars(text.data() + mark + 2, text.data() + text.size(), exponent);
  const int point = (negative_exponent ? -exponent : exponent) + 1 + shift;  // digits before the decimal point

  std::string result = value < 0 ? "-" : "";
  if (digits == "0") return "0";
  const int count = static_cast<int>(digits.size());
  if (point <= 0) return result + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (point >= count) return result + digits + std::string(static_cast<std::size_t>(point - count), '0');
  return result + digits.substr(0, static_cast<std::size_t>(point)) + "." +
         digits.substr(static_cast<std::size_t>(point));
}

// `value` of whole parts and a remainder of at most nine digits, without trailing zeros: (1, 500'000'000,
// 1'000'000'000) is "1.5".
std::string fraction_text(std::uint64_t whole, std::uint64_t part, std::uint64_t parts) {
  std::string text = std::to_string(whole);
  if (part == 0) return text;
  text += '.';
  for (parts /= 10; part != 0; parts /= 10) {
    text += static_cast<char>('0' + part / parts);
    part %= parts;
  }
  return text;
}

// A duration below a minute, exactly: one decimal number in the largest unit that leaves no leading zero.
std::string seconds_text(std::uint64_t nanoseconds) {
  constexpr Unit kBelowMinute[] = {kTimeUnits[4], kTimeUnits[5], kTimeUnits[6], kTimeUnits[7]};
  for (const Unit& unit : kBelowMinute) {
    const auto scale = static_cast<std::uint64_t>(unit.scale);
    if (nanoseconds < scale) continue;
    return fraction_text(nanoseconds / scale, nanoseconds % scale, scale).append(unit.name);
  }
  return "0s";
}

// A duration below a minute, to three digits.
std::string short_seconds_text(std::uint64_t nanoseconds) {
  for (std::size_t index = 4; index < std::size(kTimeUnits); ++index) {
    const auto scale = static_cast<std::uint64_t>(kTimeUnits[index].scale);
    if (nanoseconds < scale) continue;
    const std::uint64_t step = nanoseconds >= 100 * scale  ? scale
                               : nanoseconds >= 10 * scale ? scale / 10
                                                           : scale / 100;
    if (step > 1) nanoseconds -= nanoseconds % step;
    break;
  }
  return seconds_text(nanoseconds);
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

std::string short_duration_text(std::uint64_t left) {
  constexpr std::size_t kDays = 1;
  constexpr std::size_t kSeconds = 4;
  std::string text;
  std::size_t shown = 0;
  for (std::size_t index = kDays; index <= kSeconds && shown < 2; ++index) {
    const auto scale = static_cast<std::uint64_t>(kTimeUnits[index].scale);
    if (shown == 0 && index == kSeconds) return short_seconds_text(left);
    if (left / scale != 0) text += fmt::format("{}{}", left / scale, kTimeUnits[index].name);
    if (left / scale != 0 || shown != 0) ++shown;
    left %= scale;
  }
  return text;
}

std::string exact_duration_text(std::uint64_t left) {
  const auto week = static_cast<std::uint64_t>(kTimeUnits[0].scale);
  const auto minute = static_cast<std::uint64_t>(kTimeUnits[3].scale);
  if (left != 0 && left % week == 0) return fmt::format("{}w", left / week);
  std::string text;
  for (const Unit& unit : {kTimeUnits[1], kTimeUnits[2], kTimeUnits[3]}) {
    const auto scale = static_cast<std::uint64_t>(unit.scale);
    if (left / scale != 0) text += fmt::format("{}{}", left / scale, unit.name);
    left %= scale;
  }
  if (text.empty() || left % minute != 0) text += seconds_text(left);
  return text;
}

std::string size_text(std::int64_t bytes) {
  const std::uint64_t amount = magnitude(bytes);
  for (const Unit& unit : kSizeUnits) {
    const auto scale = static_cast<std::uint64_t>(unit.scale);
    if (amount == 0 ? unit.scale != 1 : amount % scale != 0) continue;
    return fmt::format("{}{}{}", bytes < 0 ? "-" : "", amount / scale, unit.name);
  }
  return {};
}

// Longer numbers in a rate are noise of a division: another unit of time or size may show what the author wrote.
constexpr std::size_t kReadableDigits = 7;

// `amount` of one unit of time if a reader who divides by its seconds gets exactly `per_second` again.
std::optional<std::string> rate_part(double per_second, double seconds, double scale, int shift) {
  // The product is up to one rounding away from the amount that was divided: try its neighbours too.
  const double product = per_second * seconds / scale;
  for (const double amount : {product, std::nextafter(product, 0.0), std::nextafter(product, 2 * product)}) {
    std::string text = decimal_text(amount, shift);
    if (text.size() <= kReadableDigits && amount * scale / seconds == per_second) return text;
  }
  return std::nullopt;
}

std::string number_rate_text(double per_second, int shift, std::string_view suffix) {
  for (const Unit& time : kRateUnits) {
    const auto text = rate_part(per_second, static_cast<double>(time.scale), 1, shift);
    if (text) return fmt::format("{}{}/{}", *text, suffix, time.name);
  }
  return fmt::format("{}{}/s", decimal_text(per_second, shift), suffix);
}

std::string size_rate_text(double per_second) {
  for (const Unit& time : kRateUnits) {
    const auto seconds = static_cast<double>(time.scale);
    for (const Unit& size : kSizeUnits) {
      const auto scale = static_cast<double>(size.scale);
      if (size.scale != 1 && std::abs(per_second) * seconds < scale) continue;
      const auto text = rate_part(per_second, seconds, scale, 0);
      if (text) return fmt::format("{}{}/{}", *text, size.name, time.name);
    }
  }
  return decimal_text(per_second) + "B/s";
}

std::string time_of_day_text(Nanoseconds since_midnight) {
  if (since_midnight < 0 || since_midnight > kDayLength) return duration_text(since_midnight);
  const std::int64_t minutes = since_midnight / (60 * kSecondLength);
  const Nanoseconds rest = since_midnight % (60 * kSecondLength);
  std::string text = fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
  if (rest == 0) return text;
  const auto part = static_cast<std::uint64_t>(rest % kSecondLength);
  const std::string seconds = fraction_text(static_cast<std::uint64_t>(rest / kSecondLength), part, kSecondLength);
  return text + (rest < 10 * kSecondLength ? ":0" : ":") + seconds;
}

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char c = text[index];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '$' && index + 1 < text.size() && text[index + 1] == '{') {
      out += "\\$";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(byte));
    } else {
      out += c;
    }
  }
}

void append_literal(std::string& out, const Value& value);

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_list(std::string& out, const List& list) {
  out += '[';
  for (std::size_t index = 0; index < list.size(); ++index) {
    if (index != 0) out += ", ";
    append_literal(out, list[index]);
  }
  out += ']';
}

void append_map(std::string& out, const Map& map) {
  if (map.empty()) {
    out += "{}";
    return;
  }
  out += "{ ";
  for (std::size_t index = 0; index < map.size(); ++index) {
    if (index != 0) out += ", ";
    append_quoted(out, map[index].first);
    out += ": ";
    append_literal(out, map[index].second);
  }
  out += " }";
}

// Depth is bounded by kMaxValueDepth.
void append_literal(std::string& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::Missing:
    case ValueKind::Any: out += "missing"; return;
    case ValueKind::Bool: out += value.as_bool() ? "true" : "false"; return;
    case ValueKind::Number: out += decimal_text(value.as_double()); return;
    case ValueKind::Ratio: out += decimal_text(value.as_double(), 2) + "%"; return;
    case ValueKind::Duration: out += duration_text(value.as_integer()); return;
    case ValueKind::Size: out += size_text(value.as_integer()); return;
    case ValueKind::NumberRate: out += number_rate_text(value.as_double(), 0, ""); return;
    case ValueKind::RatioRate: out += number_rate_text(value.as_double(), 2, "%"); return;
    case ValueKind::SizeRate: out += size_rate_text(value.as_double()); return;
    case ValueKind::TimeOfDay: out += time_of_day_text(value.as_integer()); return;
    case ValueKind::Instant: out += instant_text(value.as_integer()); return;
    case ValueKind::String: append_quoted(out, value.as_string()); return;
    case ValueKind::Enum: out += value.as_string(); return;
    case ValueKind::List: append_list(out, value.as_list()); return;
    case ValueKind::Map: append_map(out, value.as_map()); return;
    case ValueKind::Secret: out += "***"; return;
  }
}

}  // namespace

std::string to_literal(const Value& value) {
  std::string text;
  append_literal(text, value);
  return text;
}

std::string to_text(const Value& value) {
  return value.kind() == ValueKind::String ? value.as_string() : to_literal(value);
}

std::string duration_text(Nanoseconds value, DurationForm form) {
  const std::string text =
      form == DurationForm::Exact ? exact_duration_text(magnitude(value)) : short_duration_text(magnitude(value));
  return value < 0 ? "-" + text : text;
}

std::string instant_text(Nanoseconds value) {
  using std::chrono::days;
  using std::chrono::sys_days;
  std::int64_t day = value / kDayLength;
  Nanoseconds rest = value % kDayLength;
  if (rest < 0) {
    rest += kDayLength;
    --day;
  }
  const std::chrono::year_month_day date{sys_days{days{day}}};
  const std::int64_t seconds = rest / kSecondLength;
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), seconds / 3600,
                                 seconds / 60 % 60, seconds % 60);
  const auto part = static_cast<std::uint64_t>(rest % kSecondLength);
  if (part != 0) text += fraction_text(0, part, kSecondLength).substr(1);
  return text + "Z";
}

}  // namespace rollout::plan
