#include "grammar/quantity_scanner.hpp"

#include <algorithm>
#include <array>

#include "grammar/words.hpp"

namespace rollout::grammar {
namespace {

constexpr std::array<std::string_view, 8> kTimeUnits = {"ns", "us", "ms", "s", "m", "h", "d", "w"};
constexpr std::array<std::string_view, 9> kSizeUnits = {"B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"};

// A place in the text with bounds-checked looks ahead.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t place = 0;

  char peek(std::size_t ahead = 0) const { return place + ahead < text_.size() ? text_[place + ahead] : '\0'; }
  bool digit(std::size_t ahead = 0) const { return is_digit(peek(ahead)); }
  std::string_view word() const {
    std::size_t stop = place;
    while (stop < text_.size() && is_word_part(text_[stop])) ++stop;
    return text_.substr(place, stop - place);
  }
  std::string_view letters() const {
    std::size_t stop = place;
    while (stop < text_.size() && is_word_part(text_[stop]) && !is_digit(text_[stop])) ++stop;
    return text_.substr(place, stop - place);
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++place;
    return true;
  }
  bool take_digits(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!digit(i)) return false;
    }
    place += count;
    return true;
  }
  // DIGITS ('.' DIGIT+)?
  bool take_number() {
    if (!digit()) return false;
    while (digit() || (peek() == '_' && digit(1))) ++place;
    if (peek() == '.' && digit(1)) {
      ++place;
      while (digit()) ++place;
    }
    return true;
  }

 private:
  std::string_view text_;
};

int number_at(std::string_view text, std::size_t begin, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(begin, count)) value = value * 10 + (c - '0');
  return value;
}

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

bool is_date_that_exists(std::string_view date) {
  const int month = number_at(date, 5, 2);
  const int day = number_at(date, 8, 2);
  return month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(number_at(date, 0, 4), month);
}

// Two digits, a colon, two digits, and a time that clocks show.
bool take_clock_time(Scanner& scanner, std::string_view text) {
  const std::size_t begin = scanner.place;
  if (!scanner.take_digits(2) || !scanner.take(':') || !scanner.take_digits(2)) return false;
  return number_at(text, begin, 2) < 24 && number_at(text, begin + 3, 2) < 60;
}

bool is_date(const Scanner& scanner) {
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (!scanner.digit(i)) return false;
  }
  return scanner.peek(4) == '-' && scanner.peek(7) == '-';
}

// What follows the `T` of an instant.
bool take_instant_tail(Scanner& scanner, std::string_view text) {
  if (!take_clock_time(scanner, text)) return false;
  if (scanner.take(':')) {
    if (!scanner.take_digits(2) || number_at(text, scanner.place - 2, 2) > 59) return false;
    if (scanner.peek() == '.' && scanner.digit(1)) {
      ++scanner.place;
      while (scanner.digit()) ++scanner.place;
    }
  }
  if (scanner.take('Z')) return true;
  return (scanner.take('+') || scanner.take('-')) && take_clock_time(scanner, text);
}

ScannedQuantity scan_date(Scanner scanner, std::string_view text) {
  scanner.place = 10;
  if (scanner.peek() != 'T') {
    return {SyntaxKind::MalformedDate, scanner.place + scanner.word().size()};
  }
  ++scanner.place;
  if (take_instant_tail(scanner, text) && scanner.word().empty() && is_date_that_exists(text)) {
    return {SyntaxKind::Instant, scanner.place};
  }
  scanner.place = 11;
  for (;; ++scanner.place) {
    const char c = scanner.peek();
    const bool joins_digits = (c == '+' || c == '-' || c == '.') && scanner.digit(1);
    if (!is_word_part(c) && c != ':' && !joins_digits) break;
  }
  return {SyntaxKind::MalformedInstant, scanner.place};
}

ScannedQuantity scan_time_of_day(Scanner scanner, std::string_view text) {
  scanner.place = 0;
  // 24:00 is the end of a day, in windows.
  const bool end_of_day = text.starts_with("24:00");
  if ((take_clock_time(scanner, text) || end_of_day) && scanner.word().empty() &&
      !(scanner.peek() == ':' && scanner.digit(1))) {
    return {SyntaxKind::TimeOfDay, scanner.place};
  }
  scanner.place = 0;
  while (is_word_part(scanner.peek()) || (scanner.peek() == ':' && scanner.digit(1))) ++scanner.place;
  return {SyntaxKind::MalformedTime, scanner.place};
}

