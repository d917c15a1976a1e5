#pragma once

#include <vector>

#include "runtime/machine/state.hpp"

// A metric's known samples as far back as the plan looks, and what is computed over them.

namespace rollout::machine {

// Keeps the samples in order of their slots, those within `reach` of the newest, and never more than a fixed number.
void add_sample(std::vector<Sample>& samples, Sample sample, Nanoseconds reach);
// The aggregate, or the quantile by the nearest rank, over the samples in (slot - window, slot]; missing where there
// are none or too few.
Value quantile_of_samples(const std::vector<Sample>& samples, double fraction, Nanoseconds window, Nanoseconds slot);
Value aggregate_samples(const std::vector<Sample>& samples, plan::Aggregate kind, Nanoseconds window, Nanoseconds slot);

}  // namespace rollout::machine
