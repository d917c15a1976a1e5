// journal: any bytes as a journal's file are refused with a reason, or are runs whose entries are in their chain
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/journal/journal.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

namespace fs = std::filesystem;

// A folder of this process alone, gone with it.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("rollout-fuzz-journal-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  std::string file() const { return (path_ / "x.journal").string(); }

 private:
  fs::path path_;
};

const Folder& folder() {
  static const Folder kFolder;
  return kFolder;
}

void write(std::string_view bytes) {
  std::error_code error;
  for (const char* const suffix : {"-wal", "-shm"}) fs::remove(folder().file() + suffix, error);
  std::ofstream(folder().file(), std::ios::binary | std::ios::trunc) << bytes;
}

void check(const auto& result) {
  if (!result && result.error().message.empty()) broken("a journal was refused without a reason");
}

}  // namespace

void test_one(std::string_view bytes) {
  write(bytes);
  auto journal = journal::open_sqlite(folder().file(), journal::OpenMode::ReadOnly);
  check(journal);
  if (!journal) return;
  const auto runs = (*journal)->runs();
  check(runs);
  if (!runs) return;
  for (const journal::RunRow& run : *runs) {
    const auto entries = (*journal)->entries(run.run_id, 0, 0);
    check(entries);
    check((*journal)->snapshot(run.run_id));
    check((*journal)->plan(run.plan_id));
    std::int64_t expected = 0;
    if (!entries) continue;
    for (const journal::Entry& entry : *entries) {
      if (entry.sequence != ++expected) broken("an entry is missing and nobody says so");
    }
  }
}

std::vector<std::string> built_in_seeds() {
  write("");
  fs::remove(folder().file());
  {
    auto journal = journal::open_sqlite(folder().file(), journal::OpenMode::ReadWrite);
    if (!journal) return {};
    journal::RunRow run;
    run.run_id = "shop-1";
    run.rollout = "shop";
    run.plan_id = "p";
    run.state = "running";
    run.owner = "fuzz";
    auto claim =
        (*journal)->create(run, "plan bytes", "snapshot", {{1, "run created", "{}"}, {2, "stage", "{\"a\":1}"}});
    if (!claim) return {};
    for (int i = 3; i < 8; ++i) {
      static_cast<void>((*journal)->append(*claim, {{i, "effect", R"({"text":"run"})"}}, "snapshot", "running", 5));
    }
    static_cast<void>((*journal)->tidy());
  }
  std::ifstream file(folder().file(), std::ios::binary);
  return {std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>())};
}

}  // namespace rollout::fuzz
