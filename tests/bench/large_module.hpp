// A generated program, as large as wanted: for what has to be fast with any size.
#pragma once

#include <cstddef>
#include <string>

namespace rollout::bench {

// A module of at least so many lines, without errors and in style: services with metrics, checks, actions, guards, a
// rollout and a scenario each, in the mixture of the examples.
std::string large_module(std::size_t lines);

}  // namespace rollout::bench
