#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "tests/unit/journal/scratch.hpp"

// Children that die at random moments or run out of disk. A child never returns into Catch: it ends with _exit.

using namespace rollout::journal;

namespace {

// Appends until it is killed; tells each acknowledged sequence through the pipe.
[[noreturn]] void write_forever(const std::string& path, int acknowledged) {
  auto journal = open_sqlite(path, OpenMode::ReadWrite);
  if (!journal) ::_exit(10);
  auto claim =
      (*journal)->run("r1") ? (*journal)->claim("r1", "child") : (*journal)->create(sample_run("r1"), "plan", "0", {});
  if (!claim) ::_exit(11);
  while (true) {
    const auto next = static_cast<int>(claim->sequence) + 1;
    if (!(*journal)->append(*claim, sample_entries(next, 1), std::to_string(next), "running", {})) ::_exit(12);
    if (::write(acknowledged, &next, sizeof next) != sizeof next) ::_exit(13);
    if (next % 16 == 0) static_cast<void>((*journal)->tidy());
  }
}

int last_acknowledged(int descriptor) {
  int last = 0;
  int next = 0;
  while (::read(descriptor, &next, sizeof next) == sizeof next) last = next;
  return last;
}

}  // namespace

TEST_CASE("a writer killed at any moment loses nothing that it acknowledged") {
  const Scratch scratch;
  std::minstd_rand random(7);
  int acknowledged_before = 0;
  for (int round = 0; round < 25; ++round) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) write_forever(scratch.file(), ends[1]);
    ::close(ends[1]);
    // Every other one has written something first, however busy the machine is.
    pollfd first{ends[0], POLLIN, 0};
    if (round % 2 == 1) ::poll(&first, 1, 30'000);
    std::this_thread::sleep_for(std::chrono::microseconds(2'000 + random() % 40'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    const int acknowledged = std::max(acknowledged_before, last_acknowledged(ends[0]));
    ::close(ends[0]);

    const auto reader = open_sqlite(scratch.file(), OpenMode::ReadOnly);
    if (!reader && acknowledged == 0) continue;  // killed before the tables were there
    REQUIRE(reader);
    const auto run = (*reader)->run("r1");
    if (!run && acknowledged == 0) continue;
    REQUIRE(run);
    const auto entries = (*reader)->entries("r1", 0, 0);
    REQUIRE(entries);
    // One more than acknowledged: killed between the commit and the answer.
    CHECK(run->sequence >= acknowledged);
    CHECK(run->sequence <= acknowledged + 1);
    CHECK(static_cast<std::int64_t>(entries->size()) == run->sequence);
    CHECK(*(*reader)->snapshot("r1") == std::to_string(run->sequence));
    acknowledged_before = static_cast<int>(run->sequence);
  }
  CHECK(acknowledged_before > 0);  // how many depends on the disk
}

TEST_CASE("a full disk is named, breaks the journal, and leaves what was acknowledged") {
  const Scratch scratch;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{400'000, 400'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto journal = open_sqlite(scratch.file(), OpenMode::ReadWrite);
    if (!journal) ::_exit(10);
    auto claim = (*journal)->create(sample_run("r1"), "plan", "0", {});
    if (!claim) ::_exit(11);
    for (int next = 1; next < 10'000; ++next) {
      const auto appended = (*journal)->append(*claim, sample_entries(next, 1), std::to_string(next), "running", {});
      if (appended) continue;
      const auto kind = appended.error().kind;
      if (kind != JournalError::Kind::DiskFull && kind != JournalError::Kind::Io) ::_exit(12);
      const rlimit wide{RLIM_INFINITY, 400'000};
      ::setrlimit(RLIMIT_FSIZE, &wide);
      const auto later = (*journal)->append(*claim, {}, "later", "running", {});
      if (later || later.error().message != appended.error().message) ::_exit(13);
      ::_exit(claim->sequence == next - 1 ? 0 : 14);
    }
    ::_exit(15);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  auto journal = open_sqlite(scratch.file(), OpenMode::ReadWrite);
  INFO((journal ? "" : journal.error().message));
  REQUIRE(journal);
  const auto run = (*journal)->run("r1");
  REQUIRE(run);
  CHECK(run->sequence > 10);
  CHECK(static_cast<std::int64_t>((*journal)->entries("r1", 0, 0)->size()) == run->sequence);
  CHECK(*(*journal)->snapshot("r1") == std::to_string(run->sequence));
}
