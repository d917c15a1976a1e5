#include "runtime/machine/sampling.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/machine/driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;

namespace {

// every 1m for 1h, every 5m for 7h, every 15m, from instant 0 on.
const std::vector<SamplingPhase> kPhases = {{kHour, kMinute}, {8 * kHour, 5 * kMinute}, {kNever, 15 * kMinute}};

std::vector<Nanoseconds> slots(const std::vector<SamplingPhase>& phases, Nanoseconds begun, Nanoseconds from,
                               std::size_t count) {
  std::vector<Nanoseconds> result;
  for (Nanoseconds slot = from; result.size() < count; slot = slot_after(phases, begun, slot)) result.push_back(slot);
  return result;
}

}  // namespace

TEST_CASE("slots follow the cadence in force, and a boundary is a slot of both") {
  CHECK(slots(kPhases, 0, 0, 3) == std::vector<Nanoseconds>{0, kMinute, 2 * kMinute});
  CHECK(slots(kPhases, 0, 59 * kMinute, 3) == std::vector<Nanoseconds>{59 * kMinute, 60 * kMinute, 65 * kMinute});
  CHECK(slots(kPhases, 0, 475 * kMinute, 3) == std::vector<Nanoseconds>{475 * kMinute, 480 * kMinute, 495 * kMinute});
  CHECK(interval_at(kPhases, kHour - 1) == kMinute);
  CHECK(interval_at(kPhases, kHour) == 5 * kMinute);
}

TEST_CASE("a boundary that is on no grid is a slot all the same") {
  const std::vector<SamplingPhase> phases = {{10 * kMinute, 4 * kMinute}, {kNever, 3 * kMinute}};
  CHECK(slots(phases, 0, 0, 6) ==
        std::vector<Nanoseconds>{0, 4 * kMinute, 8 * kMinute, 10 * kMinute, 13 * kMinute, 16 * kMinute});
}

TEST_CASE("a grid begins with its first slot, boundaries with the block") {
  CHECK(slots(kPhases, 90 * kSecond, 90 * kSecond, 2) == std::vector<Nanoseconds>{90 * kSecond, 150 * kSecond});
  CHECK(slots(kPhases, 90 * kSecond, 3570 * kSecond, 3) ==
        std::vector<Nanoseconds>{3570 * kSecond, 3600 * kSecond, 3900 * kSecond});
  // Armed in the second phase: that grid counts from the first slot too.
  CHECK(slots(kPhases, 62 * kMinute, 62 * kMinute, 2) == std::vector<Nanoseconds>{62 * kMinute, 67 * kMinute});
}
