#pragma once

#include "runtime/machine/machine.hpp"

namespace rollout::scenario {

// How long a play goes on while nothing happens: until every guard, time limit and pause of the plan has had its time.
class Patience {
 public:
  explicit Patience(const plan::Plan& plan);

  // Whether enough time went by to look again.
  bool is_due(plan::Nanoseconds now);
  // Whether the run will stay as it is: nothing that ends by itself is open, and nothing happened for long since
  // `quiet_since`.
  bool is_over(const machine::View& view, plan::Nanoseconds quiet_since, plan::Nanoseconds now) const;

 private:
  plan::Nanoseconds longest_ = 0;  // of the plan's `for`, `within` and `after` durations
  plan::Nanoseconds next_look_ = 0;
};

}  // namespace rollout::scenario
