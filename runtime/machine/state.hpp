#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/events.hpp"
#include "runtime/machine/guard_clock.hpp"
#include "runtime/machine/machine.hpp"

// The whole state of a run as plain structs: what a snapshot holds is exactly this. Ids of tasks, effects, scopes,
// holds and gates come from one counter, so that iteration by id is iteration by age.

namespace rollout::machine {

using plan::kNone;

// ---------------------------------------------------------------- work

// What a task is for. Main and its branches are the forward work: they stop while the run is paused, frozen or
// undecided.
enum class TaskKind : std::uint8_t {
  Main,
  Branch,
  Companion,
  Hook,
  Undo,
  Response,
  Notification,
  MetricCheck,
  ItemCheck,
  DoubtProbe,
  Schedule,
  AckCheck,
};

// What keeps a task from executing its next statement.
enum class Wait : std::uint8_t {
  Ready,        // nothing
  Effect,       // the outcome of its effect
  Hold,         //
  Gate,         // people
  Children,     // its branches
  Timer,        // `due`: the next try
  Window,       // `due`: the opening of a window
  Requirement,  // another rollout's success
  Samples,      // a poll of its own
  Resume,       // it failed or paused: people decide how to go on from this statement
  Doubt,        // an effect whose outcome nobody knows
  Span,         // `undo rest`
  GoingBack,    // the child rollout that it runs is being undone
  Stopping,     // its effects are being cancelled
  Gone,         // it has ended and is removed at the next opportunity
};

// One block that runs. `pc` points at the statement that is under way.
struct Frame {
  plan::BlockId block = kNone;
  std::uint32_t pc = 0;
  std::uint32_t retried = 0;
  Nanoseconds entered = 0;
  Nanoseconds attempt_due = kNever, whole_due = kNever;  // limits of `timeout` and `within`
  std::uint32_t undo_mark = 0;                           // size of the task's log when the block began
  bool inserted = false;                                 // a hook put between two statements: its end moves nothing on
  bool calling = false;                                  // a scripted world is asked for the block as a whole
  bool hooked = false;                                   // rollout: its success hooks have been started
  std::vector<std::string> failed;                       // verify: those of its checks that did not pass, and why
  Value share;                                           // of a traffic block
  std::uint64_t scope = 0;                               // its guards and companions, 0: none
  template <typename Archive>
  void fields(Archive& a) {
    a(block, pc, retried, entered, attempt_due, whole_due, undo_mark, inserted, calling, hooked, failed, share, scope);
  }
};

enum class UndoKind : std::uint8_t { Skip, Undo, Traffic, Barrier, StageEnd, Child };

// One thing that was done. `inside` entries right before it are what it replaces.
struct UndoEntry {
  UndoKind kind{};
  plan::BlockId block = kNone;  // Undo and Barrier: the block that it belongs to
  std::uint32_t inside = 0;
  std::uint64_t effect = 0;  // Skip and Barrier of a single effect
  Value share;               // Traffic: before it
  std::vector<std::pair<plan::VariableId, Value>> captures;
  plan::StageId stage = kNone;  // StageEnd
  std::uint32_t resume_at = 0;  // StageEnd: the statement after the stage
  plan::RolloutId rollout = 0;  // Child: which; its `inside` is what it did
  bool done = false;            // undone, or crossed by a person's word
  std::string text;
  template <typename Archive>
  void fields(Archive& a) {
    a(kind, block, inside, effect, share, captures, stage, resume_at, rollout, done, text);
  }
};

enum class StopKind : std::uint8_t { Kill, Fail, Rollback };
// A task that is to end, to fail at one of its frames, or to go back at the frame of a child rollout, as soon as
// nothing of it is under way.
struct Stop {
  StopKind kind{};
  std::uint32_t frame = 0;
  bool may_retry = true;
  bool unknown = false;
  std::string error;
  template <typename Archive>
  void fields(Archive& a) {
    a(kind, frame, may_retry, unknown, error);
  }
};

// A response whose guard was outranked in its slot: it tells and calls, but asks nobody.
inline constexpr std::uint32_t kOutranked = 1;

struct Task {
  std::uint64_t id = 0, parent = 0;
  TaskKind kind{}, root{};      // root: the kind of the task that this is a branch of
  plan::RolloutId rollout = 0;  // for which it works, where no frame of it says more
  std::vector<Frame> frames;
  Wait wait{};
  std::uint64_t waits_for = 0;  // effect, hold, gate
  Nanoseconds due = kNever;
  std::optional<Stop> stop;
  std::vector<Stop> next_stops;  // what was asked of it while its child goes back: comes after that, in order
  std::vector<UndoEntry> log;
  std::string reason, text;  // context of what it runs
  std::uint8_t severity = 0;
  std::string error;  // why it waits for people
  bool stay = false;  // going on does not leave the statement at `pc`: what failed stood before it
  std::uint64_t subject =
      0;  // MetricCheck: metric; ItemCheck: gate; DoubtProbe: effect; Notification: its row; Schedule: index
  // ItemCheck; Hook: its kind; Undo: index of the entry; Notification: channel; Response: kOutranked
  std::uint32_t item = 0;
  std::uint32_t tries = 0;
  Value answer;           // MetricCheck of a source, AckCheck: what it returned
  bool absent = false;    // MetricCheck of a source: it returned that there is no data
  Nanoseconds first = 0;  // MetricCheck of a source's past: its first slot,
  Nanoseconds step = 0;   // and the time between its slots; 0: asked for now
  template <typename Archive>
  void fields(Archive& a) {
    a(id, parent, kind, root, rollout, frames, wait, waits_for, due, stop, next_stops, log, reason, text, severity,
      error, stay, subject, item, tries, answer, absent, first, step);
  }
};

// An effect that was started and has no outcome yet.
struct EffectRun {
  std::uint64_t id = 0, task = 0;
  StartEffect request;
  Nanoseconds started = 0;
  bool journalled = true, cancelled = false, in_doubt = false;
  plan::VariableId result = kNone;
  std::string text;
  plan::SpotId spot = kNone;
  template <typename Archive>
  void fields(Archive& a) {
    a(id, task, request.effect, request.key, request.kind, request.effect_class, request.callable, request.arguments,
      request.timeout, request.again, started, journalled, cancelled, in_doubt, result, text, spot);
  }
};

// ---------------------------------------------------------------- watching

// A part of `sample` as it applies to a block: its cadence up to that instant.
struct SamplingPhase {
  Nanoseconds until = kNever;
  Nanoseconds every = 0;
  template <typename Archive>
  void fields(Archive& a) {
    a(until, every);
  }
};

struct GuardRun {
  plan::GuardId guard = kNone;
  Nanoseconds next = 0;                  // its next undecided slot
  Nanoseconds asked = 0;                 // its first slot that was not asked for yet
  Nanoseconds begun = 0;                 // its first slot, from which its grid counts
  Nanoseconds interval = 0, needed = 0;  // the interval that is in force at `next`
  std::vector<SamplingPhase> phases;     // of `sample`; empty: the shortest cadence of its metrics
  GuardClock clock;
  bool fired = false;  // in this episode; with an outcome: for good
  Nanoseconds fired_at = 0;
  bool missing_answered = false;  // `on missing` has answered this streak
  bool waived = false;            // its blindness does not freeze: `blind continue` or a person's word
  Truth truth = Truth::Unknown;
  std::string why;             // it is unknown
  std::uint64_t response = 0;  // task of its steps
  template <typename Archive>
  void fields(Archive& a) {
    a(guard, next, asked, begun, interval, needed, phases, clock, fired, fired_at, missing_answered, waived, truth, why,
      response);
  }
};

struct CompanionRun {
  plan::BlockId block = kNone;
  Nanoseconds due = 0, period = 0;
  std::uint64_t task = 0;
  template <typename Archive>
  void fields(Archive& a) {
    a(block, due, period, task);
  }
};

// The guards and companions of a block that runs.
struct Scope {
  std::uint64_t id = 0, task = 0;
  plan::RolloutId rollout = 0;
  plan::BlockId block = kNone;
  std::vector<GuardRun> guards;
  std::vector<CompanionRun> companions;
  template <typename Archive>
  void fields(Archive& a) {
    a(id, task, rollout, block, guards, companions);
  }
};

struct ConditionRun {
  GuardClock clock;
  Nanoseconds needed = 0;
  Truth truth = Truth::Unknown;
  bool decided = false;
  template <typename Archive>
  void fields(Archive& a) {
    a(clock, needed, truth, decided);
  }
};

// A hold. All its times are offsets from `base`, which moves on by the time that the run was paused.
struct HoldRun {
  std::uint64_t id = 0, task = 0;  // task 0: the `until` of the pause
  plan::HoldId hold = kNone;
  Nanoseconds base = 0, interval = 0, least = 0, most = 0, next = 0;
  std::vector<SamplingPhase> phases;  // of `sample`, by instants; empty: the shortest cadence of its metrics
  bool bounded = true;                // `most` is a limit; false: a pause without `within`
  bool satisfied = false;
  Nanoseconds satisfied_at = 0;
  std::vector<ConditionRun> conditions;
  template <typename Archive>
  void fields(Archive& a) {
    a(id, task, hold, base, interval, least, most, next, phases, bounded, satisfied, satisfied_at, conditions);
  }
};

struct Wanted {
  plan::MetricId metric = kNone;
  bool answered = false;
  bool reused = false;     // this instant's sample was known already: `value` holds it
  std::uint64_t task = 0;  // a check that the machine runs itself for the answer
  Nanoseconds due = 0;     // without an answer by then it is unknown
  bool queued = false;     // that check is still to be started
  Reading reading;
  Value value;  // usable, or missing with the reason, once decided
  template <typename Archive>
  void fields(Archive& a) {
    a(metric, answered, reused, task, due, queued, reading.metric, reading.status, reading.value, reading.series,
      reading.sampled_at, reading.error, value);
  }
};

// A slot that was asked for. `task` 0: guards and holds decide at it; else one task waits for it alone.
struct SlotPoll {
  Nanoseconds slot = 0;
  std::uint64_t task = 0;
  bool decided = false;        // of one task: its values are there, until the statement has used them
  std::vector<Wanted> wanted;  // by metric, ascending
  template <typename Archive>
  void fields(Archive& a) {
    a(slot, task, decided, wanted);
  }
};

struct Sample {
  Nanoseconds slot = 0;
  Value value;
  template <typename Archive>
  void fields(Archive& a) {
    a(slot, value);
  }
};

// One series of a grouped metric, from its first sample until it is gone.
struct SeriesState {
  std::string name;
  Nanoseconds seen = 0;   // the newest slot in which the source had it
  bool vanished = false;  // the source no longer has it
  std::vector<Sample> samples;
  template <typename Archive>
  void fields(Archive& a) {
    a(name, seen, vanished, samples);
  }
};

struct MetricState {
  // Fixed when the run is created.
  Nanoseconds every = 0, stale_after = 0, over = 0, answer_within = 0;
  bool decided = false;
  Nanoseconds slot = 0;                 // of the newest decided sample
  Value value;                          // usable, or missing with the reason
  bool skewed = false;                  // its newest sample came from the future
  std::vector<Nanoseconds> late_slots;  // had no answer in time: one may still come
  std::vector<Sample> samples;          // known ones as far back as the plan looks, oldest first
  std::vector<Sample> passes;           // Probe: each single answer of its check within `over`
  std::vector<SeriesState> series;      // grouped: by name; `samples` is empty then
  template <typename Archive>
  void fields(Archive& a) {
    a(every, stale_after, over, answer_within, decided, slot, value, skewed, late_slots, samples, passes, series);
  }
};

// ---------------------------------------------------------------- people

struct GateItemRun {
  std::string text;
  std::vector<std::string> ticked_by;
  std::uint32_t needed = 1;
  bool ticked = false;
  std::uint64_t task = 0;  // its check, while it runs
  Nanoseconds next_check = kNever;
  std::string last_error;
  template <typename Archive>
  void fields(Archive& a) {
    a(text, ticked_by, needed, ticked, task, next_check, last_error);
  }
};

struct GateRun {
  std::uint64_t id = 0, task = 0;
  plan::GateId gate = kNone;
  std::string text;
  std::uint32_t needed = 1;
  Nanoseconds opened = 0, deadline = kNever;
  std::vector<std::string> approved_by;
  std::vector<GateItemRun> items;
  template <typename Archive>
  void fields(Archive& a) {
    a(id, task, gate, text, needed, opened, deadline, approved_by, items);
  }
};

// A gate that is closed, for people who come too late.
struct DecidedGate {
  std::string text, how;  // "approved by dana"
  template <typename Archive>
  void fields(Archive& a) {
    a(text, how);
  }
};

struct PauseRun {
  std::string reason, who;
  Nanoseconds since = 0;
  plan::ResponseId response = kNone;
  std::uint64_t until = 0;  // a hold
  Nanoseconds within_due = kNever;
  bool for_doubt = false;       // ends when the doubts are settled
  plan::RolloutId rollout = 0;  // whose response it is
  template <typename Archive>
  void fields(Archive& a) {
    a(reason, who, since, response, until, within_due, for_doubt, rollout);
  }
};

// ---------------------------------------------------------------- going back

enum class RollbackPhase : std::uint8_t { Stopping, HookBefore, Undoing, HookAfter, Incomplete };

// A part of the log that is being undone from its end: the outermost first, then one for each `undo rest` and for each
// child rollout.
struct UndoSpan {
  std::uint32_t begin = 0, cursor = 0;
  std::uint64_t task = 0;                 // `undo rest`: waits for it
  plan::RolloutId rollout = plan::kNone;  // a child's: which
  std::uint32_t entry = 0;                // a child's: its place in the log
  bool hooked = false;                    // a child's: its `on rollback` was started
  Nanoseconds budget = 0, budget_due = kNever;
  template <typename Archive>
  void fields(Archive& a) {
    a(begin, cursor, task, rollout, entry, hooked, budget, budget_due);
  }
};

struct RollbackRun {
  RollbackPhase phase{}, resume_phase{};
  std::string reason;
  plan::StageId to = kNone;           // kNone: everything
  plan::ResponseId response = kNone;  // of a `rollback to`: its retry
  std::vector<UndoEntry> log;
  std::vector<UndoSpan> spans;
  std::uint64_t task = 0;  // the undo or hook that runs
  Nanoseconds started = 0, budget = 0, budget_due = kNever;
  std::string error;                // why it is incomplete
  std::uint32_t barrier = kNone;    // the entry that it stopped at: a person's word crosses it
  std::vector<std::string> failed;  // undos that failed and did not stop it
  template <typename Archive>
  void fields(Archive& a) {
    a(phase, resume_phase, reason, to, response, log, spans, task, started, budget, budget_due, error, barrier, failed);
  }
};

struct ScheduleRun {
  Nanoseconds due = kNever, period = 0, until = kNever;
  std::uint64_t task = 0;
  template <typename Archive>
  void fields(Archive& a) {
    a(due, period, until, task);
  }
};

// A notification that asked for an acknowledgement.
struct AckWait {
  plan::NotificationId notification = kNone;
  Nanoseconds due = kNever;
  std::string reason, text;  // context of what asks for the answer
  std::uint8_t severity = 0;
  // Its channel can read the answer back: when it is asked next, how often, and the task that asks.
  Nanoseconds next_check = kNever, every = 0;
  std::uint64_t task = 0;
  plan::RolloutId rollout = 0;
  std::vector<Value> kept;  // as plan::Channel::kept
  template <typename Archive>
  void fields(Archive& a) {
    a(notification, due, reason, text, severity, next_check, every, task, rollout, kept);
  }
};

// ---------------------------------------------------------------- rollouts

// How far a rollout of the run has come; of the main one the run's state says more.
enum class Progress : std::uint8_t { NotBegun, Running, Succeeded, GoingBack, RolledBack, Failed, Stopped };

// What belongs to one rollout of the run: the main one, or a child.
struct RolloutRun {
  Progress progress{};
  std::string reason;  // of going back or failing
  plan::StageId stage = kNone;
  std::uint32_t stages_entered = 0;
  Nanoseconds stage_entered = 0, started = 0, ended = 0;
  bool has_started = false;
  Nanoseconds rollback_expires_at = kNever;  // from then on no automatic rollback
  Value traffic;                             // missing before its first `traffic`
  std::uint64_t scope = 0;                   // of its own guards and companions
  bool takes_baselines = false;
  std::map<std::uint32_t, Value> baselines;  // by metric: means before its start, where the plan asks for them
  std::optional<RollbackRun> rollback;       // under way, or incomplete
  std::vector<ScheduleRun> schedules;
  template <typename Archive>
  void fields(Archive& a) {
    a(progress, reason, stage, stages_entered, stage_entered, started, ended, has_started, rollback_expires_at, traffic,
      scope, takes_baselines, baselines, rollback, schedules);
  }
};

// ---------------------------------------------------------------- all of it

struct State {
  std::string run_id;
  bool scripted_world = false;
  std::vector<std::pair<std::string, Value>> parameters;
  std::vector<plan::Zone> zones;          // of the plan's windows
  std::optional<Nanoseconds> start_at;    // the start is planned for then
  std::vector<std::string> requirements;  // rollouts that have not succeeded yet; the work begins when none is left
  bool begun = false;                     // the first event has been applied
  bool behind = false;                    // the last event left work over: too much for one go
  RunState run_state{};
  std::string reason;
  Nanoseconds created = 0, now = 0, ended = 0;
  bool has_ended = false;
  std::vector<RolloutRun> rollouts;  // by id: the main one, always there, then its children
  std::vector<Value> variables;
  std::vector<MetricState> metrics;
  std::uint64_t next_id = 1;
  std::map<std::uint64_t, Task> tasks;
  std::map<std::uint64_t, EffectRun> effects;
  std::map<std::uint64_t, Scope> scopes;
  std::map<std::uint64_t, HoldRun> holds;
  std::map<std::uint64_t, GateRun> gates;
  std::vector<DecidedGate> decided;                  // by text the last time each, newest last
  std::vector<SlotPoll> slots;                       // of guards and holds, ascending
  std::vector<SlotPoll> past;                        // before the start, for windows and baselines
  std::vector<SlotPoll> inquiries;                   // of single tasks
  std::map<std::uint32_t, std::uint32_t> attempts;   // how often each effect statement was started
  std::map<std::uint32_t, std::uint32_t> fallbacks;  // how often each `rollback to ... and retry` was tried
  std::optional<PauseRun> pause;
  std::vector<PauseRun> pauses_behind;  // said while the run was paused already; it goes on when all are over
  std::vector<AckWait> acks;

  RolloutRun& main() { return rollouts.front(); }
  const RolloutRun& main() const { return rollouts.front(); }
  template <typename Archive>
  void fields(Archive& a) {
    a(run_id, scripted_world, parameters, zones, start_at, requirements, begun, behind, run_state, reason, created, now,
      ended, has_ended, rollouts, variables, metrics, next_id, tasks, effects, scopes, holds, gates, decided, slots,
      past, inquiries, attempts, fallbacks, pause, pauses_behind, acks);
  }
};

}  // namespace rollout::machine
