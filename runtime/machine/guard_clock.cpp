#include "runtime/machine/guard_clock.hpp"

#include <algorithm>

#include "runtime/plan/planted.hpp"

namespace rollout::machine {

Nanoseconds later(Nanoseconds left, Nanoseconds right) {
  Nanoseconds sum = 0;
  if (!__builtin_add_overflow(left, right, &sum)) return sum;
  return left > 0 ? kNever : std::numeric_limits<Nanoseconds>::min();
}

Nanoseconds between(Nanoseconds begin, Nanoseconds end) {
  Nanoseconds difference = 0;
  if (!__builtin_sub_overflow(end, begin, &difference)) return difference;
  return end > begin ? kNever : std::numeric_limits<Nanoseconds>::min();
}

namespace {

Nanoseconds times(Nanoseconds value, Nanoseconds factor) {
  Nanoseconds product = 0;
  if (!__builtin_mul_overflow(value, factor, &product)) return product;
  return kNever;
}

void remember(const GuardRule& rule, GuardClock& clock, Nanoseconds slot, bool truth) {
  clock.known.push_back({slot, truth});
  const Nanoseconds reach = times(times(2, static_cast<Nanoseconds>(rule.of_n)), rule.interval);
  const auto too_old = [&](const GuardClock::Known& known) { return known.slot <= later(slot, -reach); };
  std::erase_if(clock.known, too_old);
  const std::size_t most = std::max<std::size_t>(rule.of_n, 1);
  if (clock.known.size() > most) {
    clock.known.erase(clock.known.begin(), clock.known.end() - static_cast<std::ptrdiff_t>(most));
  }
}

void count_unknown(const GuardRule& rule, GuardClock& clock, Nanoseconds slot, SlotVerdict& verdict) {
  if (clock.unknown_slots == 0) {
    clock.unknown_since = slot;
    verdict.unknown_began = true;
  }
  ++clock.unknown_slots;
  if (!clock.blind && clock.unknown_slots > blind_limit(rule)) {
    clock.blind = true;
    verdict.blind_began = true;
  }
}

}  // namespace

std::uint64_t blind_limit(const GuardRule& rule) {
  const Nanoseconds samples = static_cast<Nanoseconds>(rule.of_n) - 1;
  const Nanoseconds needed = rule.of_n > 0 ? times(samples, rule.interval) : rule.needed;
  const Nanoseconds twice = times(2, std::max<Nanoseconds>(rule.interval, 1));
  const auto gaps = static_cast<std::uint64_t>(needed <= 0 ? 0 : (needed - 1) / twice + 1);
  return std::max<std::uint64_t>(2, gaps);
}

void add_slot(GuardClock& clock, Nanoseconds slot, Truth truth) {
  if (truth == Truth::Unknown && planted(plan::Bug::UnknownHolds)) truth = Truth::True;
  if (truth == Truth::Unknown && planted(plan::Bug::UnknownResets)) truth = Truth::False;
  if (truth == Truth::True) {
    if (clock.previous_true) clock.held = later(clock.held, between(clock.previous, slot));
    clock.pending = true;
  } else if (truth == Truth::False) {
    clock.held = 0;
    clock.pending = false;
  }
  clock.previous_true = truth == Truth::True;
  clock.previous = slot;
}

SlotVerdict decide(const GuardRule& rule, GuardClock& clock, Nanoseconds slot, Truth truth) {
  SlotVerdict verdict;
  const bool was_pending = clock.pending;
  add_slot(clock, slot, truth);
  if (truth == Truth::Unknown) {
    count_unknown(rule, clock, slot, verdict);
    return verdict;
  }
  verdict.sees_again = clock.blind;
  clock.blind = false;
  clock.unknown_slots = 0;
  if (rule.of_n > 0) remember(rule, clock, slot, truth == Truth::True);
  verdict.pending_began = clock.pending && !was_pending;
  verdict.reset = was_pending && !clock.pending;
  if (truth == Truth::True) {
    verdict.reached = rule.of_n > 0 ? samples_true(clock) >= rule.of_m : clock.held >= rule.needed;
    if (rule.of_n == 0 && planted(plan::Bug::FiresOneLate)) verdict.reached = clock.held > rule.needed;
  }
  return verdict;
}

std::uint32_t samples_true(const GuardClock& clock) {
  return static_cast<std::uint32_t>(std::ranges::count_if(clock.known, [](const auto& known) { return known.truth; }));
}

void start_over(GuardClock& clock) {
  clock.held = 0;
  clock.previous_true = false;
  clock.pending = false;
  clock.known.clear();
}

}  // namespace rollout::machine
