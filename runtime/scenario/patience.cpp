#include "runtime/scenario/patience.hpp"

#include <algorithm>

#include "runtime/plan/evaluate.hpp"

namespace rollout::scenario {

namespace {

using machine::RunState;
using plan::Nanoseconds;

constexpr Nanoseconds kHour = 3'600LL * 1'000'000'000;

Nanoseconds duration_of(const plan::Plan& plan, plan::RoutineId routine) {
  if (routine == plan::kNone) return 0;
  const plan::Value value = plan::evaluate(plan, routine, {});
  // One that depends on the run's values is taken for a day.
  return value.kind() == plan::ValueKind::Duration ? value.as_integer() : 24 * kHour;
}

}  // namespace

Patience::Patience(const plan::Plan& plan) : longest_(kHour) {
  const auto consider = [&](plan::RoutineId routine) { longest_ = std::max(longest_, duration_of(plan, routine)); };
  for (const plan::Guard& guard : plan.guards) consider(guard.for_duration);
  for (const plan::Response& response : plan.responses) {
    consider(response.within);
    consider(response.after);
  }
  for (const plan::Block& block : plan.blocks) {
    consider(block.within);
    consider(block.warmup);
  }
  for (plan::RolloutId id = 0; id < plan::rollout_count(plan); ++id) {
    consider(plan::rollout_row(plan, id).missing_for);
    consider(plan::rollout_row(plan, id).rollback_expires);
  }
}

bool Patience::is_due(Nanoseconds now) {
  if (now < next_look_) return false;
  next_look_ = now + kHour / 4;
  return true;
}

bool Patience::is_over(const machine::View& view, Nanoseconds quiet_since, Nanoseconds now) const {
  // A window or a schedule comes by itself, and nothing is watched meanwhile.
  const bool watches = view.state == RunState::Running || view.state == RunState::Paused ||
                       view.state == RunState::RollbackIncomplete || view.state == RunState::RollingBack;
  if (!watches) return false;
  for (const machine::GateView& gate : view.gates) {
    if (gate.deadline && *gate.deadline >= now) return false;
  }
  for (const machine::HoldView& hold : view.holds) {
    if (view.state != RunState::Paused && std::max(hold.least_until, hold.most_until) >= now) return false;
  }
  return now - quiet_since > 2 * longest_;
}

}  // namespace rollout::scenario
