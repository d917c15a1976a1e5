#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "runtime/plan/value.hpp"

// The clock of one guard as a pure value: truths of slots in, verdicts out. Holds use the same sum of time for their
// conditions. Knows nothing of plans, polls or runs.

namespace rollout::machine {

using plan::Nanoseconds;

inline constexpr Nanoseconds kNever = std::numeric_limits<Nanoseconds>::max();
// left + right, kept within the range of instants: a plan may ask for absurdly long waits, but never for a fault.
Nanoseconds later(Nanoseconds left, Nanoseconds right);
// end - begin, kept within range likewise.
Nanoseconds between(Nanoseconds begin, Nanoseconds end);

enum class Truth : std::uint8_t { False, True, Unknown };

// What a guard asks for. Either `needed` (0: fires at the first true slot) or `of_m` among `of_n` samples.
struct GuardRule {
  Nanoseconds interval = 0;  // gap between its slots
  Nanoseconds needed = 0;
  std::uint32_t of_m = 0, of_n = 0;
};

// More unknown slots in a row than this and the guard is blind.
std::uint64_t blind_limit(const GuardRule& rule);

struct GuardClock {
  Nanoseconds held = 0;             // sum of the gaps between adjacent true slots since the last false one
  Nanoseconds previous = 0;         // the newest decided slot
  bool previous_true = false;       // it was true: a true slot after it adds their gap
  bool pending = false;             // true was seen since the last false
  std::uint64_t unknown_slots = 0;  // in a row, up to the newest
  Nanoseconds unknown_since = 0;    // first of them
  bool blind = false;
  struct Known {
    Nanoseconds slot = 0;
    bool truth = false;
    bool operator==(const Known&) const = default;
    template <typename Archive>
    void fields(Archive& archive) {
      archive(slot, truth);
    }
  };
  std::vector<Known> known;  // M of N only: the newest at most N known slots within 2 * N * interval, oldest first
  bool operator==(const GuardClock&) const = default;
  template <typename Archive>
  void fields(Archive& archive) {
    archive(held, previous, previous_true, pending, unknown_slots, unknown_since, blind, known);
  }
};

// What changed at a slot. `reached`: the rule holds now, so a guard that has not fired in this episode fires.
struct SlotVerdict {
  bool reached = false;
  bool pending_began = false;
  bool reset = false;
  bool unknown_began = false;
  bool blind_began = false;
  bool sees_again = false;
};

// Adds a slot: sum of gaps between adjacent true slots, false sets it to zero, unknown adds and resets nothing.
void add_slot(GuardClock& clock, Nanoseconds slot, Truth truth);
// Decides the guard's next slot, which must be later than all before.
SlotVerdict decide(const GuardRule& rule, GuardClock& clock, Nanoseconds slot, Truth truth);
// True slots among the newest at most N known ones.
std::uint32_t samples_true(const GuardClock& clock);
// A new episode: what was held is forgotten, what is unknown is not.
void start_over(GuardClock& clock);

}  // namespace rollout::machine
