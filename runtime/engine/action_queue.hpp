#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "runtime/engine/scheduler.hpp"

namespace rollout::engine {

// Actions by (due, order of the calls): what both schedulers stand on. Memory is bounded by the actions waiting:
// cancelled ones leave at once, their places in the heap when half of it is dead.
class ActionQueue {
 public:
  TimerId add(plan::Nanoseconds due, std::function<void()> action);
  void cancel(TimerId timer);
  // The earliest due of a live action.
  std::optional<plan::Nanoseconds> next_due();
  // Takes the earliest action out where it is due; empty where none is.
  std::function<void()> take(plan::Nanoseconds now);
  std::size_t size() const { return live_; }

 private:
  struct Place {
    plan::Nanoseconds due;
    std::uint64_t order;
    std::uint32_t slot, generation;
  };
  struct Slot {
    std::function<void()> action;
    std::uint32_t generation = 1;  // so that no TimerId is 0, nor means a later action in the same slot
    bool used = false;
  };
  static bool later(const Place& left, const Place& right) {
    return left.due != right.due ? left.due > right.due : left.order > right.order;
  }
  bool dead(const Place& place) const { return slots_[place.slot].generation != place.generation; }
  void drop_dead();
  void free(std::uint32_t slot);

  std::vector<Place> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t order_ = 0;
  std::size_t live_ = 0;
};

}  // namespace rollout::engine
