// The people around a run: while things go wrong they say all sorts of things, at the end they see it through.
#pragma once

#include <optional>

#include "runtime/machine/machine.hpp"
#include "tests/simulation/random.hpp"
#include "tests/simulation/story.hpp"

namespace rollout::simulation {

// Something that one of them, or a stranger, says now: sensible or not.
machine::PersonSaid anything(const machine::View& view, const Story& story, Random& random);
// What a patient person says to bring the run to an end; nothing where it goes on by itself. `tries`: how often so far.
std::optional<machine::PersonSaid> sensible(const machine::View& view, const Story& story, int tries, Random& random);

}  // namespace rollout::simulation
