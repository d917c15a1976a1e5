#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "runtime/plan/time_bounds.hpp"

// The working of time_bounds: walks the blocks of a plan once and adds up what they take (clockwork.cpp), what undoing
// them takes (way_back.cpp) and what watches in them (guard_times.cpp).

namespace rollout::plan {

// What surrounds a block.
struct TimeContext {
  RolloutId rollout = 0;
  StageId stage = kNone;
  BlockId sampling = kNone;
  Most usual_timeout = kUsualTimeout;  // of calls without a limit of their own
  Most rest = 0;                       // `undo rest`
  bool until_people = false;           // ends where people are asked
  EffectClass around{};                // what is said of the effects in it
  bool replaced = false;               // an `undo` around it stands for whatever is done in it
};

// What a rollback from some point has to do.
struct Debt {
  Most undo = 0;         // of undo blocks and children
  bool traffic = false;  // and the traffic goes back, by one call
};

// A part of a grid of slots, counted from the entry of its block.
struct SlotPhase {
  Nanoseconds until = kLongestTime;
  Nanoseconds every = kUsualCadence;
};

class Clockwork {
 public:
  Clockwork(const Plan& plan, const KnownValues& values);
  TimeBounds run();

 private:
  using Key = std::tuple<BlockId, RolloutId, Most, Most, bool>;

  // Times.
  TimeSpan block(BlockId id, const TimeContext& context);
  TimeSpan content_of(BlockId id, const TimeContext& context);
  TimeSpan attempts(const Block& row, const TimeSpan& once) const;
  TimeSpan branches(const Block& row, const TimeContext& context);
  TimeSpan path(const Block& row, const TimeContext& context);
  // How long after `first` each later statement of the block begins; nothing where no way leads.
  std::vector<std::optional<TimeSpan>> arrivals(const Block& row, std::uint32_t first, const TimeContext& context);
  TimeSpan statement(const Instruction& instruction, const TimeContext& context);
  TimeSpan hold(const Hold& row, const TimeContext& context);
  TimeSpan gate(const Gate& row, const TimeContext& context);
  TimeSpan answer(ResponseId id, const TimeContext& context);
  TimeSpan hooks(RolloutId rollout, HookKind kind, const TimeContext& context);
  TimeContext inside(const Block& row, TimeContext context) const;
  TimeRange watched_by(BlockId id, const TimeSpan& once, const TimeContext& context);
  TimeRange watched_by_rollout(const Block& row, const TimeContext& context);
  void note(BlockId id, const TimeSpan& content, const TimeSpan& takes, const TimeContext& context);
  void aside(BlockId id, const TimeContext& context);
  void respond_aside(ResponseId id, const TimeContext& context);
  bool ends_there(const Instruction& instruction) const;
  bool goes_on(ResponseId id) const;
  bool is_target(StageId stage) const;
  bool is_bound(StageId stage) const;
  void rollout(RolloutId id, const TimeContext& context);
  void entries(RolloutId id, const TimeContext& context);

  // The way back.
  Debt owing(BlockId id, const Debt& before, const TimeContext& context);
  Debt owing_inside(const Block& row, const Debt& before, const TimeContext& context);
  Debt owing_after(const Instruction& instruction, const Debt& before, const TimeContext& context);
  Debt owing_hooks(RolloutId rollout, HookKind kind, const Debt& before, const TimeContext& context);
  Debt owing_answer(ResponseId id, const Debt& before, const TimeContext& context);
  Most cost(const Debt& debt, const TimeContext& context);
  Most back_from(RolloutId id, const TimeContext& context);
  Debt raised(const Debt& debt, const TimeContext& context);

  // What watches.
  void watchers(BlockId id);
  struct Slots {
    std::vector<SlotPhase> phases;  // one where no `sample` changes their distance
    bool known = false;
  };
  Slots slots_of(const Guard& row, BlockId scope) const;
  GuardTime guard(GuardId id, BlockId scope) const;

  const Plan& plan_;
  const KnownValues& values_;
  TimeBounds bounds_;
  std::map<Key, TimeSpan> known_;
  std::vector<StageTime*> stages_;  // by StageId
  std::vector<bool> prepared_;      // by RolloutId
  std::size_t visits_ = 0;
};

}  // namespace rollout::plan
