#include "runtime/engine/scheduler.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <ctime>
#include <string>

#include "runtime/engine/action_queue.hpp"

using namespace rollout::engine;

TEST_CASE("virtual time jumps from one due action to the next, equal dues in the order of the calls") {
  VirtualScheduler scheduler(1'000);
  std::string order;
  scheduler.at(3'000, [&] { order += 'c'; });
  scheduler.at(2'000, [&] { order += 'a'; });
  scheduler.at(2'000, [&] { order += 'b'; });
  const TimerId cancelled = scheduler.at(2'500, [&] { order += '!'; });
  scheduler.cancel(cancelled);
  scheduler.cancel(cancelled);
  scheduler.at(1, [&] { order += '<'; });
  REQUIRE(scheduler.run_next());
  CHECK(scheduler.now() == 1'000);
  while (scheduler.run_next()) continue;
  CHECK(order == "<abc");
  CHECK(scheduler.now() == 3'000);
}

TEST_CASE("an old timer id never cancels a later action") {
  VirtualScheduler scheduler(0);
  const TimerId first = scheduler.at(1, [] {});
  REQUIRE(scheduler.run_next());
  bool ran = false;
  const TimerId second = scheduler.at(1, [&] { ran = true; });
  CHECK(first != second);
  scheduler.cancel(first);
  REQUIRE(scheduler.run_next());
  CHECK(ran);
  scheduler.cancel(0);
}

TEST_CASE("an action may cancel and add others") {
  VirtualScheduler scheduler(0);
  std::string order;
  TimerId doomed = 0;
  scheduler.at(1, [&] {
    scheduler.cancel(doomed);
    scheduler.at(1, [&] { order += 'n'; });
    order += 'a';
  });
  doomed = scheduler.at(2, [&] { order += '!'; });
  while (scheduler.run_next()) continue;
  CHECK(order == "an");
}

TEST_CASE("cancelled actions leave no memory behind") {
  ActionQueue queue;
  for (int index = 0; index < 100'000; ++index) queue.cancel(queue.add(index, [] {}));
  CHECK(queue.size() == 0);
  CHECK_FALSE(queue.next_due());
}

TEST_CASE("real time runs actions in order, not before they are due, and ends when nothing waits") {
  boost::asio::io_context io;
  const auto scheduler = make_real_scheduler(io);
  const auto start = scheduler->now();
  std::string order;
  scheduler->at(start + 20'000'000, [&] {
    CHECK(scheduler->now() >= start + 20'000'000);
    order += 'b';
  });
  scheduler->at(start, [&] { order += 'a'; });
  scheduler->at(start + 20'000'000, [&] { order += 'c'; });
  scheduler->cancel(scheduler->at(start + 3'600'000'000'000, [&] { order += '!'; }));
  io.run();
  CHECK(order == "abc");
  CHECK(scheduler->now() - start < 2'000'000'000);
  const TimerId far = scheduler->at(start + 3'600'000'000'000, [] {});
  scheduler->cancel(far);
  io.restart();
  io.run();
}

TEST_CASE("real time agrees with the wall clock") {
  boost::asio::io_context io;
  const auto scheduler = make_real_scheduler(io);
  const auto wall =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
  CHECK(std::abs(scheduler->now() - wall.count()) < 1'000'000'000);
}

TEST_CASE("a hundred thousand waiters cost little") {
  boost::asio::io_context io;
  const auto scheduler = make_real_scheduler(io);
  const auto start = scheduler->now();
  int ran = 0;
  for (int index = 0; index < 100'000; ++index) {
    scheduler->at(start + 200'000'000 + index * 1'000, [&] { ++ran; });
  }
  io.run();
  CHECK(ran == 100'000);
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  WARN("process time after 100,000 waits: " << used.tv_sec * 1'000 + used.tv_nsec / 1'000'000 << " ms");
}
