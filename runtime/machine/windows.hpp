#pragma once

#include <vector>

#include "runtime/plan/plan.hpp"

// When a stage may be entered: windows of the day, and freezes. Zones other than UTC are taken as UTC for now.

namespace rollout::machine {

// The first instant from `now` on that lies in one of the rollout's windows, in one of the stage's own and in no
// freeze; an empty list of windows is always open. kNever where there is none within the next year.
plan::Nanoseconds next_opening(plan::Nanoseconds now, const std::vector<plan::Window>& windows,
                               const std::vector<plan::Window>& own, const std::vector<plan::Freeze>& freezes);

}  // namespace rollout::machine
