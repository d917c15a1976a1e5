#pragma once

#include <chrono>
#include <string>

#include "runtime/plan/plan.hpp"

// An exclusive lock that ends with its holder, however that ends: `flock` on a file that holds the holder's process id.

namespace rollout::journal {

struct LockError {
  bool held = false;    // another process has it; otherwise the file could not be used
  long holder = 0;      // its process id, 0 where unknown
  std::string note;     // what the holder wrote about itself
  std::string message;  // for people
};

// Owns the lock; gives it back when destroyed. The file stays, since removing it would race with who waits for it.
class LockFile {
 public:
  // Takes the lock or says who has it. `note` is one line that others are shown. Waits only where the holder is dead: a
  // process that is killed just when it starts a command leaves its lock to that child until the child has become
  // another program; so long at most, in steps of 10 ms.
  static plan::Expected<LockFile, LockError> acquire(const std::string& path, const std::string& note,
                                                     std::chrono::milliseconds patience = std::chrono::seconds(5));

  // What the one that has the lock, or had it last, wrote about itself; empty where nobody had it.
  static std::string last_note(const std::string& path);

  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace rollout::journal
