#include "compiler/diagnostics/places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace rollout::diagnostics {

std::string uri_path(std::string_view path) {
  std::string uri;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      uri += c;
    } else {
      fmt::format_to(std::back_inserter(uri), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

const grammar::LineTable* Places::lines_of(FileId file) {
  if (!has(file)) return nullptr;
  auto& table = tables_[static_cast<std::size_t>(file)];
  if (!table) table.emplace(files_[file].text);
  return &*table;
}

const std::string& Places::path_of(FileId file) const {
  static const std::string kUnknown = "<unknown file>";
  return has(file) ? files_[file].path : kUnknown;
}

grammar::Span Places::clamped(const Location& location) const {
  if (!has(location.file)) return {};
  const auto size = static_cast<std::uint32_t>(files_[location.file].text.size());
  const std::uint32_t begin = std::min(location.span.begin, size);
  return {begin, std::clamp(location.span.end, begin, size)};
}

Place Places::place_of(const Location& location) {
  Place place{.path = path_of(location.file)};
  const grammar::LineTable* lines = lines_of(location.file);
  if (lines == nullptr) return place;
  const grammar::Span span = clamped(location);
  const grammar::LineColumn begin = lines->position(span.begin, grammar::ColumnUnit::CodePoint);
  const grammar::LineColumn end = lines->position(span.end, grammar::ColumnUnit::CodePoint);
  place.line = begin.line + 1;
  place.column = begin.column + 1;
  place.end_line = end.line + 1;
  place.end_column = end.column + 1;
  return place;
}

}  // namespace rollout::diagnostics
