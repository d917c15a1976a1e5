#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "runtime/journal/lock_file.hpp"
#include "runtime/journal/sqlite_database.hpp"
#include "runtime/journal/storage.hpp"
#include "runtime/journal/stored_log.hpp"
#include "tests/unit/journal/scratch.hpp"

using namespace rollout::journal;
using Kind = JournalError::Kind;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<Journal> writer(const std::string& path) {
  auto journal = open_sqlite(path, OpenMode::ReadWrite);
  INFO((journal ? "" : journal.error().message));
  REQUIRE(journal);
  return std::move(*journal);
}

void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  REQUIRE(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}

}  // namespace

TEST_CASE("a run is kept with its plan, snapshot and entries") {
  const Scratch scratch;
  {
    const auto journal = writer(scratch.file());
    auto claim =
        journal->create(sample_run("r1"), std::string("plan\0bytes", 10), std::string("s\0", 2), sample_entries(1, 2));
    REQUIRE(claim);
    CHECK(claim->epoch == 1);
    CHECK(claim->sequence == 2);
    REQUIRE(journal->append(*claim, sample_entries(3, 1), "second", "paused", 5'000));
    CHECK(claim->sequence == 3);
  }
  const auto journal = writer(scratch.file());
  CHECK(*journal->plan("plan-1") == std::string("plan\0bytes", 10));
  CHECK(*journal->snapshot("r1") == "second");
  const auto run = journal->run("r1");
  REQUIRE(run);
  CHECK(run->state == "paused");
  CHECK(run->wake_at == 5'000);
  CHECK(run->sequence == 3);
  CHECK(run->updated == 2'003);
  const auto entries = journal->entries("r1", 0, 0);
  REQUIRE(entries);
  REQUIRE(entries->size() == 3);
  CHECK(entries->back().sequence == 3);
  CHECK(entries->back().body == "{\"step\":3}");
  const auto tail = journal->entries("r1", 1, 1);
  REQUIRE(tail);
  REQUIRE(tail->size() == 1);
  CHECK(tail->front().sequence == 2);
}

TEST_CASE("a run is created once, and an unknown one is said to be unknown") {
  const Scratch scratch;
  const auto journal = writer(scratch.file());
  REQUIRE(journal->create(sample_run("r1"), "p", "s", {}));
  const auto again = journal->create(sample_run("r1"), "p", "s", {});
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == Kind::Exists);
  CHECK(journal->run("r2").error().kind == Kind::UnknownRun);
  CHECK(journal->entries("r2", 0, 0).error().kind == Kind::UnknownRun);
  CHECK(journal->claim("r2", "me").error().kind == Kind::UnknownRun);
  REQUIRE(journal->create(sample_run("r2"), "p", "s", {}));
  CHECK(journal->runs()->size() == 2);
}

TEST_CASE("who was fenced writes nothing") {
  const Scratch scratch;
  const auto journal = writer(scratch.file());
  auto first = journal->create(sample_run("r1"), "p", "s", sample_entries(1, 1));
  auto second = journal->claim("r1", "other");
  REQUIRE(second);
  CHECK(second->epoch == 2);
  const auto late = journal->append(*first, sample_entries(2, 1), "lost", "running", {});
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == Kind::Fenced);
  CHECK(first->sequence == 1);
  CHECK(*journal->snapshot("r1") == "s");
  REQUIRE(journal->append(*second, sample_entries(2, 1), "kept", "running", {}));
  Claim stale = *second;
  stale.sequence = 1;
  CHECK(journal->append(stale, sample_entries(2, 1), "lost", "running", {}).error().kind == Kind::Fenced);
  CHECK(*journal->snapshot("r1") == "kept");
  CHECK(journal->entries("r1", 0, 0)->back().epoch == 2);
  CHECK(journal->run("r1")->owner == "other");
}

TEST_CASE("one writer at a time, readers beside it") {
  const Scratch scratch;
  const auto journal = writer(scratch.file());
  auto claim = journal->create(sample_run("r1"), "p", "s", {});
  const auto second = open_sqlite(scratch.file(), OpenMode::ReadWrite);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == Kind::Busy);
  CHECK_THAT(second.error().message, Contains("process " + std::to_string(::getpid())));
  auto reader = open_sqlite(scratch.file(), OpenMode::ReadOnly);
  REQUIRE(reader);
  REQUIRE(journal->append(*claim, sample_entries(1, 3), "s2", "running", {}));
  CHECK((*reader)->entries("r1", 0, 0)->size() == 3);
  CHECK_FALSE((*reader)->claim("r1", "reader"));
  CHECK_FALSE((*reader)->append(*claim, sample_entries(4, 1), "s3", "running", {}));
  CHECK(std::filesystem::file_size(scratch.file("journal.db-wal")) > 0);
  *reader = nullptr;
  CHECK(std::filesystem::file_size(scratch.file("journal.db-wal")) > 0);
  REQUIRE(journal->append(*claim, sample_entries(4, 1), "s3", "running", {}));
}

TEST_CASE("folder and files are for their owner alone") {
  const Scratch scratch;
  const mode_t before = ::umask(0);
  const auto journal = writer(scratch.file("state/deeper/journal.db"));
  ::umask(before);
  const auto mode = [&](const std::string& name) {
    struct stat status{};
    REQUIRE(::stat(scratch.file(name).c_str(), &status) == 0);
    return status.st_mode & 0777;
  };
  CHECK(mode("state/deeper") == 0700);
  CHECK(mode("state/deeper/journal.db") == 0600);
  CHECK(mode("state/deeper/journal.db-wal") == 0600);
  CHECK(mode("state/deeper/journal.db.lock") == 0600);
}

TEST_CASE("a newer journal is left alone") {
  const Scratch scratch;
  writer(scratch.file());
  run_sql(scratch.file(), "PRAGMA user_version=99");
  for (const OpenMode mode : {OpenMode::ReadWrite, OpenMode::ReadOnly}) {
    const auto opened = open_sqlite(scratch.file(), mode);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == Kind::NewerSchema);
    CHECK_THAT(opened.error().message, Contains("version 99"));
  }
}

