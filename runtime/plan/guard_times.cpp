#include <algorithm>

#include "runtime/plan/clockwork.hpp"

// When guards look, and when they fire at the earliest: the slots of the machine (runtime/machine/guard_clock.hpp)
// without the machine.

namespace rollout::plan {

namespace {

// Slots that are worked out one by one where `sample` changes their distance.
constexpr std::uint64_t kMostSlots = 100'000;

// The next slot behind one, both counted from the block's entry. `begun`: the first slot of all.
Nanoseconds slot_behind(const std::vector<SlotPhase>& phases, Nanoseconds begun, Nanoseconds slot) {
  const auto found = std::ranges::find_if(phases, [&](const SlotPhase& phase) { return slot < phase.until; });
  const std::size_t index =
      found == phases.end() ? phases.size() - 1 : static_cast<std::size_t>(found - phases.begin());
  const SlotPhase& phase = phases[index];
  const Nanoseconds anchor = index == 0 ? begun : std::max(begun, phases[index - 1].until);
  const Nanoseconds every = std::max<Nanoseconds>(phase.every, 1);
  const Nanoseconds passed = std::max<Nanoseconds>(0, slot - anchor);
  const Nanoseconds next = sum_of(anchor + passed - passed % every, every);
  return slot < phase.until ? std::min(next, phase.until) : next;
}

// How far the condition looks back: its longest window whose length stands beside it.
Nanoseconds window_of(const Plan& plan, RoutineId routine) {
  if (routine >= plan.routines.size()) return 0;
  Nanoseconds longest = 0;
  const Routine& row = plan.routines[routine];
  for (std::uint32_t at = row.begin; at < row.end && at < plan.code.size(); ++at) {
    const Instruction& one = plan.code[at];
    const bool fold =
        one.op == Op::AnySeries || one.op == Op::AllSeries || one.op == Op::CountSeries || one.op == Op::ShareSeries;
    if (fold) longest = std::max(longest, window_of(plan, one.b));
    if (one.op != Op::Window || at == row.begin) continue;
    const Instruction& length = plan.code[at - 1];
    if (length.op != Op::Constant || length.b >= plan.constants.size()) continue;
    const Value& value = plan.constants[length.b];
    if (value.kind() == ValueKind::Duration) longest = std::max(longest, value.as_integer());
  }
  return std::min(longest, kLongestTime);
}

}  // namespace

std::optional<Nanoseconds> metric_cadence(const Plan& plan, const KnownValues& values, MetricId metric) {
  if (metric >= plan.metrics.size()) return std::nullopt;
  const RoutineId every = plan.metrics[metric].every;
  return every == kNone ? kUsualCadence : values.duration(every);
}

void Clockwork::watchers(BlockId id) {
  if (!bounds_.blocks[id].reached) return;
  for (const GuardId guard_id : plan_.blocks[id].guards) {
    if (guard_id < plan_.guards.size()) bounds_.guards.push_back(guard(guard_id, id));
  }
}

// The slots of what watches in the block, as far as they are known.
Clockwork::Slots Clockwork::slots_of(const Guard& row, BlockId scope) const {
  const Block& block = plan_.blocks[scope];
  Slots slots;
  slots.known = block.warmup == kNone || values_.duration(block.warmup);
  Most own = row.metrics.empty() ? Most(kUsualCadence) : Most(kLongestTime);
  for (const MetricId metric : row.metrics) {
    const Most every = metric_cadence(plan_, values_, metric);
    own = every && own ? Most(std::min(*own, *every)) : std::nullopt;
  }
  const BlockId sampling = bounds_.blocks[scope].sampling;
  if (sampling >= plan_.blocks.size()) {
    slots.known = slots.known && own;
    slots.phases.push_back({kLongestTime, own.value_or(kUsualCadence)});
    return slots;
  }
  // The age of a block around its own is known to the run alone.
  slots.known = slots.known && sampling == scope;
  Nanoseconds until = 0;
  for (const Cadence& part : plan_.blocks[sampling].sampling) {
    const Most every = values_.duration(part.every);
    const Most lasts = part.for_duration == kNone ? Most(kLongestTime) : values_.duration(part.for_duration);
    slots.known = slots.known && every && lasts;
    until = sum_of(until, lasts.value_or(0));
    slots.phases.push_back({until, every.value_or(0)});
  }
  if (slots.phases.back().until == kLongestTime) return slots;
  slots.known = slots.known && own;
  slots.phases.push_back({kLongestTime, own.value_or(kUsualCadence)});
  return slots;
}

GuardTime Clockwork::guard(GuardId id, BlockId scope) const {
  const Guard& row = plan_.guards[id];
  GuardTime time;
  time.guard = id;
  time.scope = scope;
  time.warmup = values_.duration(plan_.blocks[scope].warmup).value_or(0);
  time.held = values_.duration(row.for_duration).value_or(0);
  time.window = window_of(plan_, row.condition);
  time.earliest = sum_of(time.warmup, time.held);
  const Slots slots = slots_of(row, scope);
  if (!slots.known || (row.for_duration != kNone && !values_.duration(row.for_duration))) return time;
  time.exact = true;
  // The first slot is at once; M samples have one gap less than there are of them.
  const std::uint32_t gaps = row.of_m > 0 ? row.of_m - 1 : 0;
  if (slots.phases.size() > 1) {
    Nanoseconds slot = time.warmup;
    for (std::uint64_t count = 0; count < kMostSlots; ++count) {
      if (row.of_m > 0 ? count >= gaps : slot - time.warmup >= time.held) break;
      slot = slot_behind(slots.phases, time.warmup, slot);
    }
    time.earliest = slot;
    if (row.of_m > 0) time.held = slot - time.warmup;
    return time;
  }
  const Nanoseconds every = std::max<Nanoseconds>(slots.phases.front().every, 1);
  time.cadence = every;
  const std::uint64_t count = row.of_m > 0 ? gaps : static_cast<std::uint64_t>((time.held + every - 1) / every);
  time.earliest = sum_of(time.warmup, times(every, count));
  if (row.of_m > 0) time.held = times(every, gaps);
  const Nanoseconds needed = row.of_n > 0 ? times(every, row.of_n - 1ULL) : time.held;
  const Nanoseconds half = needed == 0 ? 0 : (needed - 1) / sum_of(every, every) + 1;
  time.blind_after = sum_of(time.warmup, times(every, std::max<std::uint64_t>(2, static_cast<std::uint64_t>(half))));
  return time;
}

}  // namespace rollout::plan
