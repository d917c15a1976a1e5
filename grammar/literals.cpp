#include "grammar/literals.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "grammar/words.hpp"

namespace rollout::grammar {
namespace {

// Exact arithmetic on decimal literals needs more than 64 bits on the way.
__extension__ using Wide = __int128;

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kNanosecondsPerMinute = 60 * kNanosecondsPerSecond;
constexpr std::int64_t kNanosecondsPerDay = 24 * 60 * kNanosecondsPerMinute;
constexpr std::int64_t kPartsPerUnit = 1'000'000'000;

struct Unit {
  std::string_view name;
  std::int64_t amount;
};

// From small to large.
constexpr std::array<Unit, 8> kTimeUnits = {{{"ns", 1},
                                             {"us", 1'000},
                                             {"ms", 1'000'000},
                                             {"s", kNanosecondsPerSecond},
                                             {"m", kNanosecondsPerMinute},
                                             {"h", 60 * kNanosecondsPerMinute},
                                             {"d", kNanosecondsPerDay},
                                             {"w", 7 * kNanosecondsPerDay}}};
constexpr std::array<Unit, 9> kSizeUnits = {{{"B", 1},
                                             {"kB", 1'000},
                                             {"MB", 1'000'000},
                                             {"GB", 1'000'000'000},
                                             {"TB", 1'000'000'000'000},
                                             {"KiB", 1LL << 10},
                                             {"MiB", 1LL << 20},
                                             {"GiB", 1LL << 30},
                                             {"TiB", 1LL << 40}}};

template <std::size_t kCount>
std::optional<std::int64_t> amount_of(const std::array<Unit, kCount>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.amount;
  }
  return std::nullopt;
}

bool is_number_part(char c) {
  return is_digit(c) || c == '.' || c == '_';
}

std::size_t number_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_number_part(text[length])) ++length;
  return length;
}

// number * scale, exactly where it has no more than the digits of the scale; rounded to nearest otherwise.
Decoded<std::int64_t> scaled(std::string_view number, std::int64_t scale) {
  constexpr Wide kLimit = std::numeric_limits<std::int64_t>::max();
  Wide whole = 0;
  Wide fraction = 0;
  Wide fraction_scale = 1;
  bool behind_point = false;
  bool cut = false;
  for (const char c : number) {
    if (c == '.') behind_point = true;
    if (!is_digit(c)) continue;
    if (!behind_point) {
      whole = whole * 10 + (c - '0');
      if (whole > kLimit) return {0, LiteralFault::Overflow};
    } else if (fraction_scale < Wide(1'000'000'000'000'000'000)) {
      fraction = fraction * 10 + (c - '0');
      fraction_scale *= 10;
    } else if (c != '0') {
      cut = true;
    }
  }
  const Wide scaled_fraction = fraction * scale;
  const Wide value = whole * scale + (scaled_fraction + fraction_scale / 2) / fraction_scale;
  if (value > kLimit) return {0, LiteralFault::Overflow};
  const bool exact = !cut && scaled_fraction % fraction_scale == 0;
  return {static_cast<std::int64_t>(value), exact ? LiteralFault::None : LiteralFault::TooFine};
}

int digits_at(std::string_view text, std::size_t begin, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(begin, count)) value = value * 10 + (c - '0');
  return value;
}

bool is_clock_time(std::string_view text) {
  return text.size() >= 5 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' && is_digit(text[3]) &&
         is_digit(text[4]);
}

std::int64_t clock_nanoseconds(std::string_view text) {
  return (digits_at(text, 0, 2) * 60 + digits_at(text, 3, 2)) * kNanosecondsPerMinute;
}

// Days from 1970-01-01 in the Gregorian calendar, by eras of 400 years that begin in March.
std::int64_t days_from_epoch(int year, int month, int day) {
  const std::int64_t shifted = month <= 2 ? year - 1 : year;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const std::int64_t year_of_era = shifted - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

// The offset from UTC that an instant ends with, in nanoseconds.
std::optional<std::int64_t> zone_offset(std::string_view zone) {
  if (zone == "Z") return 0;
  if (zone.size() != 6 || !is_clock_time(zone.substr(1))) return std::nullopt;
  return zone[0] == '-' ? -clock_nanoseconds(zone.substr(1)) : clock_nanoseconds(zone.substr(1));
}

}  // namespace

std::optional<std::int64_t> nanoseconds_of_unit(std::string_view unit) {
  return amount_of(kTimeUnits, unit);
}
std::optional<std::int64_t> bytes_of_unit(std::string_view unit) {
  return amount_of(kSizeUnits, unit);
}

Decoded<double> decode_number(std::string_view text, int exponent) {
  std::string digits;
  for (const char c : text) {
    if (!is_number_part(c)) return {0, LiteralFault::Malformed};
    if (c != '_') digits += c;
  }
  if (exponent != 0 && !digits.empty()) digits += "e" + std::to_string(exponent);
  double value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) return {0, LiteralFault::Overflow};
  if (error != std::errc() || stop != digits.data() + digits.size()) return {0, LiteralFault::Malformed};
  return {value, LiteralFault::None};
}

