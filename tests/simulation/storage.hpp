// SQLite on a modelled disk: a VFS of its own, with faults that are armed from outside.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/simulation/disk.hpp"

namespace rollout::simulation {

// Where the next sync of the journal's log dies.
enum class Death : std::uint8_t { None, BeforeSync, AfterSync };

// The shared memory of one file's log, while processes hold it open.
struct SharedLog;

// The disk under all journals of this process, and what is wrong with it. What an earlier process holds open is of an
// older `boot`: it reads and writes nothing any more.
struct Storage {
  Disk disk;
  std::uint64_t boot = 1;
  int process = 1;    // who opens files now
  bool dead = false;  // the power is off, or the process gone: nothing is written until `start_again`
  Death death = Death::None;
  bool full = false;             // no write finds room
  bool fails_next_sync = false;  // and forgets some of what it should have stored
  int calls_until_failure = 0;   // that call of the disk fails, whatever it is, and the others go on; 0: none
  Random random{0};
  std::function<void()> before_log_sync = {};  // a log is about to be synced
  std::map<std::string, std::shared_ptr<SharedLog>> shared_logs = {};

  void start_again() {
    ++boot;
    dead = false;
    death = Death::None;
  }
  // The process is gone, another one lives on: its locks are free, as the kernel has it.
  void process_died(int gone);
};

// The storage that the VFS works on from now on, and the one that it worked on; null: none.
Storage* use_storage(Storage* storage);
// Registered with SQLite at the first call.
const std::string& storage_name();

}  // namespace rollout::simulation
