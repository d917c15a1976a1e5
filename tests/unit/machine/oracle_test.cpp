#include <catch2/catch.hpp>

#include "oracle_world.hpp"
#include "tests/support/environment.hpp"

using namespace rollout::oracle;

namespace {

void compare(Trial& trial, std::uint64_t seed, std::size_t (&happened)[7]) {
  const std::vector<Happening> machine = run_machine(trial);
  const std::vector<Happening> oracle = evaluate(trial);
  for (const Happening& one : oracle) ++happened[static_cast<std::size_t>(one.kind)];
  if (machine == oracle) return;
  FAIL("ROLLOUT_ORACLE_SEED=" << seed << " ROLLOUT_ORACLE_COUNT=1 repeats this.\n"
                              << describe(trial) << "the machine:\n"
                              << describe(machine) << "the oracle:\n"
                              << describe(oracle));
}

}  // namespace

// ROLLOUT_ORACLE_COUNT: how many. ROLLOUT_ORACLE_SEED: the first, so that with a count of 1 a failure is repeated
// alone.
TEST_CASE("the machine agrees with a brute-force evaluation of random guards") {
  const std::uint64_t first = rollout::test::number_from_environment("ROLLOUT_ORACLE_SEED", 1);
  const std::uint64_t count = rollout::test::number_from_environment("ROLLOUT_ORACLE_COUNT", 1000);
  std::size_t happened[7] = {};
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Trial trial = make_trial(seed);
    compare(trial, seed, happened);
  }
  // A comparison in which nothing happens would prove nothing.
  if (count >= 1000) {
    for (const std::size_t each : happened) CHECK(each > count / 50);
  }
}

// An answer that came too late for its slot, while another metric's held the slot open.
TEST_CASE("seeds that once disagreed agree") {
  std::size_t happened[7] = {};
  for (const std::uint64_t seed : {std::uint64_t{12138}}) {
    Trial trial = make_trial(seed);
    compare(trial, seed, happened);
  }
}
