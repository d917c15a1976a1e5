#include "runtime/journal/stored_log.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/journal/sqlite_database.hpp"
#include "runtime/plan/planted.hpp"

namespace rollout::journal {

namespace {

constexpr sqlite3_int64 kPiece = 1 << 16;  // SQLite on Unix writes less than 128 KiB at a time
constexpr const char* kDoing = "store the log of the journal";

struct FreeName {
  void operator()(const char* name) const { sqlite3_free_filename(const_cast<char*>(name)); }
};

// A file opened through SQLite's VFS, closed at the end.
struct OpenLog {
  explicit OpenLog(const sqlite3_vfs& vfs)
      : memory((static_cast<std::size_t>(vfs.szOsFile) + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t)) {}
  ~OpenLog() {
    if (file()->pMethods != nullptr) file()->pMethods->xClose(file());
  }
  OpenLog(const OpenLog&) = delete;
  OpenLog& operator=(const OpenLog&) = delete;
  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory.data()); }

  std::vector<std::max_align_t> memory;
};

int write_again(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  if (const int code = file->pMethods->xFileSize(file, &size); code != SQLITE_OK) return code;
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min(size, kPiece)));
  for (sqlite3_int64 at = 0; at < size; at += kPiece) {
    const int length = static_cast<int>(std::min(kPiece, size - at));
    if (const int code = file->pMethods->xRead(file, piece.data(), length, at); code != SQLITE_OK) return code;
    if (const int code = file->pMethods->xWrite(file, piece.data(), length, at); code != SQLITE_OK) return code;
  }
  return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

}  // namespace

Expected<bool> store_log_again(const std::string& path, const char* storage) {
  if (planted(plan::Bug::LogBelieved)) return true;
  sqlite3_vfs* vfs = sqlite3_vfs_find(storage);
  const auto failure = [&](int code) { return sqlite_error(code, sqlite3_errstr(code), kDoing, path); };
  if (vfs == nullptr) return failure(SQLITE_ERROR);
  const std::string log = path + "-wal";
  const std::unique_ptr<const char, FreeName> name(
      sqlite3_create_filename(path.c_str(), (path + "-journal").c_str(), log.c_str(), 0, nullptr));
  if (!name) return failure(SQLITE_NOMEM);
  int there = 0;
  if (const int code = vfs->xAccess(vfs, log.c_str(), SQLITE_ACCESS_EXISTS, &there); code != SQLITE_OK)
    return failure(code);
  if (there == 0) return true;
  OpenLog opened(*vfs);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL;
  if (const int code = vfs->xOpen(vfs, sqlite3_filename_wal(name.get()), opened.file(), flags, nullptr);
      code != SQLITE_OK)
    return failure(code);
  if (const int code = write_again(opened.file()); code != SQLITE_OK) return failure(code);
  return true;
}

}  // namespace rollout::journal
