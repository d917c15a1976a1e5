#pragma once

#include "runtime/journal/sqlite_database.hpp"

// The journal's tables, and what a file says about which version of them it holds.

namespace rollout::journal {

// Raised whenever a reader of the older tables would misread the newer ones.
inline constexpr std::int64_t kSchemaVersion = 2;
// "Roll": marks the file as ours.
inline constexpr std::int64_t kApplicationId = 0x526f6c6c;

// Whether the file holds our tables in a version that we know; false: it is empty.
Expected<bool> check_schema(Database& database);
Expected<bool> create_schema(Database& database);

}  // namespace rollout::journal
