#include <fmt/format.h>

#include "runtime/journal/sqlite_journal.hpp"
#include "runtime/journal/sqlite_schema.hpp"
#include "runtime/journal/storage.hpp"
#include "runtime/journal/stored_log.hpp"
#include "runtime/plan/planted.hpp"

// Opening a journal: locks, modes and checks.

namespace rollout::journal {

namespace {

constexpr int kWriterFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

// FULL syncs the log at each commit; without it a power cut loses what was acknowledged. Checkpoints happen only when
// we say.
Expected<bool> configure_writer(Database& database) {
  return database.execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=ON;"
      "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;",
      "set up the journal");
}

}  // namespace

Expected<std::unique_ptr<Journal>> SqliteJournal::open_for_writing(const std::string& path) {
  if (auto ready = prepare_storage(path); !ready) return ready.error();
  auto lock = LockFile::acquire(path + ".lock", "rollout journal");
  if (!lock) {
    if (!lock.error().held) return JournalError{JournalError::Kind::Io, lock.error().message};
    return JournalError{
        JournalError::Kind::Busy,
        fmt::format("the journal `{}` is in use: {}; talk to that run with `rollout status`, `approve` and the "
                    "like, or name another state directory with `--state`",
                    path, lock.error().message)};
  }
  if (auto stored = store_log_again(path); !stored) return stored.error();
  auto database = Database::open(path, kWriterFlags);
  if (!database) return database.error();
  auto journal = open_writer(std::move(*database), std::move(*lock));
  if (journal) static_cast<SqliteJournal&>(**journal).file_ = file_at(path);
  return journal;
}

Expected<std::unique_ptr<Journal>> SqliteJournal::open_on(const std::string& storage, const std::string& path) {
  if (auto stored = store_log_again(path, storage.c_str()); !stored) return stored.error();
  auto database = Database::open(path, kWriterFlags, storage.c_str());
  if (!database) return database.error();
  return open_writer(std::move(*database), std::nullopt);
}

Expected<std::unique_ptr<Journal>> SqliteJournal::open_writer(std::unique_ptr<Database> database,
                                                              std::optional<LockFile> lock) {
  const auto ours = check_schema(*database);
  if (!ours) return ours.error();
  if (auto configured = configure_writer(*database); !configured) return configured.error();
  if (planted(plan::Bug::NoSync)) static_cast<void>(database->execute("PRAGMA synchronous=OFF", "set up the journal"));
  if (!*ours) {
    if (auto created = create_schema(*database); !created) return created.error();
  }
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(std::move(database), std::move(lock)));
  journal->writes_ = true;
  sqlite3_wal_hook(
      journal->database_->handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteJournal*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      journal.get());
  return std::unique_ptr<Journal>(std::move(journal));
}

Expected<std::unique_ptr<Journal>> SqliteJournal::open_for_reading(const std::string& path) {
  if (auto readable = check_readable(path); !readable) return readable.error();
  auto database = Database::open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
  if (!database) return database.error();
  sqlite3_db_config((*database)->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (auto set = (*database)->execute("PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA trusted_schema=OFF;",
                                      "read the journal");
      !set) {
    return set.error();
  }
  const auto ours = check_schema(**database);
  if (!ours) return ours.error();
  if (!*ours) {
    return JournalError{JournalError::Kind::UnknownRun,
                        fmt::format("the journal `{}` is empty: nothing was run yet with this state directory", path)};
  }
  return std::unique_ptr<Journal>(new SqliteJournal(std::move(*database), std::nullopt));
}

Expected<std::unique_ptr<Journal>> open_sqlite(const std::string& path, OpenMode mode) {
  return mode == OpenMode::ReadWrite ? SqliteJournal::open_for_writing(path) : SqliteJournal::open_for_reading(path);
}

}  // namespace rollout::journal
