#pragma once

#include "runtime/plan/builder.hpp"

// A small plan that has a row in every table and uses every statement: what the format, the verifier and the
// disassembler are tested on.

namespace rollout::plan {

Plan sample_plan();

}  // namespace rollout::plan
