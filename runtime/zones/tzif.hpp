#pragma once

#include <string>
#include <string_view>

#include "runtime/plan/calendar.hpp"

// Reads the files of the tz database: TZif, RFC 9636, versions 2 and later.

namespace rollout::zones {

using plan::Nanoseconds;

// The zone's offsets between two instants. What follows the last change that the file lists comes from the rule at its
// end, so files that list few changes and files that list many give the same. Any bytes are safe.
plan::Expected<plan::Zone> read_tzif(std::string_view bytes, std::string name, Nanoseconds from, Nanoseconds to);

}  // namespace rollout::zones
