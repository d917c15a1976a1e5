#pragma once

#include <sqlite3.h>

#include <cstdlib>

// SQLite's memory, of which one allocation can be made to fail: the way in which SQLite tests itself. See
// https://www.sqlite.org/testing.html, "Out-Of-Memory Testing".

namespace rollout::test {

// The allocation of that number fails, from now on counted; 0: none. With `and_all_after`, each one after it as well.
struct FailingMemory {
  static inline long countdown = 0;
  static inline bool and_all_after = false, failed = false;

  static void arm(long number, bool all_after) {
    countdown = number;
    and_all_after = all_after;
    failed = false;
  }
  static void disarm() { arm(0, false); }
  // Has to be called before SQLite is used for the first time.
  static bool install() {
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real());
    static sqlite3_mem_methods ours = real();
    ours.xMalloc = [](int size) -> void* { return fails() ? nullptr : real().xMalloc(size); };
    ours.xRealloc = [](void* memory, int size) -> void* { return fails() ? nullptr : real().xRealloc(memory, size); };
    // Without it most allocations of a connection come from a piece that was taken before, and cannot fail.
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
  }

 private:
  static sqlite3_mem_methods& real() {
    static sqlite3_mem_methods methods{};
    return methods;
  }
  static bool fails() {
    if (failed) return and_all_after;
    if (countdown == 0 || --countdown > 0) return false;
    failed = true;
    return true;
  }
};

}  // namespace rollout::test
