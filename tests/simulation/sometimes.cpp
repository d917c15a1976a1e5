#include "tests/simulation/sometimes.hpp"

#include <set>

#include "tests/simulation/invariants.hpp"

namespace rollout::simulation {

namespace {

// What has to come about within enough seeds, besides what a journal tells (situations.cpp).
constexpr std::string_view kExpected[] = {
    "a doubt is settled by a person who has it run again",
    "a doubt is settled by a probe: it did not happen",
    "a guard fires",
    "a runtime that was taken over is fenced",
    "a state is there that nobody was told of",
    "a sync fails",
    "an orphan is ended before its effect is settled",
    "killed after starting something",
    "killed after the write",
    "killed before the write",
    "killed between write and sync",
    "killed while waiting",
    "power cut after the sync",
    "power cut while waiting",
    "power cut, nothing unsynced stored",
    "power cut, reordered",
    "power cut, torn",
    "the clock is set back while the runtime is down",
    "the disk is full",
    "the log is moved into the file",
    "the runtime dies while it recovers",
    "a server recognises a repeated request",
    "missed slots are asked for by a range",
    "something opaque is there twice, by a person's word or an earlier failure",
};

struct Counts {
  std::map<std::string, std::uint64_t, std::less<>> runs;
  std::set<std::string, std::less<>> in_this_run;
  Counts() {
    for (const std::string_view name : kExpected) runs.emplace(name, 0);
    for (const std::string_view name : noted_situations()) runs.emplace(name, 0);
  }
};

Counts& counts() {
  static Counts all;
  return all;
}

}  // namespace

void sometimes(std::string_view situation) {
  Counts& all = counts();
  if (all.in_this_run.contains(situation)) return;
  all.in_this_run.emplace(situation);
  ++all.runs[std::string(situation)];
}

const std::map<std::string, std::uint64_t, std::less<>>& situations() {
  return counts().runs;
}

void next_run() {
  counts().in_this_run.clear();
}

}  // namespace rollout::simulation
