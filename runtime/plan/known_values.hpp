#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/plan.hpp"

// What of a plan's values is known without running it: parameters, a module's `let`s, and the `let`s on the way that
// follow from them. What only a run can know is missing.

namespace rollout::plan {

using ParameterValues = std::vector<std::pair<std::string, Value>>;

// Whether a parameter that nobody has given counts as its default. Before a run it does; to a compiler it is unknown.
enum class Defaults : std::uint8_t { Assumed, Unknown };

class KnownValues {
 public:
  // The plan must outlive it.
  KnownValues(const Plan& plan, const ParameterValues& given, Defaults defaults);

  // Missing for kNone and for what only a run knows.
  Value value(RoutineId routine) const;
  // Nothing for kNone, for what only a run knows and for what is neither true nor false.
  std::optional<bool> truth(RoutineId routine) const;
  // Nothing for kNone, for what only a run knows and for what is no duration. Never negative, at most kLongestTime.
  std::optional<Nanoseconds> duration(RoutineId routine) const;

 private:
  void bind_lets();

  const Plan& plan_;
  std::vector<Value> variables_;
};

// Longer times count as this long (73 years), so that sums of them stay in range.
inline constexpr Nanoseconds kLongestTime = 2'305'843'009'213'693'951;

}  // namespace rollout::plan
