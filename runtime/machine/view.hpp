#pragma once

#include "runtime/machine/core.hpp"

namespace rollout::machine {

View view_of(const Core& core);

}  // namespace rollout::machine
