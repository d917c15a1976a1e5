#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/console/phrase.hpp"

// A run's records as a timeline for people: one line a notable thing, with the time since the start, the stage and the
// share of traffic beside it. What comes and goes many times is told once.

namespace rollout::console {

using plan::Nanoseconds;
using plan::Value;

// One line of a timeline before it is drawn.
struct TimelineRow {
  Nanoseconds at = 0;
  std::string stage;            // that runs; empty: none
  std::optional<double> share;  // of traffic; nothing before the first
  bool share_changed = false;
  bool heading = false;  // begins or ends something big: drawn strong
  bool last = false;     // the run's end
  Mark mark{};
  std::string text;
  std::size_t record = 0;  // which one it tells of
};

struct TimelineOptions {
  std::size_t width = 100;
  bool colour = false;
  std::string title;  // first line, empty: none
};

std::vector<TimelineRow> timeline_rows(std::span<const machine::Record> records);
// The instant that times count from: the first step or gate, else the first record.
Nanoseconds timeline_start(std::span<const machine::Record> records);

std::vector<std::string> timeline(std::span<const machine::Record> records, const TimelineOptions& options);

}  // namespace rollout::console
