#include "grammar/quoted_problems.hpp"

#include <algorithm>

#include "grammar/utf8.hpp"

namespace rollout::grammar {
namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return 0;
  if (std::string_view("nrt\"\\$").find(text[1]) != std::string_view::npos) return 2;
  if (!text.starts_with("\\u{")) return 0;
  const auto stop = std::find_if_not(text.begin() + 3, text.end(), is_hex);
  return stop != text.begin() + 3 && stop != text.end() && *stop == '}'
             ? static_cast<std::size_t>(stop - text.begin()) + 1
             : 0;
}

std::optional<Span> find_unknown_escape(std::string_view raw) {
  for (std::size_t at = raw.find('\\'); at != std::string_view::npos; at = raw.find('\\', at)) {
    const std::size_t length = escape_length(raw.substr(at));
    if (length == 0) {
      const std::size_t escaped = std::max<std::size_t>(1, utf8_length(raw.substr(std::min(at + 1, raw.size()))));
      const std::size_t end = std::min(raw.size(), at + 1 + escaped);
      return Span{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)};
    }
    at += length;
  }
  return std::nullopt;
}

}  // namespace rollout::grammar
