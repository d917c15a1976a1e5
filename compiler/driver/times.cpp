#include "compiler/driver/times.hpp"

#include <algorithm>

#include "compiler/driver/lowered_rollouts.hpp"
#include "compiler/lints/time/timing.hpp"

namespace rollout::driver {
namespace {

using diagnostics::Location;

plan::TimeRange both(const plan::TimeRange& one, const plan::TimeRange& other) {
  return {std::min(one.least, other.least), plan::longest_of(one.most, other.most)};
}

class Collector {
 public:
  explicit Collector(const lints::Timing& timing) : timing_(timing) {}

  void add(const plan::Plan& plan) {
    const plan::KnownValues values(plan, {}, plan::Defaults::Assumed);
    const plan::TimeBounds bounds = plan::time_bounds(plan, values);
    for (plan::RolloutId id = 0; id < bounds.rollouts.size(); ++id) {
      add_rollout(plan, plan::rollout_row(plan, id).spot, bounds.rollouts[id]);
      for (const plan::StageTime& stage : bounds.rollouts[id].stages) add_stage(plan, stage);
    }
    for (const plan::GuardTime& guard : bounds.guards) add_guard(plan, guard);
  }

  Times take() { return std::move(times_); }

 private:
  void add_rollout(const plan::Plan& plan, plan::SpotId spot, const plan::RolloutTime& time) {
    const auto place = timing_.place(plan, spot);
    const check::RolloutDecl* source = place ? timing_.rollout_at(*place) : nullptr;
    if (source == nullptr) return;
    const auto known =
        std::ranges::find_if(times_.rollouts, [&](const auto& one) { return is_same_place(one.name, *place); });
    if (known != times_.rollouts.end()) {
      known->takes = both(known->takes, time.takes);
      known->undo = plan::longest_of(known->undo, time.undo);
      return;
    }
    std::optional<Location> within;
    if (source->rollback_within != check::kNone) within = timing_.expression(source->rollback_within, *place);
    times_.rollouts.push_back({*place, time.takes, time.undo, within});
  }

  void add_stage(const plan::Plan& plan, const plan::StageTime& time) {
    const auto place = timing_.place(plan, plan.blocks[plan.stages[time.stage].block].spot);
    if (!place || timing_.stage_at(*place) == nullptr) return;
    const auto known =
        std::ranges::find_if(times_.stages, [&](const auto& one) { return is_same_place(one.name, *place); });
    if (known == times_.stages.end()) {
      times_.stages.push_back({*place, time.takes, time.undo});
    } else {
      known->takes = both(known->takes, time.takes);
      known->undo = plan::longest_of(known->undo, time.undo);
    }
  }

  void add_guard(const plan::Plan& plan, const plan::GuardTime& time) {
    const auto place = timing_.place(plan, plan.guards[time.guard].spot);
    if (!place || timing_.guard_at(*place) == nullptr) return;
    const auto known =
        std::ranges::find_if(times_.guards, [&](const auto& one) { return is_same_place(one.guard, *place); });
    if (known == times_.guards.end()) {
      times_.guards.push_back({*place, time.cadence, time.held, time.window, time.earliest, time.exact});
      return;
    }
    if (known->cadence != time.cadence || known->held != time.held) known->cadence.reset();
    known->held = std::min(known->held, time.held);
    known->window = std::min(known->window, time.window);
    known->exact = time.earliest < known->earliest ? time.exact : known->exact;
    known->earliest = std::min(known->earliest, time.earliest);
  }

  const lints::Timing& timing_;
  Times times_;
};

}  // namespace

std::optional<std::uint64_t> GuardTimes::slots() const {
  if (!cadence || *cadence <= 0 || held <= 0) return std::nullopt;
  return static_cast<std::uint64_t>((held + *cadence - 1) / *cadence) + 1;
}

Times times_of(const CompiledFile& file) {
  if (file.has_errors) return {};
  std::vector<diagnostics::Diagnostic> too_large;  // said by the check already
  const std::vector<lints::LoweredRollout> lowered = lowered_rollouts(file.module, too_large);
  // For the way back to the source alone: what is certain without defaults is not asked.
  const lints::LintInput input{file.module, lints::own_files(file.module), {}};
  const lints::Timing timing(input);
  Collector collector(timing);
  for (const lints::LoweredRollout& one : lowered) collector.add(**one.plan);
  return collector.take();
}

}  // namespace rollout::driver
