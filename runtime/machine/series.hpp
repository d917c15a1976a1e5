#pragma once

#include <vector>

#include "runtime/machine/state.hpp"

// A metric's known samples as far back as the plan looks, and what is computed over them.

namespace rollout::machine {

// What a window asks for: an aggregate over `length` up to its slot; of Quantile, the one of `fraction` (0 to 1) by the
// nearest rank.
struct WindowQuestion {
  plan::Aggregate kind{};
  Nanoseconds length = 0;
  double fraction = 0;
};

// Keeps the samples in order of their slots, those within `reach` of the newest, and never more than a fixed number.
void add_sample(std::vector<Sample>& samples, Sample sample, Nanoseconds reach);
// Over the samples in (slot - length, slot]; missing where there are none or too few. Counted back from the slot,
// samples that are closer than `spacing` to the one after them are left out: they were taken for others' slots, and a
// sum or count must not depend on who else asks.
Value aggregate_samples(const std::vector<Sample>& samples, const WindowQuestion& question, Nanoseconds slot,
                        Nanoseconds spacing);

}  // namespace rollout::machine
