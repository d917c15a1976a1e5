#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "runtime/plan/value.hpp"

// All waiting goes through one scheduler: a timer wheel on one Asio timer in real time, a heap ordered by (due,
// sequence) on the virtual clock.

namespace rollout::engine {

using TimerId = std::uint64_t;

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  // Nanoseconds since the Unix epoch; advances with the monotonic clock, so that a step of the wall clock moves no
  // deadline.
  virtual plan::Nanoseconds now() const = 0;
  // Runs `action` once, at `due` or, where that is past, as soon as possible; equal dues in the order of the calls.
  virtual TimerId at(plan::Nanoseconds due, std::function<void()> action) = 0;
  // Does nothing where it has run or was cancelled.
  virtual void cancel(TimerId timer) = 0;
};

std::unique_ptr<Scheduler> make_real_scheduler(boost::asio::io_context& io);

// Time stands still until `run_next`: jumps to the earliest due action and runs it. For tests.
class VirtualScheduler : public Scheduler {
 public:
  explicit VirtualScheduler(plan::Nanoseconds start);
  ~VirtualScheduler() override;
  plan::Nanoseconds now() const override;
  TimerId at(plan::Nanoseconds due, std::function<void()> action) override;
  void cancel(TimerId timer) override;
  bool run_next();  // false where nothing is waiting

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollout::engine
