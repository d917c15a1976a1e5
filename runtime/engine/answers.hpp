#pragma once

#include <string>
#include <vector>

#include "runtime/machine/machine.hpp"

namespace rollout::engine {

// What a person is told after saying something: what it did ("approved by dana (1 of 2)"), or as the error why it was
// refused. `before` is the run as the person saw it, `records` what the machine made of it.
plan::Expected<std::string> answer_to(const machine::PersonSaid& said, const machine::View& before,
                                      const std::vector<machine::Record>& records, machine::RunState after);

}  // namespace rollout::engine
