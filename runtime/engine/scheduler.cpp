#include "runtime/engine/scheduler.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>
#include <limits>
#include <utility>

#include "runtime/engine/action_queue.hpp"

namespace rollout::engine {

namespace {

using plan::Nanoseconds;

constexpr Nanoseconds kTick = 1'000'000;
// The timer's own clock stands still while the machine sleeps; looking again this often bounds how late an action is
// then.
constexpr Nanoseconds kLookAgain = 10'000'000'000;

Nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<Nanoseconds>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

class RealScheduler final : public Scheduler {
 public:
  explicit RealScheduler(boost::asio::io_context& io)
      : timer_(io), offset_(read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME)) {}

  Nanoseconds now() const override { return read_clock(CLOCK_BOOTTIME) + offset_; }

  TimerId at(Nanoseconds due, std::function<void()> action) override {
    const TimerId timer = queue_.add(due, std::move(action));
    if (due < armed_for_) arm();
    return timer;
  }

  void cancel(TimerId timer) override {
    queue_.cancel(timer);
    // An armed timer keeps the loop alive: let it end where nothing waits any more.
    if (queue_.size() == 0 && armed_for_ != kNever) {
      armed_for_ = kNever;
      ++arming_;
      timer_.cancel();
    }
  }

 private:
  static constexpr Nanoseconds kNever = std::numeric_limits<Nanoseconds>::max();

  void arm() {
    const std::uint64_t arming = ++arming_;
    const auto due = queue_.next_due();
    armed_for_ = due.value_or(kNever);
    if (!due || running_) return;
    const Nanoseconds clock = now();
    Nanoseconds wait = 0;
    if (*due > clock) {
      // Up to the next tick, so that neighbours share one wake-up.
      wait = *due - clock > kLookAgain ? kLookAgain : (*due - clock + kTick - 1) / kTick * kTick;
    }
    timer_.expires_after(std::chrono::nanoseconds(wait));
    timer_.async_wait([this, arming](const boost::system::error_code& error) {
      if (!error && arming == arming_) run_due();
    });
  }

  void run_due() {
    running_ = true;
    // What becomes due by these actions waits for the next round, so that the loop's other work is never starved.
    const Nanoseconds until = now();
    while (auto action = queue_.take(until)) action();
    running_ = false;
    arm();
  }

  ActionQueue queue_;
  boost::asio::steady_timer timer_;
  Nanoseconds offset_;
  Nanoseconds armed_for_ = kNever;
  std::uint64_t arming_ = 0;
  bool running_ = false;
};

}  // namespace

std::unique_ptr<Scheduler> make_real_scheduler(boost::asio::io_context& io) {
  return std::make_unique<RealScheduler>(io);
}

struct VirtualScheduler::Impl {
  ActionQueue queue;
  Nanoseconds now = 0;
};

VirtualScheduler::VirtualScheduler(Nanoseconds start) : impl_(std::make_unique<Impl>()) {
  impl_->now = start;
}
VirtualScheduler::~VirtualScheduler() = default;

Nanoseconds VirtualScheduler::now() const {
  return impl_->now;
}

TimerId VirtualScheduler::at(Nanoseconds due, std::function<void()> action) {
  return impl_->queue.add(due, std::move(action));
}

void VirtualScheduler::cancel(TimerId timer) {
  impl_->queue.cancel(timer);
}

bool VirtualScheduler::run_next() {
  const auto due = impl_->queue.next_due();
  if (!due) return false;
  impl_->now = std::max(impl_->now, *due);
  impl_->queue.take(impl_->now)();
  return true;
}

}  // namespace rollout::engine
