#include "tests/simulation/sometimes.hpp"

#include <set>

namespace rollout::simulation {

namespace {

// What has to come about within enough seeds.
constexpr std::string_view kExpected[] = {
    "an orphan is ended before its effect is settled",
    "a server recognises a repeated request",
    "missed slots are asked for by a range",
    "something opaque is there twice, by a person's word or an earlier failure",
};

struct Counts {
  std::map<std::string, std::uint64_t, std::less<>> runs;
  std::set<std::string, std::less<>> in_this_run;
  Counts() {
    for (const std::string_view name : kExpected) runs.emplace(name, 0);
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
