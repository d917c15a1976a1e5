#include "runtime/journal/sqlite_database.hpp"

#include <fmt/format.h>

#include <utility>

namespace rollout::journal {

namespace {

struct Meaning {
  JournalError::Kind kind;
  const char* what;
};

Meaning meaning_of(int code) {
  using Kind = JournalError::Kind;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Kind::DiskFull, "the disk is full; free some space, then take the runs up again with `rollout resume`"};
    case SQLITE_NOTADB: return {Kind::Damaged, "it is not a journal: the file does not begin like an SQLite database"};
    case SQLITE_CORRUPT:
      return {Kind::Damaged,
              "the file is damaged; restore it from a backup, or keep it for inspection and start with another state "
              "directory"};
    // What we ask is constant: it is the tables that are wrong.
    case SQLITE_ERROR:
      return {Kind::Damaged,
              "its tables are not those of a journal, so it is damaged, or another program has changed it; restore it "
              "from a backup, or keep it for inspection and start with another state directory"};
    case SQLITE_READONLY:
      return {Kind::Io, "it may not be written; the file, its folder or the file system is read-only for this user"};
    case SQLITE_CANTOPEN:
      return {Kind::Io,
              "it cannot be opened; check that its folder exists and that this user may read and write there"};
    case SQLITE_PERM:
    case SQLITE_AUTH: return {Kind::Io, "access was denied; check the owner and the mode of the file"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {Kind::Busy, "another program has locked the file; end it and try again"};
    case SQLITE_IOERR:
      return {Kind::Io,
              "the disk reported an error; nothing further is started, look at the system's log before going on"};
    case SQLITE_NOMEM: return {Kind::Io, "there is not enough memory"};
    case SQLITE_TOOBIG: return {Kind::Io, "an entry is larger than the database can hold"};
    default: return {Kind::Io, "the database reported an error"};
  }
}

}  // namespace

JournalError sqlite_error(int code, std::string_view detail, std::string_view doing, const std::string& path) {
  const Meaning meaning = meaning_of(code);
  return {meaning.kind, fmt::format("cannot {} `{}`: {} (SQLite {}: {})", doing, path, meaning.what, code, detail)};
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

// Static: the bound bytes outlive the step, since every use binds and steps in one function. They are those of a
// string, also where it is empty: a null pointer would be NULL to SQLite.
Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

void Statement::rewind() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::string Statement::text(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string{} : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

Expected<std::unique_ptr<Database>> Database::open(const std::string& path, int flags, const char* storage) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, storage);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return database->error(code, "open the journal");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5'000);
  return database;
}

Expected<bool> Database::execute(const char* sql, std::string_view doing) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, doing);
  return true;
}

Expected<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return error(code, "read the journal");
  return Statement(statement);
}

Expected<std::int64_t> Database::integer(std::string_view sql, std::string_view doing) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const int code = statement->step();
  if (code != SQLITE_ROW) return error(code, doing);
  return statement->integer(0);
}

JournalError Database::error(int code, std::string_view doing) const {
  const char* detail = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_.get());
  return sqlite_error(code, detail, doing, path_);
}

}  // namespace rollout::journal
