#pragma once

#include <optional>
#include <vector>

#include "runtime/plan/known_values.hpp"
#include "runtime/plan/time_span.hpp"

// How long the parts of a plan take, from the plan alone: interval reasoning over its blocks, the way back and what
// watches. Nothing is guessed: where a value is unknown, the least is 0 and the most has no limit.
//
// Counted is the time of the plan's own clock in which a run goes on. Not counted: time in which it is paused, in which
// a blind guard or an open question of a guard holds it up, in which it waits for a window, in which the sources of
// metrics are asked, in which what was cancelled ends, and in which a runtime that died is down.

namespace rollout::plan {

// What calls of the outside may take that have no limit of their own, and metrics' and guards' usual times.
inline constexpr Nanoseconds kUsualTimeout = 60LL * 1'000'000'000;
inline constexpr Nanoseconds kUsualCadence = 15LL * 1'000'000'000;

struct BlockTime {
  // Least: from its entry to its end, where it is left behind it. Most: until it is left in any way.
  TimeRange takes;
  // One attempt, without the limits of the block itself.
  TimeRange content;
  // How long what watches in it watches at a time: one attempt. No limit where it may wait for a window inside.
  TimeRange watched;
  bool reached = false;      // from a rollout, its hooks and schedules
  StageId stage = kNone;     // in which it stands
  RolloutId rollout = 0;     // to which it belongs
  BlockId sampling = kNone;  // the block whose `sample` holds in it
  bool operator==(const BlockTime&) const = default;
};

struct StageTime {
  StageId stage = kNone;
  // After the entry of the first stage of its rollout; windows and people may delay it further.
  Nanoseconds entered = 0;
  TimeRange takes;
  // What the undo steps of everything that may have been done by then take at most, retries and time-outs included.
  Most undo = 0;
  bool operator==(const StageTime&) const = default;
};

struct GuardTime {
  GuardId guard = kNone;
  BlockId scope = kNone;               // the block in which it watches
  std::optional<Nanoseconds> cadence;  // nothing: it changes, or only a run knows it
  Nanoseconds warmup = 0;
  Nanoseconds held = 0;                    // for how long its condition has to hold: `for D`, or the gaps of M samples
  Nanoseconds window = 0;                  // how far its condition looks back
  Nanoseconds earliest = 0;                // it fires no earlier than that after its scope is entered
  bool exact = false;                      // and it may fire then
  std::optional<Nanoseconds> blind_after;  // without a single sample it counts as blind then; nothing: not known
  bool operator==(const GuardTime&) const = default;
};

struct RolloutTime {
  std::vector<StageTime> stages;      // in order
  TimeRange takes;                    // from its beginning to its end, people's answers and success hooks included
  Most undo = 0;                      // of the undo steps, wherever it turns back
  Most back = 0;                      // with its hooks around the way back, up to where those ask people
  std::optional<Nanoseconds> budget;  // `rollback within`
  bool has_budget = false;
  bool repeats = false;  // it may go back to a stage: stages may be passed several times
  bool operator==(const RolloutTime&) const = default;
};

struct TimeBounds {
  std::vector<BlockTime> blocks;      // by BlockId
  std::vector<RolloutTime> rollouts;  // by RolloutId
  std::vector<GuardTime> guards;      // one for each place where one watches, by block
};

TimeBounds time_bounds(const Plan& plan, const KnownValues& values);
// How often the metric is measured where no `sample` says otherwise; nothing: only a run knows.
std::optional<Nanoseconds> metric_cadence(const Plan& plan, const KnownValues& values, MetricId metric);

}  // namespace rollout::plan
