#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/journal/journal.hpp"

// What must be true of the place where a journal lies, checked before SQLite touches it.

namespace rollout::journal {

// Why a file system of this `statfs` type cannot carry the journal; nothing where it can. Remote ones cannot: the log
// is shared memory of one host, and their locks and syncs promise too little.
std::optional<std::string> refused_file_system(long type);

// Creates the folder (mode 0700) and those around it that are missing, so that no power cut takes them again.
Expected<bool> make_folder(const std::string& folder);

// Creates the folder (mode 0700) and the file (mode 0600) where they are missing, and checks that they can be used.
Expected<bool> prepare_storage(const std::string& path);

// That the file is there and readable.
Expected<bool> check_readable(const std::string& path);

// Which file a path leads to at the moment.
struct FileIdentity {
  std::uint64_t device = 0, number = 0;
  bool operator==(const FileIdentity&) const = default;
};
// Nothing where the path leads to no file.
std::optional<FileIdentity> file_at(const std::string& path);

}  // namespace rollout::journal
