#pragma once

#include <string>

#include "runtime/journal/journal.hpp"

namespace rollout::journal {

// Writes what SQLite's write-ahead log holds once more, and syncs it. `storage`: as in Database::open. Call it before
// the file is opened for writing.
//
// After a sync that failed, Linux takes what it could not store for stored: the next sync succeeds and leaves it out.
// A process that opens the journal then reads it from memory, believes it, appends behind it and tells of that as
// durable; a power cut would take all of it. What is written anew is stored by the next sync, or that one fails too.
Expected<bool> store_log_again(const std::string& path, const char* storage = nullptr);

}  // namespace rollout::journal