// `/s` and its like behind an amount.
bool take_per_time(Scanner& scanner) {
  if (scanner.peek() != '/') return false;
  constexpr std::string_view kPer = "smhdw";
  if (kPer.find(scanner.peek(1)) == std::string_view::npos || scanner.peek(1) == '\0' ||
      is_word_part(scanner.peek(2))) {
    return false;
  }
  scanner.place += 2;
  return true;
}

// The rest of a word of digits, letters and decimal points, glued to something that it does not belong to.
ScannedQuantity malformed(Scanner scanner, SyntaxKind kind) {
  while (is_word_part(scanner.peek()) || (scanner.peek() == '.' && scanner.digit(1))) ++scanner.place;
  return {kind, scanner.place};
}

// `1h30m` from behind its first number.
bool take_duration(Scanner& scanner) {
  do {
    const std::string_view unit = scanner.letters();
    if (!is_time_unit(unit)) return false;
    scanner.place += unit.size();
  } while (scanner.take_number());
  return scanner.word().empty();
}

// `1e5`, `0x1f`, `1__0`, `1_`: ways to write numbers that other languages have.
bool is_foreign_number(const Scanner& scanner, std::string_view number) {
  const std::string_view rest = scanner.word();
  if (rest.front() == '_') return true;
  const char c = static_cast<char>(rest.front() | 0x20);
  if (number == "0" && (c == 'x' || c == 'o') && rest.size() > 1) return true;
  if (number == "0" && c == 'b' && rest.size() > 1 && is_digit(rest[1])) return true;
  if (c != 'e') return false;
  if (rest.size() == 1) return (scanner.peek(1) == '+' || scanner.peek(1) == '-') && scanner.digit(2);
  return std::all_of(rest.begin() + 1, rest.end(), is_digit);
}

ScannedQuantity scan_foreign_number(Scanner scanner) {
  const std::size_t length = scanner.word().size();
  scanner.place += length;
  if (length == 1 && (scanner.peek() == '+' || scanner.peek() == '-')) ++scanner.place;
  return malformed(scanner, SyntaxKind::MalformedNumber);
}

ScannedQuantity scan_with_letters(Scanner scanner, std::string_view number) {
  const std::string_view unit = scanner.word();
  if (is_size_unit(unit)) {
    scanner.place += unit.size();
    return {take_per_time(scanner) ? SyntaxKind::Rate : SyntaxKind::Size, scanner.place};
  }
  Scanner duration = scanner;
  if (take_duration(duration)) return {SyntaxKind::Duration, duration.place};
  if (is_foreign_number(scanner, number)) return scan_foreign_number(scanner);
  return malformed(scanner, SyntaxKind::MalformedUnit);
}

// `5 m`, `5 %`: a plain number, blanks and a unit that no name can be.
bool take_spaced_unit(Scanner& scanner) {
  Scanner ahead = scanner;
  while (ahead.peek() == ' ' || ahead.peek() == '\t') ++ahead.place;
  if (ahead.place == scanner.place) return false;
  if (ahead.peek() == '%') {
    ++ahead.place;
  } else {
    const std::string_view unit = ahead.word();
    if (!is_time_unit(unit) && !is_size_unit(unit)) return false;
    ahead.place += unit.size();
    const char behind = ahead.peek();
    if (behind == '(' || behind == '[' || behind == '.' || behind == ':') return false;
  }
  scanner = ahead;
  return true;
}

}  // namespace

bool is_time_unit(std::string_view text) {
  return std::ranges::find(kTimeUnits, text) != kTimeUnits.end();
}
bool is_size_unit(std::string_view text) {
  return std::ranges::find(kSizeUnits, text) != kSizeUnits.end();
}

ScannedQuantity scan_quantity(std::string_view text) {
  Scanner scanner(text);
  if (is_date(scanner)) return scan_date(scanner, text);
  if (scanner.take('.')) return malformed(scanner, SyntaxKind::MalformedNumber);
  while (scanner.digit()) ++scanner.place;
  if (scanner.peek() == ':' && scanner.digit(1)) return scan_time_of_day(scanner, text);
  scanner.place = 0;
  scanner.take_number();
  const std::string_view number = text.substr(0, scanner.place);
  if (scanner.take('%')) {
    if (is_word_part(scanner.peek())) return malformed(scanner, SyntaxKind::MalformedUnit);
    return {take_per_time(scanner) ? SyntaxKind::Rate : SyntaxKind::Ratio, scanner.place};
  }
  if (is_word_part(scanner.peek())) return scan_with_letters(scanner, number);
  if (take_per_time(scanner)) return {SyntaxKind::Rate, scanner.place};
  if (take_spaced_unit(scanner)) return {SyntaxKind::MalformedSpacedUnit, scanner.place};
  return {SyntaxKind::Number, scanner.place};
}

}  // namespace rollout::grammar