TEST_CASE("an older journal is left to the program that wrote it") {
  const Scratch scratch;
  writer(scratch.file());
  run_sql(scratch.file(), "PRAGMA user_version=1");
  const auto opened = open_sqlite(scratch.file(), OpenMode::ReadWrite);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == Kind::Damaged);
  CHECK_THAT(opened.error().message, Contains("older rollout"));
}

TEST_CASE("each trouble that SQLite has is said as what it means for a run") {
  struct Row {
    int code;
    Kind kind;
    const char* says;
  };
  const Row row =
      GENERATE(Row{SQLITE_FULL, Kind::DiskFull, "disk is full"}, Row{SQLITE_NOTADB, Kind::Damaged, "not a journal"},
               Row{SQLITE_CORRUPT_INDEX, Kind::Damaged, "damaged"}, Row{SQLITE_ERROR, Kind::Damaged, "tables"},
               Row{SQLITE_READONLY, Kind::Io, "read-only"}, Row{SQLITE_CANTOPEN, Kind::Io, "cannot be opened"},
               Row{SQLITE_PERM, Kind::Io, "access was denied"}, Row{SQLITE_AUTH, Kind::Io, "access was denied"},
               Row{SQLITE_BUSY_SNAPSHOT, Kind::Busy, "locked"}, Row{SQLITE_LOCKED, Kind::Busy, "locked"},
               Row{SQLITE_IOERR_FSYNC, Kind::Io, "the disk reported"}, Row{SQLITE_NOMEM, Kind::Io, "memory"},
               Row{SQLITE_TOOBIG, Kind::Io, "larger"}, Row{SQLITE_MISUSE, Kind::Io, "reported an error"});
  const JournalError error = sqlite_error(row.code, "detail", "write the journal", "/state/journal");
  CHECK(error.kind == row.kind);
  CHECK_THAT(error.message, Contains("cannot write the journal `/state/journal`") && Contains(row.says) &&
                                Contains(fmt::format("SQLite {}: detail", row.code)));
}

TEST_CASE("what is asked for and is not there is said by its name") {
  const Scratch scratch;
  const auto journal = writer(scratch.file());
  REQUIRE(journal->create(sample_run("r1"), "p", "s", sample_entries(1, 3)));
  CHECK(journal->snapshot("r2").error().kind == Kind::UnknownRun);
  CHECK(journal->entries("r2", 0, 0).error().kind == Kind::UnknownRun);
  CHECK(journal->claim("r2", "test").error().kind == Kind::UnknownRun);
  Claim unknown{"r2", 1, 0};
  CHECK(journal->append(unknown, {}, "s", "running", {}).error().kind == Kind::UnknownRun);
  const auto plan = journal->plan("another plan");
  REQUIRE_FALSE(plan);
  CHECK(plan.error().kind == Kind::Damaged);
  CHECK_THAT(plan.error().message, Contains("the plan `another plan` is not in it"));
  CHECK(journal->entries("r1", 0, 2)->size() == 2);
  // A state without entries is stored as well.
  auto claim = journal->claim("r1", "test");
  REQUIRE(journal->append(*claim, {}, "next", "paused", {}));
  CHECK(*journal->snapshot("r1") == "next");
  CHECK(journal->run("r1")->state == "paused");
  const auto reader = open_sqlite(scratch.file(), OpenMode::ReadOnly);
  REQUIRE(reader);
  CHECK((*reader)->tidy());
}

