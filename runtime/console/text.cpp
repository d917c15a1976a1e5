#include "runtime/console/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace rollout::console {

namespace {

constexpr plan::Nanoseconds kSecond = 1'000'000'000;

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::Plain: return {};
    case Tone::Good: return "32";
    case Tone::Careful: return "33";
    case Tone::Bad: return "31";
    case Tone::Accent: return "36";
    case Tone::Strong: return "1";
    case Tone::Faint: return "2";
  }
  return {};
}

// The length in bytes of the well-formed UTF-8 character at the start, 0 where there is none, and its code point.
std::size_t decode(std::string_view text, char32_t& point) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    point = first;
    return 1;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first > 0xf4 || text.size() < length) return 0;
  point = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = (point << 6) | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool valid = point >= kSmallest[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return valid ? length : 0;
}

bool is_invisible(char32_t point) {
  const bool direction = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
                         point == 0x200e || point == 0x200f;
  const bool line_break = point == 0x2028 || point == 0x2029;
  return direction || line_break || point == 0xfeff || point == 0x200b;
}

std::string escape_of(char32_t point) {
  if (point == '\n') return "\\n";
  if (point == '\t') return "\\t";
  if (point == '\r') return "\\r";
  return point < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(point))
                       : fmt::format("\\u{:04x}", static_cast<unsigned>(point));
}

bool is_combining(char32_t point) {
  return (point >= 0x300 && point <= 0x36f) || point == 0x200d || (point >= 0xfe00 && point <= 0xfe0f);
}

// East Asian and emoji characters that take two cells.
bool is_wide(char32_t point) {
  return (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
         (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
         (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
         (point >= 0x1f300 && point <= 0x1faff) || (point >= 0x20000 && point <= 0x3fffd);
}

std::size_t cells_of(char32_t point) {
  return is_combining(point) ? 0 : is_wide(point) ? 2 : 1;
}

// How many bytes of the text fit into so many columns.
std::size_t bytes_within(std::string_view text, std::size_t width) {
  std::size_t used = 0, at = 0;
  while (at < text.size()) {
    char32_t point = 0;
    const std::size_t length = std::max<std::size_t>(1, decode(text.substr(at), point));
    used += cells_of(point);
    if (used > width) break;
    at += length;
  }
  return at;
}

}  // namespace

std::string painted(std::string_view text, Tone tone, bool colour) {
  const std::string_view code = code_of(tone);
  if (!colour || code.empty() || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    char32_t point = 0;
    const std::size_t length = decode(text, point);
    if (length == 0) {
      safe += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(text.front())));
      text.remove_prefix(1);
      continue;
    }
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    if (control || is_invisible(point)) {
      safe += escape_of(point);
    } else {
      safe += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return safe;
}

std::string arguments_text(std::vector<std::string> literals) {
  while (!literals.empty() && literals.back() == "\"\"") literals.pop_back();
  return fmt::format("({})", fmt::join(literals, ", "));
}

std::string summary(std::string_view documentation) {
  std::string line(documentation.substr(0, documentation.find("\n\n")));
  std::ranges::replace(line, '\n', ' ');
  return escaped(line);
}

std::size_t columns(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    if (text.starts_with("\x1b[")) {
      const auto end = text.find('m');
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      continue;
    }
    char32_t point = 0;
    const std::size_t length = std::max<std::size_t>(1, decode(text, point));
    width += cells_of(point);
    text.remove_prefix(length);
  }
  return width;
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t used = columns(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

std::string right_aligned(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(used < width ? width - used : 0, ' ').append(text);
}

std::string shortened(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  return std::string(text.substr(0, bytes_within(text, width - 1))) + "…";
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(1, width);
  std::vector<std::string> lines;
  while (columns(text) > width) {
    const std::size_t fits = std::max<std::size_t>(1, bytes_within(text, width));
    // A blank right behind the last character that fits is a good place too.
    auto blank = text.substr(0, fits + 1).rfind(' ');
    if (blank == std::string_view::npos || blank == 0) blank = fits;
    lines.emplace_back(text.substr(0, blank));
    text.remove_prefix(blank);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  lines.emplace_back(text);
  return lines;
}

std::string bar(double share, std::size_t cells) {
  static constexpr std::array<std::string_view, 8> kPart{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double clamped = std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0);
  auto eighths = static_cast<std::size_t>(std::floor(clamped * static_cast<double>(cells) * 8));
  if (clamped > 0 && eighths == 0) eighths = 1;
  std::string text;
  std::size_t drawn = eighths / 8;
  for (std::size_t i = 0; i < drawn; ++i) text += "█";
  if (eighths % 8 != 0) {
    text += kPart[eighths % 8];
    ++drawn;
  }
  for (; drawn < cells; ++drawn) text += "░";
  return text;
}

std::string time_of_day_text(plan::Nanoseconds instant) {
  const plan::Nanoseconds day = 86'400 * kSecond;
  const plan::Nanoseconds within = ((instant % day) + day) % day / kSecond;
  return fmt::format("{:02}:{:02}:{:02}", within / 3600, within / 60 % 60, within % 60);
}

std::string clock_text(plan::Nanoseconds instant) {
  static constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                         "Thursday", "Friday", "Saturday"};
  const auto day = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(instant)));
  const std::chrono::year_month_day date(day);
  return fmt::format("{} {:04}-{:02}-{:02} {} UTC", kDays[std::chrono::weekday(day).c_encoding()],
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time_of_day_text(instant));
}

std::string readable(plan::Nanoseconds duration) {
  if (duration < 0) return "-" + readable(-duration);
  constexpr plan::Nanoseconds kMillisecond = kSecond / 1000;
  if (duration < kMillisecond) return plan::duration_text(duration);
  if (duration < kSecond) return plan::duration_text(duration / kMillisecond * kMillisecond);
  return plan::duration_text((duration + kSecond / 2) / kSecond * kSecond);
}

}  // namespace rollout::console
