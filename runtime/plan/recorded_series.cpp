#include "runtime/plan/recorded_series.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollout::plan {

namespace {

constexpr std::size_t kMostProblems = 10;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Values with a comma or quotes come in quotes, with inner quotes doubled.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string plain;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '"' && text[i + 1] == '"') ++i;
  }
  return plain;
}

bool read_time(std::string_view text, RecordedRow& row) {
  if (const auto duration = parse_literal(text, ValueKind::Duration)) {
    row.time = duration->as_integer();
    return true;
  }
  if (const auto instant = parse_literal(text, ValueKind::Instant)) {
    row.relative = false;
    row.time = instant->as_integer();
    return true;
  }
  return false;
}

}  // namespace

RecordedSeries read_recorded_series(std::string_view text) {
  RecordedSeries series;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto problem = [&](std::size_t line, std::string what) {
    if (series.problems.size() < kMostProblems) series.problems.push_back(fmt::format("line {}: {}", line, what));
  };
  std::size_t number = 0;
  bool header = false;
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (!header) {
      header = true;
      if (line != "time,value") problem(number, "the header must be `time,value`");
      continue;
    }
    const auto comma = line.find(',');
    RecordedRow row;
    row.line = number;
    if (comma == std::string_view::npos || !read_time(trimmed(line.substr(0, comma)), row)) {
      problem(number,
              "the time must be a duration from the start (`5m`) or an instant (`2026-01-05T02:00Z`), then a comma");
      continue;
    }
    row.text = unquoted(trimmed(line.substr(comma + 1)));
    if (row.text.empty()) row.kind = RecordedRow::Kind::NoData;
    if (row.text == "error") row.kind = RecordedRow::Kind::Error;
    series.rows.push_back(std::move(row));
  }
  if (!header) problem(1, "the file is empty; its header must be `time,value`");
  const auto mixed = [&](const RecordedRow& row) { return row.relative != series.rows.front().relative; };
  if (std::any_of(series.rows.begin(), series.rows.end(), mixed))
    problem(number, "durations and instants are mixed; use one of them");
  std::sort(series.rows.begin(), series.rows.end(), [](const RecordedRow& left, const RecordedRow& right) {
    return left.time != right.time ? left.time < right.time : left.line < right.line;
  });
  return series;
}

}  // namespace rollout::plan
