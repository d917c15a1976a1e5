#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/scenario/scenario.hpp"

namespace rollout::scenario {

// One line of a recorded series.
struct CsvRow {
  std::size_t line = 0;  // from 1
  bool relative = true;  // `time` is a duration from the start, not an instant
  Nanoseconds time = 0;
  Slot::Kind kind{};  // an empty value is no data, `error` a failed poll
  std::string text;   // the value as written, a literal of the metric's kind or a bare number
};
struct CsvSeries {
  std::vector<CsvRow> rows;           // by time
  std::vector<std::string> problems;  // "line 3: ...", at most ten
};

// Reads a series with the header `time,value`. Wrong lines are left out and named.
CsvSeries read_series(std::string_view text);

}  // namespace rollout::scenario