TEST_CASE("what is not a journal is refused by name") {
  const Scratch scratch;
  std::ofstream(scratch.file("text.db")) << std::string(5'000, 'x');
  CHECK(open_sqlite(scratch.file("text.db"), OpenMode::ReadWrite).error().kind == Kind::Damaged);
  run_sql(scratch.file("other.db"), "CREATE TABLE albums (title)");
  const auto other = open_sqlite(scratch.file("other.db"), OpenMode::ReadWrite);
  CHECK(other.error().kind == Kind::Damaged);
  CHECK_THAT(other.error().message, Contains("another program"));
  const auto none = open_sqlite(scratch.file("none.db"), OpenMode::ReadOnly);
  CHECK_THAT(none.error().message, Contains("there is no journal"));
  CHECK_FALSE(std::filesystem::exists(scratch.file("none.db")));
  const auto folder = open_sqlite(scratch.file("text.db") + "/journal.db", OpenMode::ReadWrite);
  CHECK_THAT(folder.error().message, Contains("is a file"));
  run_sql(scratch.file("numbered.db"), "PRAGMA user_version=3");
  CHECK_THAT(open_sqlite(scratch.file("numbered.db"), OpenMode::ReadWrite).error().message,
             Contains("another program"));
  std::ofstream(scratch.file("nothing.db")).close();
  const auto nothing = open_sqlite(scratch.file("nothing.db"), OpenMode::ReadOnly);
  CHECK(nothing.error().kind == Kind::UnknownRun);
  CHECK_THAT(nothing.error().message, Contains("nothing was run yet"));
  std::filesystem::create_directory(scratch.file("folder.db"));
  for (const OpenMode mode : {OpenMode::ReadWrite, OpenMode::ReadOnly}) {
    const auto opened = open_sqlite(scratch.file("folder.db"), mode);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == Kind::Io);
  }
  CHECK(open_sqlite(scratch.file("text.db") + "/journal.db", OpenMode::ReadOnly).error().kind == Kind::Io);
  CHECK(refused_file_system(0x6969));
  CHECK(refused_file_system(static_cast<int>(0xff534d42)));
  CHECK_FALSE(refused_file_system(0xef53));
}

