#include "runtime/journal/sqlite_journal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/journal/chain.hpp"
#include "runtime/plan/planted.hpp"

namespace rollout::journal {

namespace {

constexpr const char* kWriting = "write the journal";
constexpr const char* kReading = "read the journal";
// Where nobody called `tidy` for so long, an append does: the log must not fill the disk (32 MiB at 4 KiB a page).
constexpr int kLogPagesAtMost = 8192;
// Below this a quiet moment is not worth two syncs.
constexpr int kLogPagesWorthTidying = 256;

constexpr std::string_view kRunColumns =
    "run_id, rollout, plan_id, state, owner, epoch, sequence, created, updated, wake_at";

RunRow read_run(const Statement& row) {
  RunRow run;
  run.run_id = row.text(0);
  run.rollout = row.text(1);
  run.plan_id = row.text(2);
  run.state = row.text(3);
  run.owner = row.text(4);
  run.epoch = row.integer(5);
  run.sequence = row.integer(6);
  run.created = row.integer(7);
  run.updated = row.integer(8);
  if (!row.is_null(9)) run.wake_at = row.integer(9);
  return run;
}

void bind_instant(Statement& statement, int index, std::optional<Nanoseconds> instant) {
  if (instant) {
    statement.bind(index, *instant);
  } else {
    statement.bind_null(index);
  }
}

}  // namespace

SqliteJournal::~SqliteJournal() {
  statements_.clear();
  // After a failed sync a checkpoint might copy pages that were never stored: leave the log for the next start.
  if (broken_) sqlite3_db_config(database_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Expected<Statement*> SqliteJournal::statement(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    auto prepared = database_->prepare(sql);
    if (!prepared) return prepared.error();
    found = statements_.emplace(std::string(sql), std::move(*prepared)).first;
  }
  return &found->second;
}

JournalError SqliteJournal::unknown_run(const std::string& run_id) const {
  return {JournalError::Kind::UnknownRun,
          fmt::format("there is no run `{}` in the journal `{}`; `rollout list` shows which there are", run_id,
                      database_->path())};
}

JournalError SqliteJournal::damaged(const std::string& what) const {
  return {
      JournalError::Kind::Damaged,
      fmt::format("the journal `{}` is damaged: {}; restore it from a backup, or keep it for inspection and start with "
                  "another state directory",
                  database_->path(), what)};
}

// ---------------------------------------------------------------- transactions

JournalError SqliteJournal::break_with(JournalError error) {
  if (error.kind != JournalError::Kind::Busy) broken_ = error;
  return error;
}

// A deleted file takes writes without a word, and all of them are gone with the process.
Expected<bool> SqliteJournal::check_place() {
  if (!file_) return true;
  const std::string log = database_->path() + "-wal";
  if (!log_) log_ = file_at(log);
  if (file_at(database_->path()) == file_ && file_at(log) == log_) return true;
  return JournalError{
      JournalError::Kind::Io,
      fmt::format("the journal `{}` was deleted, moved or replaced while this process wrote to it, so nothing more "
                  "would be kept; put it back with its `-wal` file, or see by hand how far the rollout came",
                  database_->path())};
}

Expected<bool> SqliteJournal::begin() {
  if (broken_) return *broken_;
  if (auto in_place = check_place(); !in_place) return break_with(in_place.error());
  auto begun = database_->execute("BEGIN IMMEDIATE", kWriting);
  if (!begun) return break_with(begun.error());
  return true;
}

Expected<bool> SqliteJournal::commit() {
  auto committed = database_->execute("COMMIT", kWriting);
  // What a failed commit left on the disk is unknown, and a second sync may lie: nothing may be written after it.
  if (!committed) return undo(break_with(committed.error()));
  return true;
}

JournalError SqliteJournal::undo(JournalError error) {
  if (sqlite3_get_autocommit(database_->handle()) == 0) {
    // The rollback's own failure adds nothing: the transaction was never committed.
    static_cast<void>(database_->execute("ROLLBACK", kWriting));
  }
  return error;
}

Expected<bool> SqliteJournal::write(Statement& statement, std::string_view doing) {
  const int code = statement.step();
  if (code == SQLITE_DONE) return true;
  return break_with(database_->error(code, doing));
}

// ---------------------------------------------------------------- writing

Expected<SqliteJournal::Head> SqliteJournal::head(const std::string& run_id) {
  auto query = statement("SELECT id, epoch, sequence, chain FROM runs WHERE run_id = ?");
  if (!query) return query.error();
  Use row(**query);
  row->bind(1, run_id);
  const int code = row->step();
  if (code == SQLITE_DONE) return unknown_run(run_id);
  if (code != SQLITE_ROW) return database_->error(code, kReading);
  return Head{row->integer(0), row->integer(1), row->integer(2), row->text(3)};
}

Expected<SqliteJournal::Link> SqliteJournal::insert_entries(const Head& head, const std::vector<NewEntry>& entries) {
  auto query =
      statement("INSERT INTO entries (run, sequence, epoch, at, kind, body, chain) VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!query) return query.error();
  std::string link = head.chain;
  std::int64_t sequence = head.sequence;
  for (const NewEntry& entry : entries) {
    if (entries.size() > 3 && &entry == &entries.back() && planted(plan::Bug::LastEntryLost)) break;
    link = chain_link(link, Entry{++sequence, head.epoch, entry.at, entry.kind, entry.body, {}});
    Use row(**query);
    row->bind(1, head.id).bind(2, sequence).bind(3, head.epoch).bind(4, entry.at);
    row->bind(5, std::string_view(entry.kind)).bind(6, std::string_view(entry.body));
    row->bind(7, std::string_view(link));
    if (auto written = write(**query, kWriting); !written) return written.error();
  }
  return Link{std::move(link)};
}

Expected<bool> SqliteJournal::store_snapshot(std::int64_t run, const std::string& snapshot) {
  if (snapshot.size() % 3 == 0 && planted(plan::Bug::StateNotStored)) return true;
  auto query = statement("INSERT OR REPLACE INTO snapshots (run, bytes, checksum) VALUES (?, ?, ?)");
  if (!query) return query.error();
  Use row(**query);
  row->bind(1, run).bind_blob(2, snapshot).bind(3, static_cast<std::int64_t>(checksum(snapshot)));
  return write(**query, kWriting);
}

Expected<bool> SqliteJournal::insert_run(const RunRow& run, const std::string& plan_bytes, const std::string& snapshot,
                                         const std::vector<NewEntry>& entries) {
  auto plan_query = statement("INSERT OR IGNORE INTO plans (plan_id, bytes) VALUES (?, ?)");
  if (!plan_query) return plan_query.error();
  {
    Use row(**plan_query);
    row->bind(1, std::string_view(run.plan_id)).bind_blob(2, plan_bytes);
    if (auto written = write(**plan_query, kWriting); !written) return written;
  }
  auto run_query = statement(
      "INSERT INTO runs (run_id, rollout, plan_id, state, owner, epoch, sequence, created, updated, wake_at, chain) "
      "VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, '')");
  if (!run_query) return run_query.error();
  {
    Use row(**run_query);
    row->bind(1, std::string_view(run.run_id)).bind(2, std::string_view(run.rollout));
    row->bind(3, std::string_view(run.plan_id)).bind(4, std::string_view(run.state));
    row->bind(5, std::string_view(run.owner)).bind(6, static_cast<std::int64_t>(entries.size()));
    row->bind(7, run.created).bind(8, std::max(run.updated, run.created));
    bind_instant(**run_query, 9, run.wake_at);
    if (auto written = write(**run_query, kWriting); !written) return written;
  }
  const Head head{database_->last_rowid(), 1, 0, {}};
  const auto link = insert_entries(head, entries);
  if (!link) return link.error();
  auto link_query = statement("UPDATE runs SET chain = ? WHERE id = ?");
  if (!link_query) return link_query.error();
  {
    Use row(**link_query);
    row->bind(1, std::string_view(link->text)).bind(2, head.id);
    if (auto written = write(**link_query, kWriting); !written) return written;
  }
  return store_snapshot(head.id, snapshot);
}

Expected<Claim> SqliteJournal::create(const RunRow& run, const std::string& plan_bytes, const std::string& snapshot,
                                      const std::vector<NewEntry>& entries) {
  if (auto begun = begin(); !begun) return begun.error();
  if (head(run.run_id)) {
    return undo({JournalError::Kind::Exists,
                 fmt::format("the journal `{}` already holds a run `{}`", database_->path(), run.run_id)});
  }
  if (auto inserted = insert_run(run, plan_bytes, snapshot, entries); !inserted) return undo(inserted.error());
  if (auto committed = commit(); !committed) return committed.error();
  return Claim{run.run_id, 1, static_cast<std::int64_t>(entries.size())};
}

Expected<Claim> SqliteJournal::claim(const std::string& run_id, const std::string& owner) {
  if (auto begun = begin(); !begun) return begun.error();
  const auto before = head(run_id);
  if (!before) return undo(before.error());
  auto query = statement("UPDATE runs SET epoch = epoch + 1, owner = ? WHERE id = ?");
  if (!query) return undo(query.error());
  {
    Use row(**query);
    row->bind(1, std::string_view(owner)).bind(2, before->id);
    if (auto written = write(**query, kWriting); !written) return undo(written.error());
  }
  if (auto committed = commit(); !committed) return committed.error();
  return Claim{run_id, before->epoch + 1, before->sequence};
}

Expected<bool> SqliteJournal::advance(const Claim& claim, const std::vector<NewEntry>& entries,
                                      const std::string& snapshot, const std::string& state,
                                      std::optional<Nanoseconds> wake_at) {
  const auto before = head(claim.run_id);
  if (!before) return before.error();
  const bool fenced = before->epoch != claim.epoch || before->sequence != claim.sequence;
  if (fenced && !planted(plan::Bug::NotFenced)) {
    return JournalError{
        JournalError::Kind::Fenced,
        fmt::format("run `{}` was taken over by another process (epoch {} at entry {}, ours was {} at {}); this one "
                    "must stop, nothing was written",
                    claim.run_id, before->epoch, before->sequence, claim.epoch, claim.sequence)};
  }
  const auto link = insert_entries(*before, entries);
  if (!link) return link.error();
  auto query = statement(
      "UPDATE runs SET sequence = ?, state = ?, wake_at = ?, chain = ?, updated = max(updated, ?) "
      "WHERE id = ? AND epoch = ? AND sequence = ?");
  if (!query) return query.error();
  {
    Use row(**query);
    row->bind(1, claim.sequence + static_cast<std::int64_t>(entries.size())).bind(2, std::string_view(state));
    bind_instant(**query, 3, wake_at);
    row->bind(4, std::string_view(link->text)).bind(5, entries.empty() ? 0 : entries.back().at);
    row->bind(6, before->id).bind(7, claim.epoch).bind(8, claim.sequence);
    if (auto written = write(**query, kWriting); !written) return written;
  }
  return store_snapshot(before->id, snapshot);
}

Expected<bool> SqliteJournal::append(Claim& claim, const std::vector<NewEntry>& entries, const std::string& snapshot,
                                     const std::string& state, std::optional<Nanoseconds> wake_at) {
  if (auto begun = begin(); !begun) return begun;
  if (auto advanced = advance(claim, entries, snapshot, state, wake_at); !advanced) return undo(advanced.error());
  if (auto committed = commit(); !committed) return committed;
  claim.sequence += static_cast<std::int64_t>(entries.size());
  // Durable already: a checkpoint that fails shows again at the next append.
  if (log_pages_ > kLogPagesAtMost) static_cast<void>(tidy());
  return true;
}

Expected<bool> SqliteJournal::tidy() {
  if (broken_) return *broken_;
  if (!writes_ || log_pages_ < kLogPagesWorthTidying) return true;
  int in_log = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  if (code == SQLITE_OK) {
    log_pages_ = in_log - moved;
    return true;
  }
  // A reader in the way or a full disk cost nothing: what matters is in the log. Anything else may have lost pages.
  const JournalError error = database_->error(code, "tidy up the journal");
  return (code & 0xff) == SQLITE_FULL ? error : break_with(error);
}

// ---------------------------------------------------------------- reading

Expected<std::vector<RunRow>> SqliteJournal::runs() {
  auto query = statement(fmt::format("SELECT {} FROM runs ORDER BY id", kRunColumns));
  if (!query) return query.error();
  Use row(**query);
  std::vector<RunRow> found;
  int code = row->step();
  for (; code == SQLITE_ROW; code = row->step()) found.push_back(read_run(**query));
  if (code != SQLITE_DONE) return database_->error(code, kReading);
  return found;
}

Expected<RunRow> SqliteJournal::run(const std::string& run_id) {
  auto query = statement(fmt::format("SELECT {} FROM runs WHERE run_id = ?", kRunColumns));
  if (!query) return query.error();
  Use row(**query);
  row->bind(1, std::string_view(run_id));
  const int code = row->step();
  if (code == SQLITE_DONE) return unknown_run(run_id);
  if (code != SQLITE_ROW) return database_->error(code, kReading);
  return read_run(**query);
}

Expected<std::string> SqliteJournal::plan(const std::string& plan_id) {
  auto query = statement("SELECT bytes FROM plans WHERE plan_id = ?");
  if (!query) return query.error();
  Use row(**query);
  row->bind(1, std::string_view(plan_id));
  const int code = row->step();
  if (code == SQLITE_DONE) return damaged(fmt::format("the plan `{}` is not in it", plan_id));
  if (code != SQLITE_ROW) return database_->error(code, kReading);
  return row->text(0);
}

Expected<std::string> SqliteJournal::snapshot(const std::string& run_id) {
  auto query = statement(
      "SELECT snapshots.bytes, snapshots.checksum FROM runs LEFT JOIN snapshots ON snapshots.run = runs.id WHERE "
      "run_id = ?");
  if (!query) return query.error();
  Use row(**query);
  row->bind(1, std::string_view(run_id));
  const int code = row->step();
  if (code == SQLITE_DONE) return unknown_run(run_id);
  if (code != SQLITE_ROW) return database_->error(code, kReading);
  std::string bytes = row->text(0);
  if (row->is_null(1) || static_cast<std::uint64_t>(row->integer(1)) != checksum(bytes)) {
    return damaged(fmt::format("the state of run `{}` does not fit its checksum", run_id));
  }
  return bytes;
}

Expected<std::vector<Entry>> SqliteJournal::entries(const std::string& run_id, std::int64_t after, std::size_t limit) {
  const auto known = head(run_id);
  if (!known) return known.error();
  // The entry before the first wanted one comes along: it holds the link that the first continues.
  auto query = statement(
      "SELECT sequence, epoch, at, kind, body, chain FROM entries WHERE run = ? AND sequence >= ? ORDER BY sequence "
      "LIMIT ?");
  if (!query) return query.error();
  Use row(**query);
  row->bind(1, known->id)
      .bind(2, after)
      .bind(3, limit == 0 ? -1 : static_cast<std::int64_t>(limit) + (after > 0 ? 1 : 0));
  std::vector<Entry> found;
  std::string link;
  std::int64_t expected = after > 0 ? after : 1;
  int code = row->step();
  for (; code == SQLITE_ROW; code = row->step(), ++expected) {
    Entry entry{row->integer(0), row->integer(1), row->integer(2), row->text(3), row->text(4), row->text(5)};
    if (entry.sequence == after) {
      link = entry.link;
      continue;
    }
    if (entry.sequence != expected) return damaged(fmt::format("entry {} of run `{}` is missing", expected, run_id));
    link = chain_link(link, entry);
    if (link != entry.link || (entry.sequence == known->sequence && link != known->chain))
      return damaged(fmt::format("entry {} of run `{}` does not fit its checksum", entry.sequence, run_id));
    found.push_back(std::move(entry));
  }
  if (code != SQLITE_DONE) return database_->error(code, kReading);
  if (limit == 0 && expected <= known->sequence)
    return damaged(fmt::format("entry {} of run `{}` is missing", expected, run_id));
  return found;
}

}  // namespace rollout::journal
