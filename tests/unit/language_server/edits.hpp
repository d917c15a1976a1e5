// Random edits of the examples, as a client sends them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "tests/unit/language_server/support.hpp"

namespace rollout::language_server::test {

inline const std::filesystem::path kExamples = std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "examples";

inline constexpr std::string_view kPieces[] = {
    "{",  "}",  "(", ")",           "\"",        "`", "\n", "\r\n", "when ", "p95",          " for 5m", "ä",
    "😀", "${", "#", "let x = 1\n", "stage s {", ".", "5",  "%",    "",      "rollback to ", "notify ", "use std."};

// The examples with at most so many bytes.
inline std::vector<std::string> example_paths(std::size_t most_bytes) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kExamples)) {
    if (entry.path().extension() == ".rollout" && entry.file_size() < most_bytes)
      paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  return paths;
}

// An edit as a client would send it, and the same edit done here.
inline json::object random_edit(std::mt19937& random, std::string& text, grammar::ColumnUnit unit) {
  const grammar::LineTable lines(text);
  const auto place = [&] {
    const auto offset = static_cast<std::uint32_t>(random() % (text.size() + 1));
    return lines.position(offset, unit);
  };
  grammar::LineColumn begin = place(), end = random() % 3 == 0 ? place() : begin;
  if (std::pair(end.line, end.column) < std::pair(begin.line, begin.column)) std::swap(begin, end);
  const std::string piece(kPieces[random() % std::size(kPieces)]);
  const std::uint32_t from = lines.offset(begin, unit), to = lines.offset(end, unit);
  text.replace(from, to - from, piece);
  json::object range{{"start", protocol::position_json(begin)}, {"end", protocol::position_json(end)}};
  return {{"range", std::move(range)}, {"text", piece}};
}

// What a compilation says of its main file: `E0101 3:4`.
inline std::vector<std::string> codes_and_lines(const rollout::driver::CompiledFile& file) {
  std::vector<std::string> found;
  const grammar::LineTable lines(file.module.files.files.front().text);
  for (const rollout::diagnostics::Diagnostic& one : file.diagnostics) {
    if (one.primary.file != kMainFile) continue;
    const auto place = lines.position(one.primary.span.begin, grammar::ColumnUnit::Utf16);
    found.push_back(fmt::format("{} {}:{}", rollout::diagnostics::code_text(one.code), place.line, place.column));
  }
  return found;
}

// The same of the params of `textDocument/publishDiagnostics`.
inline std::vector<std::string> codes_and_lines(const json::value& params) {
  std::vector<std::string> found;
  for (const json::value& one : params.at("diagnostics").as_array()) {
    const json::value& start = one.at("range").at("start");
    found.push_back(fmt::format("{} {}:{}", std::string_view(one.at("code").as_string()),
                                start.at("line").to_number<int>(), start.at("character").to_number<int>()));
  }
  return found;
}

}  // namespace rollout::language_server::test
