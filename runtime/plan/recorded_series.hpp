#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/value.hpp"

// A series in a file, CSV with the header `time,value`: what scenarios play and what `file("...")` measures. No I/O.

namespace rollout::plan {

// One line of a recorded series.
struct RecordedRow {
  enum class Kind : std::uint8_t { Value, NoData, Error };
  std::size_t line = 0;  // from 1
  bool relative = true;  // `time` is a duration from the start, not an instant
  Nanoseconds time = 0;
  Kind kind{};       // an empty value is no data, `error` a failed poll
  std::string text;  // the value as written, a literal of the metric's kind or a bare number
};
struct RecordedSeries {
  std::vector<RecordedRow> rows;      // by time
  std::vector<std::string> problems;  // "line 3: ...", at most ten
};

// Wrong lines are left out and named.
RecordedSeries read_recorded_series(std::string_view text);

}  // namespace rollout::plan
