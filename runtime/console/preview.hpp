#pragma once

#include <string>
#include <vector>

#include "runtime/console/outline.hpp"

namespace rollout::console {

struct PreviewOptions {
  std::size_t width = 100;
  bool colour = false;
};

// What a plan will do, before it runs: stages with their traffic, times, guards and commands, who must answer, the
// point of no return, what a rollback does, parameters and secrets. From the plan and the parameters' values alone.
std::vector<std::string> preview(const plan::VerifiedPlan& plan, const Parameters& parameters,
                                 const PreviewOptions& options);

}  // namespace rollout::console
