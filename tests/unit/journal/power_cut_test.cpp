#include <catch2/catch.hpp>

#include "runtime/journal/sqlite_journal.hpp"
#include "runtime/journal/stored_log.hpp"
#include "tests/simulation/storage.hpp"
#include "tests/unit/journal/failing_memory.hpp"
#include "tests/unit/journal/scratch.hpp"

// Power cuts, failed calls of the disk and memory that runs out, on the modelled disk of the simulator.

using namespace rollout::journal;
using rollout::simulation::Death;
using rollout::simulation::Loss;
using rollout::simulation::Random;
using rollout::simulation::Storage;
using rollout::simulation::storage_name;
using rollout::simulation::use_storage;
using rollout::test::FailingMemory;

namespace {

const bool kMemoryCanFail = FailingMemory::install();

// The disk under all journals that the test opens behind it.
struct UsedStorage : Storage {
  UsedStorage() { use_storage(this); }
  ~UsedStorage() { use_storage(nullptr); }
  UsedStorage(const UsedStorage&) = delete;
  UsedStorage& operator=(const UsedStorage&) = delete;
};

std::unique_ptr<Journal> open() {
  auto journal = SqliteJournal::open_on(storage_name(), "/journal");
  INFO((journal ? "" : journal.error().message));
  REQUIRE(journal);
  return std::move(*journal);
}

bool append(Journal& journal, Claim& claim) {
  const auto next = static_cast<int>(claim.sequence) + 1;
  return static_cast<bool>(
      journal.append(claim, sample_entries(next, 1), std::string(20'000, 'x') + std::to_string(next), "running", {}));
}

void cut_power(Storage& storage, std::unique_ptr<Journal> journal, Loss loss) {
  storage.dead = true;
  journal.reset();
  storage.start_again();
  storage.disk.lose(loss, storage.random);
}

// What a process does with a journal, up to the first thing that fails.
struct Work {
  explicit Work(std::size_t size = 400'000) : state_size(size) {}
  std::size_t state_size;
  std::int64_t acknowledged = 0;
  std::string error;

  template <typename T>
  bool went_well(const Expected<T>& result) {
    if (!result) error = result.error().message;
    return static_cast<bool>(result);
  }
  void read(Journal& journal) {
    const auto row = journal.run("r1");
    if (!went_well(row) || !went_well(journal.runs()) || !went_well(journal.plan(row->plan_id))) return;
    if (went_well(journal.snapshot("r1"))) went_well(journal.entries("r1", 1, 2));
  }
  void carry_out() {
    const auto opened = SqliteJournal::open_on(storage_name(), "/journal");
    if (!went_well(opened)) return;
    Journal& journal = **opened;
    auto claim = journal.run("r1") ? journal.claim("r1", "next") : journal.create(sample_run("r1"), "plan", "0", {});
    if (!went_well(claim)) return;
    acknowledged = claim->sequence;
    for (int count = 0; count < 3 && error.empty(); ++count) {
      const auto next = static_cast<int>(claim->sequence) + 1;
      const std::string state = std::string(state_size, 'x') + std::to_string(next);
      if (went_well(journal.append(*claim, sample_entries(next, 1), state, "running", {}))) acknowledged = next;
    }
    if (error.empty()) went_well(journal.tidy());
    if (error.empty()) read(journal);
  }
};

}  // namespace

TEST_CASE("whichever call of the disk fails, it is said, and what was acknowledged stays") {
  const bool begun_before = GENERATE(false, true);
  // Each of the first calls; from then on most are pages like the one before.
  int failures = 0, lives = 0, at = 1;
  for (bool reached = true; reached; at += at < 120 ? 1 : 31, ++lives) {
    UsedStorage storage;
    if (begun_before) Work().carry_out();
    storage.calls_until_failure = at;
    Work work;
    work.carry_out();
    reached = storage.calls_until_failure == 0;
    storage.calls_until_failure = 0;
    storage.start_again();
    // SQLite may get along without what failed, a look at the size for one; else it has to be said.
    failures += work.error.empty() ? 0 : 1;
    INFO("call " << at << ": " << work.error);
    if (!reached) CHECK(work.error.empty());
    auto journal = open();
    const auto run = journal->run("r1");
    if (!run) {
      CHECK((work.acknowledged == 0 && !begun_before));
    } else {
      CHECK(run->sequence >= work.acknowledged);
      CHECK(run->sequence <= work.acknowledged + 1 + (begun_before ? 3 : 0));
      CHECK(journal->entries("r1", 0, 0)->size() == static_cast<std::size_t>(run->sequence));
      CHECK(journal->snapshot("r1"));
    }
  }
  CHECK(at > 500);
  CHECK(failures > lives / 2);
}

TEST_CASE("whichever piece of memory SQLite cannot have, it is said, and what was acknowledged stays") {
  REQUIRE(kMemoryCanFail);
  REQUIRE(sqlite3_initialize() == SQLITE_OK);
  REQUIRE(storage_name() == "simulated");
  const bool begun_before = GENERATE(false, true), and_all_after = GENERATE(false, true);
  int failures = 0;
  long number = 1;
  for (bool reached = true; reached; ++number) {
    UsedStorage storage;
    if (begun_before) Work(2'000).carry_out();
    FailingMemory::arm(number, and_all_after);
    Work work(2'000);
    work.carry_out();
    reached = FailingMemory::failed;
    FailingMemory::disarm();
    storage.start_again();
    failures += work.error.empty() ? 0 : 1;
    INFO("allocation " << number << ": " << work.error);
    if (!reached) CHECK(work.error.empty());
    const auto journal = open();
    const auto run = journal->run("r1");
    const std::int64_t most = work.acknowledged + 1 + (begun_before ? 3 : 0);
    if ((!run && (work.acknowledged > 0 || begun_before)) || (run && run->sequence < work.acknowledged) ||
        (run && run->sequence > most) || (run && !journal->snapshot("r1"))) {
      FAIL("what was acknowledged is not there");
    }
    if (run) REQUIRE(journal->entries("r1", 0, 0)->size() == static_cast<std::size_t>(run->sequence));
  }
  CHECK(number > 300);
  CHECK(failures > number / 2);
}

TEST_CASE("whichever call of the disk fails while the log of a dead process is stored again, it is said") {
  int failures = 0, at = 1;
  for (bool reached = true; reached && at < 400; ++at) {
    UsedStorage storage;
    auto journal = open();
    auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
    for (int count = 0; count < 5; ++count) REQUIRE(append(*journal, claim));
    cut_power(storage, std::move(journal), Loss::None);
    storage.calls_until_failure = at;
    const auto stored = rollout::journal::store_log_again("/journal", storage_name().c_str());
    reached = storage.calls_until_failure == 0;
    storage.calls_until_failure = 0;
    storage.start_again();
    failures += stored ? 0 : 1;
    CHECK(reached == !stored);
    CHECK(open()->run("r1")->sequence == 5);
  }
  CHECK(failures > 4);
  CHECK(at < 400);
}

TEST_CASE("whichever piece of memory SQLite cannot have while a journal is opened, it is said") {
  REQUIRE(sqlite3_initialize() == SQLITE_OK);
  const Scratch scratch;
  for (const OpenMode mode : {OpenMode::ReadWrite, OpenMode::ReadOnly}) {
    bool reached = true;
    long number = 1, failures = 0;
    for (; reached; ++number) {
      FailingMemory::arm(number, true);
      const auto opened = rollout::journal::open_sqlite(scratch.file(), mode);
      reached = FailingMemory::failed;
      FailingMemory::disarm();
      failures += opened ? 0 : 1;
      if (!reached) CHECK((opened || mode == OpenMode::ReadOnly));
    }
    CHECK(failures > 10);
  }
}

TEST_CASE("a journal that broke is not tidied, and one with nothing in its log need not be") {
  UsedStorage storage;
  auto journal = open();
  auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
  CHECK(journal->tidy());
  storage.fails_next_sync = true;
  const auto failed = journal->append(claim, sample_entries(1, 1), "t", "running", {});
  REQUIRE_FALSE(failed);
  const auto tidied = journal->tidy();
  REQUIRE_FALSE(tidied);
  CHECK(tidied.error().message == failed.error().message);
}

TEST_CASE("a writer that another program keeps out says so, and can go on later") {
  UsedStorage storage;
  auto journal = open();
  auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open_v2("/journal", &other, SQLITE_OPEN_READWRITE, storage_name().c_str()) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto refused = journal->append(claim, sample_entries(1, 1), "t", "running", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == JournalError::Kind::Busy);
  CHECK(sqlite3_close(other) == SQLITE_OK);
  CHECK(append(*journal, claim));
}

TEST_CASE("a disk that is full when the journal is tidied costs nothing") {
  UsedStorage storage;
  auto journal = open();
  auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
  for (int count = 0; count < 80; ++count) REQUIRE(append(*journal, claim));
  storage.full = true;
  const auto tidied = journal->tidy();
  REQUIRE_FALSE(tidied);
  CHECK(tidied.error().kind == JournalError::Kind::DiskFull);
  storage.full = false;
  CHECK(append(*journal, claim));
  CHECK(journal->tidy());
}

TEST_CASE("a journal that nobody tidies moves its log into the file by itself") {
  UsedStorage storage;
  auto journal = open();
  auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
  const std::string state(1'000'000, 'x');
  std::size_t log = 0, file = 0;
  for (int next = 1; next <= 60; ++next) {
    REQUIRE(journal->append(claim, sample_entries(next, 1), state, "running", {}));
    log = storage.disk.file("/journal-wal").seen.size();
    file = std::max(file, storage.disk.file("/journal").seen.size());
  }
  CHECK(log < 40'000'000);
  CHECK(file > 900'000);
  CHECK(journal->entries("r1", 0, 0)->size() == 60);
}

TEST_CASE("what was acknowledged survives a power cut at the next write") {
  const auto loss = GENERATE(Loss::Lost, Loss::Torn, Loss::Reordered);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    UsedStorage storage;
    storage.random = Random(seed);
    auto journal = open();
    auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
    const auto writes = static_cast<int>(1 + seed % 5);
    for (int count = 0; count < writes; ++count) REQUIRE(append(*journal, claim));
    storage.death = Death::BeforeSync;
    CHECK_FALSE(append(*journal, claim));
    cut_power(storage, std::move(journal), loss);
    journal = open();
    const auto run = journal->run("r1");
    REQUIRE(run);
    CHECK((run->sequence == writes || run->sequence == writes + 1));
    CHECK(journal->entries("r1", 0, 0)->size() == static_cast<std::size_t>(run->sequence));
  }
}

TEST_CASE("what a failed sync left out is stored before anybody appends behind it") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    UsedStorage storage;
    storage.random = Random(seed);
    auto journal = open();
    auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
    REQUIRE(append(*journal, claim));
    storage.fails_next_sync = true;
    CHECK_FALSE(append(*journal, claim));
    CHECK_FALSE(append(*journal, claim));
    journal.reset();
    storage.start_again();
    journal = open();
    claim = *journal->claim("r1", "the next process");
    REQUIRE(append(*journal, claim));
    const auto acknowledged = claim.sequence;
    cut_power(storage, std::move(journal), Loss::Lost);
    journal = open();
    const auto run = journal->run("r1");
    REQUIRE(run);
    CHECK(run->sequence == acknowledged);
    CHECK(run->epoch == 2);
  }
}
