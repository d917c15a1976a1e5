#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/journal/journal.hpp"

// A thin, typed layer over SQLite's C interface: one connection, prepared statements, errors that a person can act on.

namespace rollout::journal {

// What an SQLite result code means for the one who reads it. `doing` completes "cannot ... `path`".
JournalError sqlite_error(int code, std::string_view detail, std::string_view doing, const std::string& path);

// One statement, reset by `rewind` and finalised at the end. Columns and parameters count as SQLite counts them:
// columns from 0, parameters from 1.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  int step() { return sqlite3_step(statement_.get()); }
  // Makes it ready for the next use; what was bound is kept no longer than that.
  void rewind();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string text(int column) const;
  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

 private:
  struct Finalise {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalise> statement_;
};

// Rewinds a statement when its use is over, so that no read transaction stays open.
class Use {
 public:
  explicit Use(Statement& statement) : statement_(statement) {}
  ~Use() { statement_.rewind(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Statement* operator->() { return &statement_; }

 private:
  Statement& statement_;
};

class Database {
 public:
  // `storage`: the SQLite VFS under it; null: the system's files.
  static Expected<std::unique_ptr<Database>> open(const std::string& path, int flags, const char* storage = nullptr);

  Expected<bool> execute(const char* sql, std::string_view doing);
  Expected<Statement> prepare(std::string_view sql);
  // The first column of the first row of a query that has exactly one.
  Expected<std::int64_t> integer(std::string_view sql, std::string_view doing);
  JournalError error(int code, std::string_view doing) const;
  std::int64_t changed_rows() const { return sqlite3_changes64(handle_.get()); }
  std::int64_t last_rowid() const { return sqlite3_last_insert_rowid(handle_.get()); }
  const std::string& path() const { return path_; }
  sqlite3* handle() { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

}  // namespace rollout::journal
