#include "tests/simulation/storage.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

// The shared memory of the log's index belongs to the processes that hold the file open, so it is gone after each
// crash. Locks have holders, since two processes may hold one file (a frozen one, and the one that took its run over):
// whoever closes the file takes the log away, unless another holds it too.

namespace rollout::simulation {

constexpr std::size_t kLocks = 8;

struct SharedLog {
  struct Holder {
    const void* handle = nullptr;
    int process = 0;
  };
  std::uint64_t boot = 0;
  std::vector<std::unique_ptr<std::vector<std::uint8_t>>> regions = {};
  std::vector<Holder> readers[kLocks] = {};
  Holder writer[kLocks] = {};
  std::vector<std::pair<Holder, int>> file_locks = {};  // of the file itself, with their SQLite levels
};

void Storage::process_died(int gone) {
  dead = false;
  death = Death::None;
  for (auto& [name, shared] : shared_logs) {
    if (!shared) continue;
    for (auto& readers : shared->readers)
      std::erase_if(readers, [&](const SharedLog::Holder& holder) { return holder.process == gone; });
    for (SharedLog::Holder& writer : shared->writer) {
      if (writer.process == gone) writer = {};
    }
    std::erase_if(shared->file_locks, [&](const auto& lock) { return lock.first.process == gone; });
  }
}

namespace {

Storage* current = nullptr;

struct OpenFile {
  sqlite3_file base;
  std::string* name;
  std::uint64_t boot;
  int process;
  bool is_log;
};

OpenFile& of(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}
bool is_gone(const OpenFile& file) {
  return current->dead || file.boot != current->boot;
}
// Counts a call of the disk; whether it is the one that fails.
bool is_the_one() {
  return current->calls_until_failure > 0 && --current->calls_until_failure == 0;
}

int on_read(sqlite3_file* handle, void* buffer, int amount, sqlite3_int64 offset) {
  const OpenFile& file = of(handle);
  if (is_gone(file) || !current->disk.exists(*file.name) || is_the_one()) return SQLITE_IOERR_READ;
  const auto& seen = current->disk.file(*file.name).seen;
  const auto begin = static_cast<std::size_t>(offset);
  const auto wanted = static_cast<std::size_t>(amount);
  const std::size_t length = begin >= seen.size() ? 0 : std::min(wanted, seen.size() - begin);
  if (length > 0) std::memcpy(buffer, seen.data() + begin, length);
  if (length == wanted) return SQLITE_OK;
  std::memset(static_cast<std::uint8_t*>(buffer) + length, 0, wanted - length);
  return SQLITE_IOERR_SHORT_READ;
}

int on_write(sqlite3_file* handle, const void* bytes, int amount, sqlite3_int64 offset) {
  const OpenFile& file = of(handle);
  if (is_gone(file) || is_the_one()) return SQLITE_IOERR_WRITE;
  if (current->full) return SQLITE_FULL;
  current->disk.write(*file.name, static_cast<std::size_t>(offset), static_cast<const std::uint8_t*>(bytes),
                      static_cast<std::size_t>(amount));
  return SQLITE_OK;
}

int on_truncate(sqlite3_file* handle, sqlite3_int64 size) {
  const OpenFile& file = of(handle);
  if (is_gone(file) || is_the_one()) return SQLITE_IOERR_TRUNCATE;
  current->disk.truncate(*file.name, static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int on_sync(sqlite3_file* handle, int) {
  const OpenFile& file = of(handle);
  if (is_gone(file) || is_the_one()) return SQLITE_IOERR_FSYNC;
  if (file.is_log && current->before_log_sync) current->before_log_sync();
  if (file.is_log && current->death == Death::BeforeSync) {
    current->dead = true;
    return SQLITE_IOERR_FSYNC;
  }
  if (std::exchange(current->fails_next_sync, false)) {
    current->disk.lie(*file.name, current->random);
    return SQLITE_IOERR_FSYNC;
  }
  current->disk.sync(*file.name);
  if (file.is_log && current->death == Death::AfterSync) {
    current->dead = true;
    return SQLITE_IOERR_FSYNC;
  }
  return SQLITE_OK;
}

int on_size(sqlite3_file* handle, sqlite3_int64* size) {
  const OpenFile& file = of(handle);
  if (is_gone(file) || is_the_one()) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(current->disk.file(*file.name).seen.size());
  return SQLITE_OK;
}

int on_control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}
int on_sector_size(sqlite3_file*) {
  return static_cast<int>(kSector);
}
int on_characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

SharedLog& shared_of(const OpenFile& file) {
  std::shared_ptr<SharedLog>& shared = current->shared_logs[*file.name];
  if (!shared || shared->boot != current->boot) {
    shared = std::make_shared<SharedLog>();
    shared->boot = current->boot;
  }
  return *shared;
}

int on_unlock(sqlite3_file* handle, int level) {
  if (is_gone(of(handle))) return SQLITE_OK;
  auto& locks = shared_of(of(handle)).file_locks;
  std::erase_if(locks, [&](const auto& lock) { return lock.first.handle == handle; });
  if (level > SQLITE_LOCK_NONE) locks.push_back({{handle, of(handle).process}, level});
  return SQLITE_OK;
}

int on_lock(sqlite3_file* handle, int level) {
  if (is_gone(of(handle))) return SQLITE_OK;
  // Beside a reader there may be one writer that waits, beside whoever writes nobody.
  const bool taken = std::ranges::any_of(shared_of(of(handle)).file_locks, [&](const auto& lock) {
    const int most = std::max(level, lock.second), least = std::min(level, lock.second);
    const bool together = most == SQLITE_LOCK_SHARED || (most == SQLITE_LOCK_RESERVED && least == SQLITE_LOCK_SHARED);
    return lock.first.handle != handle && !together;
  });
  return taken ? SQLITE_BUSY : on_unlock(handle, level);
}

int on_check_reserved(sqlite3_file* handle, int* held) {
  const bool gone = is_gone(of(handle));
  *held = !gone && std::ranges::any_of(shared_of(of(handle)).file_locks,
                                       [](const auto& lock) { return lock.second >= SQLITE_LOCK_RESERVED; })
              ? 1
              : 0;
  return SQLITE_OK;
}

int on_close(sqlite3_file* handle) {
  on_unlock(handle, SQLITE_LOCK_NONE);
  delete of(handle).name;
  of(handle).name = nullptr;
  return SQLITE_OK;
}

int on_map(sqlite3_file* handle, int region, int size, int extend, void volatile** place) {
  *place = nullptr;
  if (is_gone(of(handle)) || is_the_one()) return SQLITE_IOERR_SHMMAP;
  SharedLog& shared = shared_of(of(handle));
  const auto index = static_cast<std::size_t>(region);
  if (index >= shared.regions.size() && extend == 0) return SQLITE_OK;
  while (index >= shared.regions.size()) {
    shared.regions.push_back(std::make_unique<std::vector<std::uint8_t>>(static_cast<std::size_t>(size)));
  }
  *place = shared.regions[index]->data();
  return SQLITE_OK;
}

int on_shared_lock(sqlite3_file* handle, int offset, int count, int flags) {
  if (is_gone(of(handle))) return SQLITE_OK;
  SharedLog& shared = shared_of(of(handle));
  const SharedLog::Holder us{handle, of(handle).process};
  for (int lock = offset; lock < offset + count; ++lock) {
    if ((flags & SQLITE_SHM_LOCK) == 0) continue;
    const bool other = shared.writer[lock].handle != nullptr && shared.writer[lock].handle != handle;
    if (other || ((flags & SQLITE_SHM_EXCLUSIVE) != 0 && !shared.readers[lock].empty())) return SQLITE_BUSY;
  }
  for (int lock = offset; lock < offset + count; ++lock) {
    const bool takes = (flags & SQLITE_SHM_LOCK) != 0;
    if ((flags & SQLITE_SHM_EXCLUSIVE) != 0) shared.writer[lock] = takes ? us : SharedLog::Holder{};
    if ((flags & SQLITE_SHM_SHARED) == 0) continue;
    auto& readers = shared.readers[lock];
    if (takes) {
      readers.push_back(us);
    } else if (const auto found = std::ranges::find(readers, us.handle, &SharedLog::Holder::handle);
               found != readers.end()) {
      readers.erase(found);
    }
  }
  return SQLITE_OK;
}
void on_barrier(sqlite3_file*) {}
int on_unmap(sqlite3_file*, int) {
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {
    2,         on_close,          on_read,    on_write,       on_truncate,        on_sync, on_size,        on_lock,
    on_unlock, on_check_reserved, on_control, on_sector_size, on_characteristics, on_map,  on_shared_lock, on_barrier,
    on_unmap,  nullptr,           nullptr,
};

int on_open(sqlite3_vfs*, const char* name, sqlite3_file* handle, int flags, int* given) {
  OpenFile& file = of(handle);
  file.base.pMethods = nullptr;
  if (current->dead || is_the_one()) return SQLITE_CANTOPEN;
  const std::string path = name == nullptr ? "temporary" : name;
  if (!current->disk.exists(path)) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    if (current->full) return SQLITE_FULL;
    current->disk.file(path);
  }
  file.name = new std::string(path);
  file.boot = current->boot;
  file.process = current->process;
  file.is_log = (flags & SQLITE_OPEN_WAL) != 0;
  file.base.pMethods = &kMethods;
  if (given != nullptr) *given = flags;
  return SQLITE_OK;
}

int on_delete(sqlite3_vfs*, const char* name, int) {
  if (current->dead) return SQLITE_IOERR_DELETE;
  if (!current->disk.exists(name)) return SQLITE_IOERR_DELETE_NOENT;
  current->disk.remove(name);
  return SQLITE_OK;
}

int on_access(sqlite3_vfs*, const char* name, int, int* there) {
  if (is_the_one()) return SQLITE_IOERR_ACCESS;
  // A file without bytes counts as none, as SQLite has it on Unix.
  *there = current->disk.exists(name) && !current->disk.file(name).seen.empty() ? 1 : 0;
  return SQLITE_OK;
}

int on_full_path(sqlite3_vfs*, const char* name, int room, char* path) {
  sqlite3_snprintf(room, path, "%s", name);
  return SQLITE_OK;
}

int on_randomness(sqlite3_vfs*, int count, char* bytes) {
  for (int index = 0; index < count; ++index) bytes[index] = static_cast<char>(current->random.next());
  return count;
}
// Nobody waits for a lock: whoever holds it is frozen.
int on_sleep(sqlite3_vfs*, int microseconds) {
  return microseconds;
}
int on_time(sqlite3_vfs*, double* days) {
  *days = 2'461'041.5;
  return SQLITE_OK;
}
int on_time_in_milliseconds(sqlite3_vfs*, sqlite3_int64* time) {
  *time = 212'633'985'600'000;
  return SQLITE_OK;
}
int on_last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

Storage* use_storage(Storage* storage) {
  return std::exchange(current, storage);
}

const std::string& storage_name() {
  static const std::string kName = "simulated";
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made{};
    made.iVersion = 2;
    made.szOsFile = sizeof(OpenFile);
    made.mxPathname = 512;
    made.zName = kName.c_str();
    made.xOpen = on_open;
    made.xDelete = on_delete;
    made.xAccess = on_access;
    made.xFullPathname = on_full_path;
    made.xRandomness = on_randomness;
    made.xSleep = on_sleep;
    made.xCurrentTime = on_time;
    made.xGetLastError = on_last_error;
    made.xCurrentTimeInt64 = on_time_in_milliseconds;
    return made;
  }();
  static const bool registered = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  static_cast<void>(registered);
  return kName;
}

}  // namespace rollout::simulation