TEST_CASE("damage is noticed, never read as if it were true") {
  const Scratch scratch;
  {
    const auto journal = writer(scratch.file());
    auto claim = journal->create(sample_run("r1"), "p", "the snapshot of r1", sample_entries(1, 50));
    REQUIRE(claim);
  }
  const auto flip = [&](const std::string& what) {
    std::fstream file(scratch.file(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const auto at = bytes.find(what);
    REQUIRE(at != std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file.put('X');
  };
  SECTION("an entry") {
    flip("{\"step\":30}");
    const auto entries = writer(scratch.file())->entries("r1", 0, 0);
    REQUIRE_FALSE(entries);
    CHECK(entries.error().kind == Kind::Damaged);
    CHECK_THAT(entries.error().message, Contains("entry 30"));
  }
  SECTION("the snapshot") {
    flip("the snapshot of r1");
    CHECK(writer(scratch.file())->snapshot("r1").error().kind == Kind::Damaged);
  }
  const auto change = [&](const std::string& sql) {
    run_sql(scratch.file(), "DROP TRIGGER entries_never_change; DROP TRIGGER entries_never_vanish; " + sql);
  };
  SECTION("an entry in the middle, removed") {
    change("DELETE FROM entries WHERE sequence = 20");
    CHECK_THAT(writer(scratch.file())->entries("r1", 0, 0).error().message,
               Contains("entry 20 of run `r1` is missing"));
  }
  SECTION("the last entry, removed") {
    change("DELETE FROM entries WHERE sequence = 50");
    CHECK_THAT(writer(scratch.file())->entries("r1", 0, 0).error().message,
               Contains("entry 50 of run `r1` is missing"));
  }
  SECTION("the end of the chain, as the run's row has it") {
    change("UPDATE runs SET chain = 'another'");
    CHECK_THAT(writer(scratch.file())->entries("r1", 0, 0).error().message, Contains("entry 50"));
  }
  SECTION("the state, removed") {
    change("DELETE FROM snapshots");
    CHECK(writer(scratch.file())->snapshot("r1").error().kind == Kind::Damaged);
  }
  SECTION("the tables") {
    std::fstream file(scratch.file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << std::string(900, '\xff');
    file.close();
    CHECK(open_sqlite(scratch.file(), OpenMode::ReadWrite).error().kind == Kind::Damaged);
  }
  SECTION("cut off") {
    std::filesystem::resize_file(scratch.file(), std::filesystem::file_size(scratch.file()) / 2);
    auto journal = open_sqlite(scratch.file(), OpenMode::ReadWrite);
    if (journal) CHECK((*journal)->entries("r1", 0, 0).error().kind == Kind::Damaged);
  }
}

TEST_CASE("a journal that is deleted or replaced under its writer takes nothing more") {
  for (const std::string lost : {"", "-wal"}) {
    for (const bool replaced : {false, true}) {
      const Scratch scratch;
      auto journal = open_sqlite(scratch.file(), OpenMode::ReadWrite);
      REQUIRE(journal);
      auto claim = (*journal)->create(sample_run("r1"), "plan", "0", {});
      REQUIRE(claim);
      REQUIRE((*journal)->append(*claim, sample_entries(1, 1), "1", "running", {}));
      const std::string path = scratch.file() + lost;
      std::filesystem::rename(path, path + ".gone");
      if (replaced) std::filesystem::copy_file(path + ".gone", path);
      const auto appended = (*journal)->append(*claim, sample_entries(2, 1), "2", "running", {});
      REQUIRE_FALSE(appended);
      CHECK(appended.error().message.find("was deleted, moved or replaced") != std::string::npos);
      // It stays so, also when the file comes back: nobody knows what it holds by then.
      std::filesystem::rename(path + ".gone", path);
      CHECK_FALSE((*journal)->append(*claim, sample_entries(2, 1), "2", "running", {}));
      journal->reset();
      // What was acknowledged is in the files that were put back.
      journal = open_sqlite(scratch.file(), OpenMode::ReadWrite);
      REQUIRE(journal);
      CHECK((*journal)->entries("r1", 0, 0)->size() == 1);
    }
  }
}

TEST_CASE("entries can neither be changed nor deleted") {
  const Scratch scratch;
  {
    REQUIRE(writer(scratch.file())->create(sample_run("r1"), "p", "s", sample_entries(1, 1)));
  }
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(scratch.file().c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, "UPDATE entries SET body = ''", nullptr, nullptr, nullptr) == SQLITE_CONSTRAINT);
  CHECK(sqlite3_exec(handle, "DELETE FROM entries", nullptr, nullptr, nullptr) == SQLITE_CONSTRAINT);
  sqlite3_close(handle);
}

TEST_CASE("tidying moves the log into the file and loses nothing") {
  const Scratch scratch;
  const auto journal = writer(scratch.file());
  auto claim = journal->create(sample_run("r1"), "p", "s", {});
  for (int index = 0; index < 200; ++index) {
    REQUIRE(journal->append(*claim, sample_entries(index, 1), std::string(20'000, 's'), "running", {}));
  }
  const auto before = std::filesystem::file_size(scratch.file());
  REQUIRE(journal->tidy());
  CHECK(std::filesystem::file_size(scratch.file()) > before);
  CHECK(journal->entries("r1", 0, 0)->size() == 200);
}

TEST_CASE("a lock that a killed process left to its child for a moment is waited for") {
  const Scratch scratch;
  const std::string path = scratch.file("key.lock");
  int go[2], there[2];
  REQUIRE(::pipe(go) == 0);
  REQUIRE(::pipe(there) == 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    auto lock = LockFile::acquire(path, "");
    // The child has the lock's descriptor as well, as one has between fork and exec.
    if (::fork() == 0) {
      char byte = 0;
      static_cast<void>(::read(go[0], &byte, 1));
      ::_exit(0);
    }
    static_cast<void>(::write(there[1], "x", 1));
    ::pause();
    ::_exit(1);
  }
  char byte = 0;
  REQUIRE(::read(there[0], &byte, 1) == 1);
  // While the holder lives nobody waits for it.
  CHECK_FALSE(LockFile::acquire(path, ""));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  std::thread child_becomes_another([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    static_cast<void>(::write(go[1], "x", 1));
  });
  CHECK(LockFile::acquire(path, ""));
  child_becomes_another.join();
}

TEST_CASE("a lock file that says nothing, or not what it should, is a lock all the same") {
  const Scratch scratch;
  const std::string path = scratch.file("key.lock");
  auto first = LockFile::acquire(path, "ours");
  REQUIRE(first);
  for (const std::string text : {"", "17", "nobody\n"}) {
    std::ofstream(path, std::ios::trunc) << text;
    const auto second = LockFile::acquire(path, "", std::chrono::milliseconds(0));
    REQUIRE_FALSE(second);
    CHECK(second.error().held);
    CHECK(second.error().note.empty());
    CHECK(second.error().holder == (text == "17" ? 17 : 0));
  }
  std::ofstream(path, std::ios::trunc).close();
  CHECK_FALSE(LockFile::acquire(path, "", std::chrono::milliseconds(20)));
  std::ofstream(path, std::ios::trunc) << "17\nwhat it does\n";
  CHECK(LockFile::last_note(path) == "what it does");
  CHECK(LockFile::last_note(scratch.file("none.lock")).empty());
  const auto nowhere = LockFile::acquire(scratch.file("no/key.lock"), "");
  REQUIRE_FALSE(nowhere);
  CHECK_FALSE(nowhere.error().held);
  CHECK_THAT(nowhere.error().message, Contains("cannot open the lock file"));
  // What takes no text is a lock as well: who holds it is a courtesy.
  CHECK(LockFile::acquire("/dev/null", "ours"));
  // The state directory's lock is not reached through a link that somebody laid there.
  std::filesystem::create_symlink(path, scratch.file("link.lock"));
  CHECK_FALSE(LockFile::acquire(scratch.file("link.lock"), ""));
  std::filesystem::create_directory(scratch.file("state"));
  std::filesystem::create_directory(scratch.file("state/journal.lock"));
  const auto blocked = open_sqlite(scratch.file("state/journal"), OpenMode::ReadWrite);
  REQUIRE_FALSE(blocked);
  CHECK(blocked.error().kind == Kind::Io);
}

TEST_CASE("the lock of a process that is gone for good is given up on after a while") {
  const Scratch scratch;
  const std::string path = scratch.file("key.lock");
  const auto first = LockFile::acquire(path, "");
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  std::ofstream(path, std::ios::trunc) << gone << "\nrun r1\n";
  const auto second = LockFile::acquire(path, "", std::chrono::milliseconds(20));
  REQUIRE_FALSE(second);
  CHECK(second.error().held);
  CHECK(second.error().note == "run r1");
}

TEST_CASE("a lock says who holds it") {
  const Scratch scratch;
  auto first = LockFile::acquire(scratch.file("key.lock"), "run r1 of portal_api");
  REQUIRE(first);
  const auto second = LockFile::acquire(scratch.file("key.lock"), "");
  REQUIRE_FALSE(second);
  CHECK(second.error().held);
  CHECK(second.error().holder == ::getpid());
  CHECK(second.error().note == "run r1 of portal_api");
  {
    const LockFile gone = std::move(*first);
  }
  CHECK(LockFile::acquire(scratch.file("key.lock"), ""));
}

TEST_CASE("a state directory is made where it can be, also beside the program's own folder") {
  const Scratch scratch;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(std::filesystem::path(scratch.file()).parent_path());
  CHECK(make_folder("state"));
  CHECK(make_folder("state/of/mine"));
  CHECK(writer("journal.db")->runs()->empty());
  std::ofstream("text") << "x";
  CHECK_THAT(make_folder("text/below/it").error().message, Contains("`text` is a file"));
  // Somebody else's link that leads nowhere is left alone, and nothing can be opened in it.
  std::filesystem::create_symlink("nowhere", "link");
  CHECK(make_folder("link"));
  CHECK(open_sqlite("link/journal.db", OpenMode::ReadWrite).error().kind == Kind::Io);
  CHECK_THAT(make_folder("/proc/rollout").error().message,
             Contains("cannot create the state directory `/proc/rollout`"));
  std::filesystem::current_path(before);
}

TEST_CASE("a log that cannot be read is said before anything is written") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch.file() + "-wal");
  const auto opened = open_sqlite(scratch.file(), OpenMode::ReadWrite);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == Kind::Io);
  CHECK_FALSE(store_log_again(scratch.file(), "no such storage"));
}
