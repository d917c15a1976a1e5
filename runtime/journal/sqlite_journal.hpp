#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/journal/lock_file.hpp"
#include "runtime/journal/sqlite_database.hpp"
#include "runtime/journal/storage.hpp"

namespace rollout::journal {

// The journal in one SQLite file, through one connection that does all writes and all checkpoints: SQLite before 3.51.3
// can damage a file whose writer and checkpointer are two connections.
class SqliteJournal : public Journal {
 public:
  static Expected<std::unique_ptr<Journal>> open_for_writing(const std::string& path);
  static Expected<std::unique_ptr<Journal>> open_for_reading(const std::string& path);
  // For writing, on another storage than the system's files: a registered SQLite VFS, by its name. No other writer is
  // locked out.
  static Expected<std::unique_ptr<Journal>> open_on(const std::string& storage, const std::string& path);
  ~SqliteJournal() override;

  Expected<Claim> create(const RunRow& run, const std::string& plan_bytes, const std::string& snapshot,
                         const std::vector<NewEntry>& entries) override;
  Expected<Claim> claim(const std::string& run_id, const std::string& owner) override;
  Expected<bool> append(Claim& claim, const std::vector<NewEntry>& entries, const std::string& snapshot,
                        const std::string& state, std::optional<Nanoseconds> wake_at) override;
  Expected<std::vector<RunRow>> runs() override;
  Expected<RunRow> run(const std::string& run_id) override;
  Expected<std::string> plan(const std::string& plan_id) override;
  Expected<std::string> snapshot(const std::string& run_id) override;
  Expected<std::vector<Entry>> entries(const std::string& run_id, std::int64_t after, std::size_t limit) override;
  Expected<bool> tidy() override;

 private:
  // What an append needs to know of the run's row.
  struct Head {
    std::int64_t id = 0, epoch = 0, sequence = 0;
    std::string chain;  // the link of the last entry; empty where there is none
  };
  struct Link {
    std::string text;
  };

  SqliteJournal(std::unique_ptr<Database> database, std::optional<LockFile> lock)
      : lock_(std::move(lock)), database_(std::move(database)) {}
  static Expected<std::unique_ptr<Journal>> open_writer(std::unique_ptr<Database> database,
                                                        std::optional<LockFile> lock);

  Expected<Statement*> statement(std::string_view sql);
  Expected<bool> check_place();
  Expected<bool> begin();
  Expected<bool> commit();
  JournalError undo(JournalError error);
  JournalError break_with(JournalError error);
  Expected<bool> write(Statement& statement, std::string_view doing);
  Expected<Head> head(const std::string& run_id);
  Expected<Link> insert_entries(const Head& head, const std::vector<NewEntry>& entries);
  Expected<bool> insert_run(const RunRow& run, const std::string& plan_bytes, const std::string& snapshot,
                            const std::vector<NewEntry>& entries);
  Expected<bool> store_snapshot(std::int64_t run, const std::string& snapshot);
  Expected<bool> advance(const Claim& claim, const std::vector<NewEntry>& entries, const std::string& snapshot,
                         const std::string& state, std::optional<Nanoseconds> wake_at);
  JournalError unknown_run(const std::string& run_id) const;
  JournalError damaged(const std::string& what) const;

  std::optional<LockFile> lock_;  // declared first: given back after the connection is closed
  std::unique_ptr<Database> database_;
  std::map<std::string, Statement, std::less<>> statements_;
  std::optional<JournalError> broken_;
  // The files that are written to, as they were first seen at their paths; nothing on another storage.
  std::optional<FileIdentity> file_, log_;
  bool writes_ = false;
  int log_pages_ = 0;  // in the write-ahead log, not yet moved into the file
};

}  // namespace rollout::journal
