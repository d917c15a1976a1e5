// Drives a machine through a bounded number of events, answering everything that it asks in some way that the input
// chooses.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/machine/machine.hpp"

namespace rollout::fuzz {

// The run's parameters, one value of the right kind each.
machine::RunOptions options_for(const plan::Plan& plan);

// Applies at most `events` events; `choices` decides how effects and polls end, and is read round and round. Checks
// after each event that the snapshot gives the same machine again.
void drive(const std::shared_ptr<const plan::VerifiedPlan>& plan, machine::Machine& machine, machine::Event first,
           plan::Nanoseconds now, std::string_view choices, int events);

}  // namespace rollout::fuzz
