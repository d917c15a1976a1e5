#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tests/simulation/invariants.hpp"

namespace rollout::simulation {

namespace {

constexpr std::string_view kTraffic = "I6 traffic goes from one share to the next, or back";
constexpr std::string_view kBack = "I6 after a rollback nothing is left";
constexpr std::string_view kAll = "I6 after a success everything is there";
constexpr std::string_view kOrder = "I6 what came last goes first";
constexpr std::string_view kBarrier = "I6 a rollback crosses nothing irreversible by itself";
constexpr std::string_view kStill = "I6 nothing is undone while it is still being done";

void check_traffic(const Case& run) {
  const auto& shares = run.story.shares;
  int last = 0;
  for (const auto& [at, percent] : run.world.weights) {
    const auto place = std::find(shares.begin(), shares.end(), percent);
    const int before = place == shares.end() || place == shares.begin() ? 0 : *(place - 1);
    // A person may have let it go on past a change that failed.
    if (percent > last && last < before && !run.has("resumed", 0, at))
      run.breach(kTraffic, fmt::format("from {} % to {} %, over {} %", last, percent, before));
    last = percent;
  }
  const bool back = run.chronicle.ended && run.chronicle.state == machine::RunState::RolledBack;
  if (back && last != 0) run.breach(kBack, fmt::format("{} % of the traffic", last));
}

const Thing* thing_of(const Story& story, const std::string& name) {
  const auto found =
      std::find_if(story.things.begin(), story.things.end(), [&](const Thing& thing) { return thing.name == name; });
  return found == story.things.end() ? nullptr : &*found;
}

// A server that is asked and not waited for may do it later, whatever is undone meanwhile.
bool came_late(const Call& call) {
  return call.means == Means::Http && call.applied_at != kNotEver && call.applied_at > call.ended_at;
}

void check_ends(const Case& run) {
  if (!run.chronicle.ended) return;
  // After a pause the run goes on past the step that failed; and a person may say that something happened.
  const bool judged = run.said(machine::Verb::Promote, 0, kNotEver) || run.has("resumed", 0, kNotEver);
  for (const Thing& thing : run.story.things) {
    const auto cell = run.world.cells.find(thing.name);
    const bool there = cell != run.world.cells.end() && cell->second.there;
    if (there && run.chronicle.state == machine::RunState::RolledBack && thing.can_go_back && !thing.may_stay &&
        !came_late(run.world.ledger[cell->second.put_by]))
      run.breach(kBack, fmt::format("`{}` is there", thing.name));
    const bool crossed = there && !thing.can_go_back && run.chronicle.state == machine::RunState::RolledBack;
    if (crossed && !run.said({machine::Verb::Rollback, machine::Verb::Retry}, 0, kNotEver))
      run.breach(kBarrier, fmt::format("`{}` is there, and nobody asked for what was undone before it", thing.name));
    if (!there && run.chronicle.state == machine::RunState::Succeeded && thing.always_put && !judged)
      run.breach(kAll, fmt::format("`{}` is not there", thing.name));
  }
}

std::string branch_of(const std::string& name) {
  const auto dot = name.find('.');
  return dot == std::string::npos ? std::string{} : name.substr(dot);
}

// At each undo: what was put after the end of what it undoes must be gone by now.
void check_order(const Case& run) {
  struct Put {
    const Call* call;
    bool there;
  };
  std::map<std::string, Put> put;
  for (const Call& call : run.world.ledger) {
    if (const std::string name = put_name(call); !name.empty()) {
      put[name] = {&call, true};
      continue;
    }
    const std::string name = drop_name(call);
    const auto undone = put.find(name);
    if (name.empty() || undone == put.end()) continue;
    const Call& first = *undone->second.call;
    if (first.end == CallEnd::Open || (first.ended_at > call.started && first.end != CallEnd::Killed))
      run.breach(kStill, fmt::format("#{} `{}` began before #{} had ended", call.number, call.text, first.number));
    undone->second.there = false;
    for (const auto& [other, later] : put) {
      const Thing* thing = thing_of(run.story, other);
      const bool counts =
          thing != nullptr && thing->can_go_back && !thing->may_stay && branch_of(other) == branch_of(name);
      if (!counts || !later.there || later.call->applied_at == kNotEver) continue;
      if (later.call->started >= first.ended_at && first.number < later.call->number)
        run.breach(kOrder, fmt::format("`{}` was undone before `{}`, which came after it", name, other));
    }
  }
}

}  // namespace

void check_world(const Case& run) {
  check_traffic(run);
  check_ends(run);
  check_order(run);
}

}  // namespace rollout::simulation
