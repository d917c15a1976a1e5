#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/scenario/player.hpp"

namespace rollout::scenario {

// A scenario's result with what only the caller knows of it.
struct ReportedResult {
  Result result;
  std::string file;    // path of the scenario's file, as the user gave it
  double seconds = 0;  // that the play took; for JUnit only, since it differs from run to run
};

// Draws what happened in a failed scenario, one line an element; empty: reports go without.
using TimelineOf = std::function<std::vector<std::string>(const Result&)>;

struct ReportOptions {
  bool colour = false;
  TimelineOf timeline;
};

// One line a scenario, for a failed one its expectations and the timeline of what happened, and a summary; ends with a
// newline.
std::string report_text(const std::vector<ReportedResult>& results, const ReportOptions& options);
// JUnit's XML: one suite a file, one case a scenario.
std::string report_junit(const std::vector<ReportedResult>& results, const ReportOptions& options);
// One JSON document: { "scenarios": [...], "summary": { "total", "passed", "failed" } }.
std::string report_json(const std::vector<ReportedResult>& results);

}  // namespace rollout::scenario
