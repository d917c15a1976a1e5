#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/console/outline.hpp"

namespace rollout::console {

// The plan's values as far as they are known before a run, and how people read them.
class PlanValues {
 public:
  PlanValues(const plan::Plan& plan, const Parameters& parameters)
      : plan_(plan), known_(plan, parameters, plan::Defaults::Assumed) {}

  const plan::KnownValues& known() const { return known_; }
  plan::Value value(plan::RoutineId routine) const { return known_.value(routine); }
  // Nothing for kNone and for what only the run knows.
  std::optional<Nanoseconds> duration(plan::RoutineId routine) const { return known_.duration(routine); }
  // The computed text, or the source of the expression where only the run knows it.
  std::string text(plan::RoutineId routine) const;
  std::vector<std::string> texts(plan::RoutineId routine) const;
  // "rollback", "pause for people", "notify ops, then abort".
  std::string response(plan::ResponseId response, std::size_t depth = 0) const;

 private:
  const plan::Plan& plan_;
  plan::KnownValues known_;
};

}  // namespace rollout::console
