#include "grammar/source.hpp"

#include <algorithm>

#include "grammar/utf8.hpp"

namespace rollout::grammar {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// How many columns a character of so many bytes takes.
std::uint32_t columns_of(std::size_t bytes, ColumnUnit unit) {
  switch (unit) {
    case ColumnUnit::Utf8: return static_cast<std::uint32_t>(bytes);
    case ColumnUnit::Utf16: return bytes == 4 ? 2 : 1;
    case ColumnUnit::CodePoint: return 1;
  }
  return 1;
}

}  // namespace

LineTable::LineTable(std::string_view text) : text_(text) {
  starts_.push_back(text.starts_with(kByteOrderMark) ? 3 : 0);
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    starts_.push_back(static_cast<std::uint32_t>(at + 1));
  }
}

Span LineTable::line_span(std::uint32_t line) const {
  const auto size = static_cast<std::uint32_t>(text_.size());
  if (line >= starts_.size()) return {size, size};
  std::uint32_t end = line + 1 < starts_.size() ? starts_[line + 1] - 1 : size;
  if (line + 1 < starts_.size() && end > starts_[line] && text_[end - 1] == '\r') --end;
  return {starts_[line], end};
}

std::string_view LineTable::line_text(std::uint32_t line) const {
  const Span span = line_span(line);
  return text_.substr(span.begin, span.size());
}

LineColumn LineTable::position(std::uint32_t offset, ColumnUnit unit) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto after = std::ranges::upper_bound(starts_, offset);
  const std::size_t line = after == starts_.begin() ? 0 : static_cast<std::size_t>(after - starts_.begin()) - 1;
  return {static_cast<std::uint32_t>(line), columns({starts_[line], offset}, unit)};
}

std::uint32_t LineTable::columns(Span part, ColumnUnit unit) const {
  const std::size_t end = std::min<std::size_t>(part.end, text_.size());
  std::uint32_t columns = 0;
  for (std::size_t at = part.begin; at < end;) {
    // Nearly all of a program is ASCII, where a byte is a column in every unit.
    if (static_cast<unsigned char>(text_[at]) < 0x80) {
      ++columns;
      ++at;
      continue;
    }
    const std::size_t length = std::max<std::size_t>(1, utf8_length(text_.substr(at)));
    if (at + length > end) break;
    columns += columns_of(length, unit);
    at += length;
  }
  return columns;
}

std::uint32_t LineTable::offset(LineColumn position, ColumnUnit unit) const {
  const Span span = line_span(position.line);
  std::size_t at = span.begin;
  for (std::uint32_t column = 0; at < span.end;) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(text_.substr(at, span.end - at)));
    column += columns_of(length, unit);
    if (column > position.column) break;
    at += length;
  }
  return static_cast<std::uint32_t>(at);
}

}  // namespace rollout::grammar
