#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/machine.hpp"
#include "runtime/scenario/scenario.hpp"

// Plays a scenario against a plan on the virtual clock: the machine is the one that `rollout run` drives, only the
// world, the people and the time are the scenario's. Deterministic: the same scenario gives the same result, byte for
// byte.

namespace rollout::scenario {

struct PlayOptions {
  std::string directory;  // of the scenario's file: `file("x.csv")` is relative to it; empty: the current one
  std::uint64_t most_events = 5'000'000;                   // given to the machine; more is a failed scenario
  Nanoseconds most_time = 400LL * 86'400 * 1'000'000'000;  // virtual, from the creation; more is a failed scenario
};

// What the machine learned of a metric in a slot that decided something.
struct SeenSample {
  Nanoseconds at = 0;  // the slot
  plan::MetricId metric = plan::kNone;
  machine::ReadingStatus status{};
  Value value;
  bool operator==(const SeenSample&) const = default;
};

struct TrafficChange {
  Nanoseconds at = 0;
  Value share;
  std::string rollout = {};  // path of the child whose share it is; empty: of the main rollout
  bool operator==(const TrafficChange&) const = default;
};

// One thing that the run asked the world to do.
struct Called {
  Nanoseconds at = 0;
  std::size_t order = 0;  // among all calls and stage entries of the play, from 0
  machine::RequestKind kind{};
  std::string callable;  // of actions, channels and checks; empty for commands and HTTP
  std::string command;   // the text of a command or request; empty for callables
  std::vector<std::pair<std::string, Value>> arguments;
  bool operator==(const Called&) const = default;
};

struct StageVisit {
  std::string stage;
  std::size_t order = 0;
  Nanoseconds entered = 0;
  std::optional<Nanoseconds> done;
  bool operator==(const StageVisit&) const = default;
};

struct NotificationSeen {
  Nanoseconds at = 0;
  std::string channel, text;
  bool operator==(const NotificationSeen&) const = default;
};

// An expectation that did not hold, or something that kept the scenario from being played (then `expectation` is
// empty).
struct Failure {
  std::string expectation;  // the line as written
  std::string observed;     // what happened instead
  plan::Spot spot;
  bool operator==(const Failure&) const = default;
};

struct Result {
  std::string scenario, rollout;
  plan::Spot spot;  // of the scenario
  bool passed = false;
  std::vector<Failure> failures;

  Nanoseconds created = 0;
  std::optional<Nanoseconds> start;        // the first step or gate; durations count from it
  Nanoseconds last = 0;                    // when the play stopped
  std::optional<Nanoseconds> ended;        // when the main run reached its end
  machine::RunState state{};               // at the last instant
  std::string reason;                      // of the pause, rollback or end
  std::string outcome_stage;               // where it was decided; empty: outside of the stages
  std::optional<Nanoseconds> state_since;  // of a pause

  std::vector<machine::Record> trace;
  std::vector<SeenSample> samples;
  std::vector<TrafficChange> traffic;
  std::vector<Called> calls;
  std::vector<StageVisit> stages;
  std::vector<NotificationSeen> notifications;
  std::uint64_t events = 0;  // given to the machine
};

// Never fails: what keeps the scenario from being played is a failure in the result.
Result play(std::shared_ptr<const plan::VerifiedPlan> plan, const Scenario& scenario, const PlayOptions& options = {});

// When virtual time begins: `starts`, else the first opening of the rollout's windows from Monday 2026-01-05T00:00Z on,
// outside its freezes.
Nanoseconds creation_instant(const plan::Plan& plan, const Scenario& scenario);

}  // namespace rollout::scenario
