#pragma once

#include <functional>

#include "driver.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/snapshot.hpp"

namespace rollout::machine::test {

// The run goes on with a stored state that somebody changed by hand: one that is well formed, and contradicts itself.
inline void change_state(Driver& driver, const std::function<void(State&)>& change) {
  Core core(driver.plan());
  REQUIRE(read_snapshot(core, driver.machine().snapshot()).empty());
  change(core.state);
  driver.replace_state(write_snapshot(core));
}

// Why the changed state is refused; empty: it is not.
inline std::string refused(Driver& driver, const std::function<void(State&)>& change) {
  Core core(driver.plan());
  REQUIRE(read_snapshot(core, driver.machine().snapshot()).empty());
  change(core.state);
  Core other(driver.plan());
  return read_snapshot(other, write_snapshot(core));
}

}  // namespace rollout::machine::test
