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
  // Whether it passes; nothing: unknown, or too long to find out. `sample` gives a metric's usable value, or missing.
  std::optional<bool> passes(plan::BlockId check, const std::function<Value(plan::MetricId)>& sample) const;

 private:
  struct Evaluation;
  const plan::Plan& plan_;
  std::vector<Value> variables_;  // parameters and the module's `let`s
};

}  // namespace rollout::scenario
