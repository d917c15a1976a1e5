#pragma once

#include <cstdint>

#include "runtime/plan/plan.hpp"

// What verify() (declared in plan.hpp) accepts at most. A plan within these limits can be loaded, held in memory and
// walked through in bounded time; real plans are some hundred times smaller.

namespace rollout::plan {

inline constexpr std::uint64_t kMaxFileBytes = 64u << 20;
inline constexpr std::uint32_t kMaxStringBytes = 1u << 20;
inline constexpr std::uint32_t kMaxInstructions = 1'000'000;
inline constexpr std::uint32_t kMaxTableRows = 100'000;  // of each table without a limit of its own
inline constexpr std::uint32_t kMaxMetrics = 10'000;
inline constexpr std::uint32_t kMaxVariables = 10'000;
inline constexpr std::uint32_t kMaxListedItems =
    2'000'000;                                       // elements of all lists of one plan file together, code included
inline constexpr std::uint32_t kMaxStack = 256;      // values of one routine at a time
inline constexpr std::uint32_t kMaxBlockDepth = 64;  // blocks that run inside each other
inline constexpr std::uint32_t kMaxReferenceDepth = 512;  // rows that refer to each other in a chain, blocks among them
inline constexpr std::uint64_t kMaxExpansion =
    10'000'000;  // instructions when every use of a block is counted as a copy
inline constexpr std::uint32_t kMaxRetries = 10'000;
inline constexpr std::uint32_t kMaxSampleCount = 10'000;  // N of a guard's `for M of N samples`
inline constexpr std::uint32_t kMaxSpotText = 200;
inline constexpr std::uint32_t kMaxSeriesLabels = 16;  // of one grouped metric
inline constexpr std::uint32_t kMaxCadences = 64;      // parts of one `sample`

}  // namespace rollout::plan
