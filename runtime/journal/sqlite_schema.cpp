#include "runtime/journal/sqlite_schema.hpp"

#include <fmt/format.h>

namespace rollout::journal {

namespace {

// Entries are appended in the order of their global rowid, which keeps a commit of many runs on few pages; the run's
// row is what changes. Snapshots stand apart so that listing runs does not read them.
constexpr const char* kTables = R"sql(
CREATE TABLE plans (
  plan_id TEXT NOT NULL PRIMARY KEY,
  bytes BLOB NOT NULL
);
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  rollout TEXT NOT NULL,
  plan_id TEXT NOT NULL REFERENCES plans,
  state TEXT NOT NULL,
  owner TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  wake_at INTEGER,
  chain TEXT NOT NULL
);
CREATE TABLE snapshots (
  run INTEGER PRIMARY KEY REFERENCES runs,
  bytes BLOB NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  sequence INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  chain TEXT NOT NULL
);
CREATE UNIQUE INDEX entries_of_run ON entries (run, sequence);
CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN SELECT raise(ABORT, 'what the journal holds never changes'); END;
CREATE TRIGGER entries_never_vanish BEFORE DELETE ON entries
BEGIN SELECT raise(ABORT, 'what the journal holds is never deleted'); END;
)sql";

}  // namespace

Expected<bool> check_schema(Database& database) {
  const auto application = database.integer("PRAGMA application_id", "read the journal");
  if (!application) return application.error();
  const auto version = database.integer("PRAGMA user_version", "read the journal");
  if (!version) return version.error();
  const auto tables = database.integer("SELECT count(*) FROM sqlite_schema", "read the journal");
  if (!tables) return tables.error();
  if (*application == 0 && *version == 0 && *tables == 0) return false;
  if (*application != kApplicationId) {
    return JournalError{JournalError::Kind::Damaged,
                        fmt::format("`{}` is an SQLite database of another program, not a journal; name another state "
                                    "directory with `--state`",
                                    database.path())};
  }
  if (*version > kSchemaVersion) {
    return JournalError{JournalError::Kind::NewerSchema,
                        fmt::format("the journal `{}` was written by a newer rollout (its tables have version {}, this "
                                    "program knows {}); use that newer one, nothing was changed",
                                    database.path(), *version, kSchemaVersion)};
  }
  if (*version < kSchemaVersion) {
    return JournalError{
        JournalError::Kind::Damaged,
        fmt::format("the journal `{}` was written by an older rollout (its tables have version {}, this "
                    "program knows {}); use that older one for this run, nothing was changed",
                    database.path(), *version, kSchemaVersion)};
  }
  return true;
}

Expected<bool> create_schema(Database& database) {
  const std::string sql = fmt::format("BEGIN IMMEDIATE; PRAGMA application_id={}; PRAGMA user_version={}; {} COMMIT;",
                                      kApplicationId, kSchemaVersion, kTables);
  return database.execute(sql.c_str(), "create the journal");
}

}  // namespace rollout::journal
