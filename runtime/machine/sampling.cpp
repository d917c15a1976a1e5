#include "runtime/machine/sampling.hpp"

#include <algorithm>
#include <ranges>

#include "runtime/machine/core.hpp"

namespace rollout::machine {

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
// A plan from elsewhere may ask for a poll each nanosecond.
constexpr Nanoseconds kShortestCadence = kSecond / 100;
constexpr std::size_t kMostCounted = 100'000;

std::size_t phase_at(const std::vector<SamplingPhase>& phases, Nanoseconds instant) {
  const auto found = std::ranges::find_if(phases, [&](const SamplingPhase& phase) { return instant < phase.until; });
  return found == phases.end() ? phases.size() - 1 : static_cast<std::size_t>(found - phases.begin());
}

}  // namespace

Nanoseconds interval_at(const std::vector<SamplingPhase>& phases, Nanoseconds instant) {
  return phases[phase_at(phases, instant)].every;
}

Nanoseconds slot_after(const std::vector<SamplingPhase>& phases, Nanoseconds begun, Nanoseconds instant) {
  const std::size_t index = phase_at(phases, instant);
  const SamplingPhase& phase = phases[index];
  const Nanoseconds anchor = index == 0 ? begun : std::max(begun, phases[index - 1].until);
  const Nanoseconds every = std::max<Nanoseconds>(phase.every, 1);
  const Nanoseconds passed = std::max<Nanoseconds>(0, between(anchor, instant));
  const Nanoseconds next = later(later(anchor, passed - passed % every), every);
  return instant < phase.until ? std::min(next, phase.until) : next;
}

Nanoseconds slot_after(const GuardRun& run, Nanoseconds slot) {
  return run.phases.empty() ? later(slot, run.interval) : slot_after(run.phases, run.begun, slot);
}

std::size_t slots_due(const GuardRun& run, Nanoseconds now) {
  std::size_t count = 0;
  for (Nanoseconds slot = run.next; slot <= now && count < kMostCounted; slot = slot_after(run, slot)) ++count;
  return count;
}

// Of the innermost block around the task that has a `sample`, by the age of that block; `block` is being entered. The
// guards of a rollout keep the rollout's, whatever its stages say.
std::vector<SamplingPhase> Core::sampling_of(const Task* task, BlockId block) const {
  std::vector<SamplingPhase> phases;
  if (!samples_by_age) return phases;
  const plan::Block* found = nullptr;
  Nanoseconds begun = state.now;
  const auto begins = [&](RolloutId id) {
    return state.rollouts[id].has_started ? state.rollouts[id].started : state.now;
  };
  bool inside = block < plan.blocks.size() && plan.blocks[block].kind == plan::BlockKind::Rollout;
  for (const Task* at = task; at && !found; at = find_task(at->parent)) {
    for (const Frame& frame : at->frames | std::views::reverse) {
      inside = inside && frame.block != block;
      const plan::Block& candidate = plan.blocks[frame.block];
      if (inside || candidate.sampling.empty()) continue;
      found = &candidate;
      begun = candidate.kind == plan::BlockKind::Rollout ? begins(candidate.rollout) : frame.entered;
      break;
    }
  }
  for (RolloutId id = task ? rollout_of(*task) : 0; !found; id = row(id).parent) {
    const plan::Block& candidate = plan.blocks[row(id).block];
    if (candidate.sampling.empty() && id != 0) continue;
    found = &candidate;
    begun = begins(id);
  }
  Nanoseconds until = begun;
  for (const plan::Cadence& part : found->sampling) {
    const Nanoseconds lasts = duration_or(part.for_duration, task, kNever);
    if (lasts <= 0) continue;
    until = later(until, lasts);
    phases.push_back({until, std::max(kShortestCadence, duration_or(part.every, task, 15 * kSecond))});
  }
  return phases;
}

}  // namespace rollout::machine
