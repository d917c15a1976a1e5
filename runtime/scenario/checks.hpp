#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "runtime/scenario/scenario.hpp"

namespace rollout::scenario {

// A check on metrics alone, asked at an instant: `sample` gives a metric's usable value as of one, or missing.
struct CheckQuestion {
  plan::BlockId check = plan::kNone;
  Nanoseconds at = 0;
  std::optional<Nanoseconds> start;  // of the run: baselines look back from it
  std::function<Value(plan::MetricId, Nanoseconds)> sample;
};

// Checks on metrics alone: what they say when the metrics are what the signals say.
class Checks {
 public:
  Checks(const plan::Plan& plan, const Scenario& scenario);

  // Whether a check calls nothing beyond metrics, parameters and functions, so that the signals decide.
  bool decided_by_signals(plan::BlockId check) const;
  // Whether it passes; nothing: unknown, or too long to find out.
  std::optional<bool> passes(const CheckQuestion& question) const;
  // How often the metric is sampled, and from what age on a sample counts no more.
  Nanoseconds cadence(plan::MetricId metric) const;
  Nanoseconds stale_after(plan::MetricId metric) const;

 private:
  struct Evaluation;
  Nanoseconds duration_or(plan::RoutineId routine, Nanoseconds otherwise) const;

  const plan::Plan& plan_;
  std::vector<Value> variables_;  // parameters and the module's `let`s
};

}  // namespace rollout::scenario
