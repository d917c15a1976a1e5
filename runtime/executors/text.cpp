#include "runtime/executors/text.hpp"

#include <fmt/format.h>

namespace rollout::executors {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::string_view kBlanks = " \t\r\n\v\f";

// The length of the UTF-8 character that begins the text, 0 where none does.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte(index) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)) return 0;
  if ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) return 0;
  return length;
}

std::string shown(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (character.size() == 1 && (byte < 0x20 || byte == 0x7f)) {
    if (byte == '\n') return "\\n";
    if (byte == '\t') return "\\t";
    if (byte == '\r') return "\\r";
    return fmt::format("\\x{:02x}", byte);
  }
  // The C1 control characters, which some terminals obey.
  if (character.size() == 2 && byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0) {
    return fmt::format("\\x{:02x}", static_cast<unsigned char>(character[1]));
  }
  return std::string(character);
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    valid += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string line;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string next = length == 0 ? std::string(kReplacement) : shown(text.substr(0, length));
    if (line.size() + next.size() > limit) return line + "...";
    line += next;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return line;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string_view last_line(std::string_view text) {
  text = trimmed(text);
  const auto line_end = text.find_last_of("\r\n");
  return line_end == std::string_view::npos ? text : trimmed(text.substr(line_end + 1));
}

}  // namespace rollout::executors