Decoded<RatioValue> decode_ratio(std::string_view text) {
  if (!text.ends_with('%')) return {{}, LiteralFault::Malformed};
  const std::string_view number = text.substr(0, text.size() - 1);
  if (number.empty() || number_length(number) != number.size()) return {{}, LiteralFault::Malformed};
  const auto parts = scaled(number, kPartsPerUnit / 100);
  if (parts.fault == LiteralFault::Overflow) return {{}, LiteralFault::Overflow};
  // The double nearest to the hundredth: 0.7 / 100 is not 0.007, so the point is moved in the text.
  return {{parts.value, decode_number(number, -2).value}, parts.fault};
}

Decoded<std::int64_t> decode_duration(std::string_view text) {
  Decoded<std::int64_t> total;
  std::int64_t previous = std::numeric_limits<std::int64_t>::max();
  if (text.empty()) return {0, LiteralFault::Malformed};
  while (!text.empty()) {
    const std::string_view number = text.substr(0, number_length(text));
    text.remove_prefix(number.size());
    std::size_t unit_length = 0;
    while (unit_length < text.size() && !is_digit(text[unit_length])) ++unit_length;
    const auto unit = nanoseconds_of_unit(text.substr(0, unit_length));
    if (number.empty() || !unit) return {0, LiteralFault::Malformed};
    text.remove_prefix(unit_length);
    const auto part = scaled(number, *unit);
    if (part.fault == LiteralFault::Overflow || part.value > std::numeric_limits<std::int64_t>::max() - total.value) {
      return {0, LiteralFault::Overflow};
    }
    total.value += part.value;
    if (total.fault == LiteralFault::None) total.fault = part.fault;
    if (*unit == previous) total.fault = LiteralFault::RepeatedUnit;
    if (*unit > previous) total.fault = LiteralFault::UnitOrder;
    previous = *unit;
  }
  return total;
}

Decoded<std::int64_t> decode_size(std::string_view text) {
  const std::string_view number = text.substr(0, number_length(text));
  const auto unit = bytes_of_unit(text.substr(number.size()));
  if (number.empty() || !unit) return {0, LiteralFault::Malformed};
  return scaled(number, *unit);
}

Decoded<RateValue> decode_rate(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {{}, LiteralFault::Malformed};
  const std::string_view amount = text.substr(0, slash);
  const auto per = nanoseconds_of_unit(text.substr(slash + 1));
  if (!per) return {{}, LiteralFault::Malformed};
  if (amount.ends_with('%')) {
    const auto ratio = decode_ratio(amount);
    return {{SyntaxKind::Ratio, ratio.value.value, *per}, ratio.fault};
  }
  if (amount.ends_with('B')) {
    const auto size = decode_size(amount);
    return {{SyntaxKind::Size, static_cast<double>(size.value), *per}, size.fault};
  }
  const auto number = decode_number(amount);
  return {{SyntaxKind::Number, number.value, *per}, number.fault};
}

Decoded<std::int64_t> decode_time_of_day(std::string_view text) {
  if (text == "24:00") return {kNanosecondsPerDay, LiteralFault::None};
  if (text.size() != 5 || !is_clock_time(text)) return {0, LiteralFault::Malformed};
  return {clock_nanoseconds(text), LiteralFault::None};
}

Decoded<std::int64_t> decode_instant(std::string_view text) {
  if (text.size() < 17 || text[10] != 'T' || !is_clock_time(text.substr(11))) return {0, LiteralFault::Malformed};
  const std::int64_t days = days_from_epoch(digits_at(text, 0, 4), digits_at(text, 5, 2), digits_at(text, 8, 2));
  std::int64_t in_day = clock_nanoseconds(text.substr(11));
  LiteralFault fault = LiteralFault::None;
  std::size_t at = 16;
  if (text[at] == ':') {
    const std::size_t stop = text.find_first_of("Z+-", at);
    const auto seconds = scaled(text.substr(at + 1, stop - at - 1), kNanosecondsPerSecond);
    in_day += seconds.value;
    fault = seconds.fault;
    at = stop;
  }
  if (at == std::string_view::npos) return {0, LiteralFault::Malformed};
  const auto offset = zone_offset(text.substr(at));
  if (!offset) return {0, LiteralFault::Malformed};
  const Wide value = Wide(days) * kNanosecondsPerDay + in_day - *offset;
  if (value > std::numeric_limits<std::int64_t>::max() || value < std::numeric_limits<std::int64_t>::min()) {
    return {0, LiteralFault::Overflow};
  }
  return {static_cast<std::int64_t>(value), fault};
}

}  // namespace rollout::grammar
