#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/console/outline.hpp"

namespace rollout::console {

// The plan's values as far as they are known before a run: parameters, and the module's `let`s that follow from them.
class PlanValues {
 public:
  PlanValues(const plan::Plan& plan, const Parameters& parameters);

  plan::Value value(plan::RoutineId routine) const;
  // A `let` on the way: known from here on, where its value is.
  void assign(plan::VariableId variable, plan::RoutineId routine);
  // Nothing for kNone and for what only the run knows.
  std::optional<Nanoseconds> duration(plan::RoutineId routine) const;
  // The computed text, or the source of the expression where only the run knows it.
  std::string text(plan::RoutineId routine) const;
  std::vector<std::string> texts(plan::RoutineId routine) const;
  // "rollback", "pause for people", "notify ops, then abort".
  std::string response(plan::ResponseId response, std::size_t depth = 0) const;

 private:
  const plan::Plan& plan_;
  std::vector<plan::Value> variables_;
};

// How long a block takes, from its least to its most, retries and limits included.
TimeRange time_of_block(const plan::Plan& plan, const PlanValues& values, plan::BlockId block);

}  // namespace rollout::console
