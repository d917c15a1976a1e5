#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/invariants.hpp"

namespace rollout::simulation {

namespace {

constexpr std::string_view kTold = "I5 what was told is durable";
constexpr std::string_view kSecret = "I9 no secret is stored";

}  // namespace

void check_durability(const Case& run) {
  auto place = run.chronicle.entries.begin();
  for (const std::string& told : run.chronicle.told) {
    const auto found =
        std::find_if(place, run.chronicle.entries.end(), [&](const auto& entry) { return entry.body == told; });
    if (found == run.chronicle.entries.end()) {
      run.breach(kTold, "not in the journal: " + told);
      return;
    }
    place = found + 1;
  }
  for (const journal::Entry& entry : run.chronicle.entries) {
    if (entry.body.find(kCanary) != std::string::npos) run.breach(kSecret, "in the journal: " + entry.body);
  }
  for (const Call& call : run.world.ledger) {
    const bool on_a_command_line = call.means == Means::Process && call.text.find(kCanary) != std::string::npos;
    if (on_a_command_line) run.breach(kSecret, "on a command line: " + call.text);
  }
}

}  // namespace rollout::simulation
