#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/plan.hpp"

// What happened, durably. One connection does all writes and all checkpoints; the interface is the same for a database
// that several workers share: every run carries an owner, an epoch (the fence) and a sequence, and every append is a
// compare-and-swap on (epoch, sequence).

namespace rollout::journal {

using plan::Nanoseconds;

struct JournalError {
  enum class Kind : std::uint8_t { Io, DiskFull, Damaged, NewerSchema, Busy, Fenced, UnknownRun, Exists } kind{};
  std::string message;  // what was observed, where, and what to do
};
template <typename T>
using Expected = plan::Expected<T, JournalError>;

struct Entry {
  std::int64_t sequence = 0;  // from 1, without gaps, within the run
  std::int64_t epoch = 0;     // who wrote it
  Nanoseconds at = 0;
  std::string kind;  // machine::record_name, or an engine's own ("process started")
  std::string body;  // JSON object
  std::string link;  // to all entries before it; see chain.hpp
};

struct RunRow {
  std::string run_id, rollout, plan_id, state, owner;
  std::int64_t epoch = 0, sequence = 0;
  Nanoseconds created = 0, updated = 0;
  std::optional<Nanoseconds> wake_at;  // when the machine wants to go on; nothing: waiting for an event or ended
};

// A claim on a run: whoever holds the newest epoch may append.
struct Claim {
  std::string run_id;
  std::int64_t epoch = 0;
  std::int64_t sequence = 0;  // of the last entry; advanced by append
};

struct NewEntry {
  Nanoseconds at = 0;
  std::string kind, body;
};

class Journal {
 public:
  virtual ~Journal() = default;

  // Stores the plan (once for all runs with its id) and the run with its first state. The claim is the creator's.
  virtual Expected<Claim> create(const RunRow& run, const std::string& plan_bytes, const std::string& snapshot,
                                 const std::vector<NewEntry>& entries) = 0;
  // Takes a run over: raises its epoch, so that whoever held it before is fenced.
  virtual Expected<Claim> claim(const std::string& run_id, const std::string& owner) = 0;
  // Appends the entries and replaces the snapshot in one durable transaction; advances the claim. Fenced where the
  // epoch or the sequence is not the run's: then nothing was written and the holder must stop at once.
  virtual Expected<bool> append(Claim& claim, const std::vector<NewEntry>& entries, const std::string& snapshot,
                                const std::string& state, std::optional<Nanoseconds> wake_at) = 0;

  virtual Expected<std::vector<RunRow>> runs() = 0;
  virtual Expected<RunRow> run(const std::string& run_id) = 0;
  virtual Expected<std::string> plan(const std::string& plan_id) = 0;
  virtual Expected<std::string> snapshot(const std::string& run_id) = 0;
  // Entries with sequence > after, in order, at most `limit` (0: all).
  virtual Expected<std::vector<Entry>> entries(const std::string& run_id, std::int64_t after, std::size_t limit) = 0;

  // Tidies up at a quiet moment (SQLite: moves the log into the file). Never needed for durability; cheap where there
  // is nothing to do.
  virtual Expected<bool> tidy() = 0;
};

// Once writing has failed the journal is broken for this process: every later create, claim and append fails with the
// same error, since what the disk holds is only known after reading it anew.
enum class OpenMode : std::uint8_t { ReadWrite, ReadOnly };
// An SQLite file, WAL and synchronous=FULL. ReadWrite takes an exclusive lock beside the file (Busy, naming the
// holder's process, where another has it), creates it with mode 0600; ReadOnly never checkpoints and works beside a
// writer.
Expected<std::unique_ptr<Journal>> open_sqlite(const std::string& path, OpenMode mode);

}  // namespace rollout::journal
