#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "runtime/scenario/scenario.hpp"

namespace rollout::scenario {

// Checks on metrics alone: what they say when the metrics are what the signals say.
class Checks {
 public:
  Checks(const plan::Plan& plan, const Scenario& scenario);

  // Whether a check calls nothing beyond metrics, parameters and functions, so that the signals decide.
  bool decided_by_signals(plan::BlockId check) const;
  // A metric's usable value at a slot, or missing.
  using Samples = std::function<Value(plan::MetricId, Nanoseconds slot)>;
  // Whether it passes at the slot; nothing: unknown, or too long to find out. Windows look back on earlier slots.
  std::optional<bool> passes(plan::BlockId check, Nanoseconds slot, const Samples& samples) const;

 private:
  struct Evaluation;
  Nanoseconds cadence(plan::MetricId metric) const;
  const plan::Plan& plan_;
  std::vector<Value> variables_;  // parameters and the module's `let`s
};

}  // namespace rollout::scenario
