#include "tests/simulation/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace rollout::simulation {

namespace {

// I1: nothing opaque is started a second time unless its first start had an outcome, or somebody said so.
void check_opaque(const World& world, Chronicle& chronicle) {
  std::map<std::string, const Call*> last;
  for (const Call& call : world.ledger) {
    if (!call.text.starts_with("opaque ")) continue;
    const Call*& before = last[call.key];
    if (before != nullptr) {
      const bool word = std::any_of(chronicle.sayings.begin(), chronicle.sayings.end(), [&](const Saying& saying) {
        return saying.at >= before->started && saying.at <= call.started && saying.said.verb == machine::Verb::Retry;
      });
      if (!word) {
        chronicle.breaches.push_back(fmt::format(
            "I1 an opaque effect starts once: `{}` was started again under the key {}", call.text, call.key));
      }
    }
    before = &call;
  }
}

// I5: what was told as durable is in the journal, in that order.
void check_told(Chronicle& chronicle) {
  auto place = chronicle.entries.begin();
  for (const std::string& told : chronicle.told) {
    const auto found =
        std::find_if(place, chronicle.entries.end(), [&](const auto& entry) { return entry.body == told; });
    if (found == chronicle.entries.end()) {
      chronicle.breaches.push_back("I5 what was told is durable: not in the journal: " + told);
      return;
    }
    place = found + 1;
  }
}

}  // namespace

void check_invariants(const Story&, const World& world, Chronicle& chronicle) {
  check_opaque(world, chronicle);
  check_told(chronicle);
}

}  // namespace rollout::simulation
