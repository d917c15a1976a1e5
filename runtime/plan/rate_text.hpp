#pragma once

#include <optional>
#include <string>

#include "runtime/plan/value.hpp"

namespace rollout::plan {

// A rate for people in the unit that `model`, a rate of the same kind, is written in, to six digits: `36.6%/h` beside
// `2%/h`, where to_literal would choose a unit by the digits. Nothing where one of them is no rate, or is not finite.
std::optional<std::string> rate_text_like(const Value& value, const Value& model);

}  // namespace rollout::plan
