#pragma once

#include <cstdint>
#include <string_view>

// The units of the language's literals, one table for printing and reading.

namespace rollout::plan {

struct Unit {
  std::string_view name;
  std::int64_t scale;  // nanoseconds or bytes
};

// From large to small, the order in which a duration is written.
inline constexpr Unit kTimeUnits[] = {
    {"w", 604'800'000'000'000},
    {"d", 86'400'000'000'000},
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
};

// From large to small.
inline constexpr Unit kSizeUnits[] = {
    {"TiB", std::int64_t{1} << 40},
    {"TB", 1'000'000'000'000},
    {"GiB", std::int64_t{1} << 30},
    {"GB", 1'000'000'000},
    {"MiB", std::int64_t{1} << 20},
    {"MB", 1'000'000},
    {"KiB", std::int64_t{1} << 10},
    {"kB", 1'000},
    {"B", 1},
};

// What may stand after the slash of a rate, in seconds; from small to large.
inline constexpr Unit kRateUnits[] = {{"s", 1}, {"m", 60}, {"h", 3'600}, {"d", 86'400}, {"w", 604'800}};

}  // namespace rollout::plan
