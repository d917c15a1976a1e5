#pragma once

#include <string>
#include <vector>

#include "runtime/console/outline.hpp"
#include "runtime/plan/calendar.hpp"

namespace rollout::console {

// When it would be created, for what depends on it: when it can start, and whether its window suffices.
struct PreviewTime {
  Nanoseconds now = 0;
  std::vector<plan::Zone> zones = {};
  std::optional<Nanoseconds> start_at = {};
};

struct PreviewOptions {
  std::size_t width = 100;
  bool colour = false;
  std::optional<PreviewTime> time = {};  // nothing: only what holds at any time
};

// What a plan will do, before it runs: stages with their traffic, times, guards and commands, who must answer, the
// point of no return, what a rollback does, parameters and secrets.
std::vector<std::string> preview(const plan::VerifiedPlan& plan, const Parameters& parameters,
                                 const PreviewOptions& options);

}  // namespace rollout::console
