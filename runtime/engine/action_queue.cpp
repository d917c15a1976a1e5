#include "runtime/engine/action_queue.hpp"

#include <algorithm>
#include <utility>

namespace rollout::engine {

TimerId ActionQueue::add(plan::Nanoseconds due, std::function<void()> action) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].action = std::move(action);
  slots_[slot].used = true;
  const std::uint32_t generation = slots_[slot].generation;
  heap_.push_back({due, order_++, slot, generation});
  std::push_heap(heap_.begin(), heap_.end(), later);
  ++live_;
  return static_cast<TimerId>(generation) << 32 | slot;
}

void ActionQueue::free(std::uint32_t slot) {
  slots_[slot].used = false;
  ++slots_[slot].generation;
  free_.push_back(slot);
  --live_;
}

void ActionQueue::cancel(TimerId timer) {
  const auto slot = static_cast<std::uint32_t>(timer & 0xffffffff);
  if (slot >= slots_.size() || !slots_[slot].used || slots_[slot].generation != timer >> 32) return;
  const std::function<void()> destroyed_last = std::exchange(slots_[slot].action, nullptr);
  free(slot);
  if (heap_.size() > 64 && heap_.size() > 2 * live_) {
    std::erase_if(heap_, [this](const Place& place) { return dead(place); });
    std::make_heap(heap_.begin(), heap_.end(), later);
  }
}

void ActionQueue::drop_dead() {
  while (!heap_.empty() && dead(heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
  }
}

std::optional<plan::Nanoseconds> ActionQueue::next_due() {
  drop_dead();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().due;
}

std::function<void()> ActionQueue::take(plan::Nanoseconds now) {
  drop_dead();
  if (heap_.empty() || heap_.front().due > now) return {};
  const std::uint32_t slot = heap_.front().slot;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  heap_.pop_back();
  std::function<void()> action = std::exchange(slots_[slot].action, nullptr);
  free(slot);
  return action;
}

}  // namespace rollout::engine
