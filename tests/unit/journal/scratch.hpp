#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/journal/journal.hpp"

// A folder that is gone when the test is.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollout-journal-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file(const std::string& name = "journal.db") const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline rollout::journal::RunRow sample_run(const std::string& run_id) {
  rollout::journal::RunRow run;
  run.run_id = run_id;
  run.rollout = "portal_api";
  run.plan_id = "plan-1";
  run.state = "running";
  run.owner = "test";
  run.created = run.updated = 1'000;
  return run;
}

inline std::vector<rollout::journal::NewEntry> sample_entries(int first, int count) {
  std::vector<rollout::journal::NewEntry> entries;
  for (int index = first; index < first + count; ++index) {
    entries.push_back({2'000 + index, "step done", "{\"step\":" + std::to_string(index) + "}"});
  }
  return entries;
}
