#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/machine/series.hpp"
#include "runtime/machine/state.hpp"
#include "runtime/plan/evaluate.hpp"

// The machine's workings: the state, what one event has produced so far, and the functions that move it, grouped by the
// file that holds them. No function keeps a reference to a task over a call that may end it: ended tasks stay in the
// state, marked Gone, until the next round.

namespace rollout::machine {

using plan::BlockId;
using plan::EffectClass;
using plan::HookKind;
using plan::Plan;
using plan::ResponseId;
using plan::RolloutId;
using plan::RoutineId;
using plan::SpotId;

// Why something happens: for records, hooks and the reason of the state.
struct Cause {
  std::string reason;
  std::string who;  // a person's word; empty: the run's own
  SpotId spot = kNone;
  Nanoseconds at = 0;     // the logical instant: a slot, or now
  RolloutId rollout = 0;  // whose answer it is, where no task says so
};

// What a guard that fired, or that is blind, says.
struct GuardAnswer {
  plan::GuardId guard = plan::kNone;
  ResponseId response = kNone;
  Cause cause;
  bool blind = false;  // it saw nothing: its `continue` lifts the freeze and ends no pause
};

// An instant at which something is due. In the order in which things happen at one instant.
enum class DueKind : std::uint8_t {
  Missing,
  HoldBound,
  FrameLimit,
  GateLimit,
  PauseLimit,
  AckLimit,
  AckCheck,
  Budget,
  Timer,
  ItemCheck,
  Companion,
  Schedule,
};
struct Due {
  Nanoseconds at = kNever;
  DueKind kind{};
  std::uint64_t id = 0;     // scope, hold, task, gate, rollout
  std::uint32_t index = 0;  // guard, frame, item, companion, schedule, ack, span
};

using Fields = std::initializer_list<std::pair<std::string_view, Value>>;

struct Core;

// Everything that was asked for has an answer.
bool is_complete(const SlotPoll& poll);

// What an expression sees: the samples of one slot, or the newest ones.
struct Sight {
  const Core* core = nullptr;
  const Task* task = nullptr;  // whose context and own samples count; null: none
  Nanoseconds slot = 0;        // where windows end
  bool in_slot = false;
  RolloutId rollout = 0;  // whose baselines count
};

// The names in a list of lists, as Guard::series gives them; ascending, each once.
std::vector<std::string> series_named(const Value& lists);

struct Core {
  explicit Core(std::shared_ptr<const plan::VerifiedPlan> verified);

  std::shared_ptr<const plan::VerifiedPlan> owner;
  const Plan& plan;
  std::string plan_id;
  std::vector<bool> takes_baseline;    // by metric
  std::vector<Nanoseconds> look_back;  // by metric: how far the plan's windows reach
  bool samples_by_age = false;         // some block has a `sample`
  State state;
  Reaction out;
  RolloutId acting = 0;                   // for which rollout something happens right now: what records tell
  std::vector<const Value*> slot_values;  // by metric: the samples of the slot that is being decided; null: not in it
  Sight slot_sight;                       // and what expressions see in it
  plan::Environment slot_environment;

  // -- machine.cpp: events, and everything that is due
  Reaction apply(const Event& event, Nanoseconds now);
  void begin();
  void begin_work();
  void requirement_met(const RequirementMet& met);
  void settle();
  void sweep();
  bool finished() const;

  // -- records.cpp
  void record(RecordKind kind, Fields fields, SpotId spot = kNone);
  void set_state(RunState next, const std::string& reason);
  void end_run(RunState final_state, const std::string& reason);

  // -- rollouts.cpp: the main rollout and its children
  const plan::Rollout& row(RolloutId id) const { return plan::rollout_row(plan, id); }
  RolloutId rollout_of(const Task& task) const;
  bool is_within(RolloutId id, RolloutId outer) const;
  std::pair<Task*, std::size_t> holder_of(RolloutId id);
  void start_rollout(RolloutId id);
  void begin_child(RolloutId id);
  void end_child(RolloutId id, Progress how, const std::string& reason);
  bool begin_child_rollback(const RollbackRun& rollback, RolloutId id, const Cause& cause);
  void child_stopped(Task& task, std::size_t frame);
  void child_rolled_back(RolloutId id);
  void child_failed(Task& task, std::size_t frame, const std::string& error);
  void go_on_after_child(Task& task, const std::string& error);
  Nanoseconds opening_of(RolloutId id, plan::StageId stage) const;
  Value baseline_of(plan::MetricId metric, RolloutId id) const;

  // -- values.cpp: computing with the plan's routines
  Value compute(RoutineId routine, const Task* task) const;
  Value compute_in_slot(RoutineId routine) const;
  plan::Environment environment(const Sight& sight) const;
  Nanoseconds duration_or(RoutineId routine, const Task* task, Nanoseconds otherwise) const;
  std::string text_of(RoutineId routine, const Task* task) const;
  std::vector<std::pair<std::string, Value>> arguments_of(const std::vector<plan::Argument>& arguments,
                                                          const Task* task) const;
  Value context_value(plan::ContextValue value, const Task* task) const;
  Value newest_sample(plan::MetricId metric, const Task* task) const;
  Value slot_sample(plan::MetricId metric) const;
  Value sample_at(const Sight& sight, plan::MetricId metric) const;
  Value aggregate(const Sight& sight, plan::MetricId metric, const WindowQuestion& question) const;
  std::vector<plan::MetricId> metrics_of(RoutineId routine) const;
  void fix_metric_times();
  Nanoseconds cadence(plan::MetricId metric) const;
  Nanoseconds cadence(const std::vector<plan::MetricId>& metrics) const;
  Nanoseconds stale_after(plan::MetricId metric) const;
  Nanoseconds answer_within(plan::MetricId metric) const;
  void fix_look_back();

  // -- sampling.cpp: `sample`, how often guards and holds are evaluated while their block ages
  std::vector<SamplingPhase> sampling_of(const Task* task, BlockId block) const;
  Nanoseconds hold_interval(const HoldRun& run) const;

  // -- tasks.cpp: blocks are entered and left
  Task& new_task(TaskKind kind, const Task* parent);
  Task& spawn(TaskKind kind, BlockId block, const Task* parent);
  Task* find_task(std::uint64_t id);
  const Task* find_task(std::uint64_t id) const;
  Task* main_task();
  void enter(Task& task, BlockId block, bool inserted = false, const Value& share = {});
  bool asks_world(BlockId block) const;
  void begin_attempt(Task& task);
  void start_expiry(RolloutId id, plan::StageId stage);
  bool enter_stage(Task& task, const plan::Block& block);
  bool insert_hooks(Task& task, HookKind kind);
  void leave(Task& task);
  void leave_stage(Task& task, const plan::Block& block, std::uint32_t resume_at);
  void abandon(Task& task, std::size_t depth);
  void convert_log(Task& task, const Frame& frame, bool completed);
  void advance(Task& task);
  void finish_task(Task& task);
  bool may_advance(const Task& task) const;
  bool is_forward(const Task& task) const;
  bool is_silent(const Task& task) const;
  bool run_ready_task();
  bool complete_waiting(Task& task);

  // -- stopping.cpp: what is under way ends
  void stop_task(Task& task, Stop stop);
  void try_finish_stop(Task& task);
  bool has_children(const Task& task) const;
  bool has_effects(const Task& task) const;
  void kill(std::uint64_t task);
  void drop_waits(Task& task);

  // -- steps.cpp: statements
  void execute(Task& task);
  bool execute_value(Task& task, const plan::Instruction& instruction);
  void execute_let(Task& task, const plan::Instruction& instruction, const Value& value);
  void execute_require(Task& task, const plan::Instruction& instruction, const Value& value);
  void execute_result(Task& task, const Value& value);
  void change_traffic(RolloutId id, const Value& share, SpotId spot);
  std::size_t returning_frame(const Task& task) const;
  void end_routine(Task& task);
  void execute_traffic(Task& task, const plan::Instruction& instruction, const Value& value);
  void execute_run(Task& task, BlockId block);
  void fork(Task& task, BlockId block);
  bool needs_samples(Task& task, RoutineId routine);
  bool notification_needs_samples(Task& task, plan::NotificationId id);
  bool wait_for_samples(Task& task, const std::vector<plan::MetricId>& metrics);

  // -- effects.cpp
  void start_effect(Task& task, const plan::Instruction& instruction);
  void start_call(Task& task, const plan::Block& block);
  void send_effect(Task& task, EffectRun run);
  void effect_done(const EffectDone& done);
  void settle_effect(Task& task, const EffectRun& run, const EffectDone& done);
  void call_done(Task& task, const EffectDone& done);
  Nanoseconds usual_limit(const Task& task) const;
  EffectClass effective_class(const Task& task, EffectClass own) const;
  std::string effect_key(const Task& task, std::uint32_t place);
  std::string path_of(const Task& task) const;

  // -- failures.cpp
  void fail(Task& task, const std::string& error, bool unknown = false);
  void handle_failure(Task& task, std::size_t frame, const std::string& error, bool may_retry, bool unknown);
  bool collects(const Task& task, std::size_t index) const;
  std::size_t count_runs(const plan::Block& block) const;
  void retry_frame(Task& task, std::size_t frame, Nanoseconds wait);
  void uncaught(Task& task, std::size_t frame, const std::string& error, bool unknown);
  void uncaught_in_rollout(Task& task, std::size_t root, std::size_t frame, const std::string& error);
  bool asks_people(BlockId block) const;
  void answer_expired(const std::string& reason, const Cause& cause, Task* task);
  void respond(Task& task, ResponseId response, const Cause& cause);
  void take_outcome(ResponseId response, const Cause& why, Task* task);
  std::string reason_of(ResponseId response, const Cause& cause, const Task* task) const;
  std::uint64_t start_response_steps(ResponseId response, const Cause& cause, const Task* task);

  // -- slots.cpp
  Nanoseconds next_slot() const;
  bool undecided() const;
  void register_slots(Nanoseconds first);
  void want(std::vector<SlotPoll>& polls, std::uint64_t task, Nanoseconds slot,
            const std::vector<plan::MetricId>& metrics);
  void ask(SlotPoll& poll, const std::vector<plan::MetricId>& metrics);
  void samples_arrived(const Samples& samples);
  bool heard_late(const Reading& reading, Nanoseconds slot);
  void give_up_on_answers(Nanoseconds until);
  void check_answered(Task& task, std::optional<bool> passed, const std::string& error);
  bool decide_next_slot(Nanoseconds slot);
  void decide_slot(Nanoseconds slot);
  bool is_behind(plan::MetricId metric, Nanoseconds slot) const;
  void accept(SlotPoll& poll);
  Value usable(const Wanted& wanted, Nanoseconds slot);
  Value usable_value(plan::MetricId metric, const Value& value, std::optional<Nanoseconds> sampled_at, Nanoseconds slot,
                     bool was_skewed);

  // -- grouped.cpp: the series of grouped metrics
  bool is_grouped(plan::MetricId metric) const;
  Value usable_series(const Wanted& wanted, Nanoseconds slot);
  void lose_series(plan::MetricId metric, Nanoseconds slot, plan::Map& sample);
  void keep_series(plan::MetricId metric, const Value& sample, Nanoseconds slot);
  void late_series(const Reading& reading, Nanoseconds slot);
  void record_series(plan::MetricId metric, const SeriesState& series, Nanoseconds slot, std::string_view how);
  void note_series(RoutineId routine);
  Value probe_share(plan::MetricId metric, Nanoseconds slot) const;
  bool decide_inquiry();
  void ask_again();

  // -- sources.cpp: metrics that the machine measures itself
  bool is_busy(plan::MetricId metric) const;
  bool is_gone(plan::MetricId metric, Nanoseconds slot) const;
  void queue_check(Wanted& wanted, Nanoseconds slot);
  void start_queued_checks();
  void start_check(plan::MetricId metric, std::vector<Nanoseconds> slots);
  void start_checks_again();
  Reading source_reading(const Task& task, Nanoseconds slot, bool passed, const std::string& error) const;

  // -- past.cpp: samples from before the start
  void ask_past(RolloutId id);
  void ask_past(plan::MetricId metric, Nanoseconds reach, Nanoseconds most_slots);
  bool decide_past();
  void take_baseline(RolloutId id, plan::MetricId metric);

  // -- guards.cpp
  std::uint64_t arm(const Task& task, BlockId block);
  void disarm(std::uint64_t scope);
  bool frozen(RolloutId id) const;
  bool anything_frozen() const;
  void evaluate_guards(Nanoseconds slot);
  void decide_guard(GuardRun& run, Nanoseconds slot, std::vector<plan::GuardId>& fired);
  void set_next_slot(GuardRun& run);
  std::string seen_by(const plan::Guard& guard) const;
  void record_transitions(const GuardRun& run, Nanoseconds slot, const SlotVerdict& verdict);
  void answer(const std::vector<GuardAnswer>& answers);
  int strength(const GuardAnswer& answer) const;
  void guard_missing(std::uint64_t scope, std::uint32_t index, Nanoseconds at);
  Nanoseconds missing_due(const Scope& scope, const GuardRun& run) const;
  void new_episodes();
  void waive_blindness();
  // Of a guard that is armed.
  std::pair<Scope&, GuardRun&> armed(plan::GuardId guard);

  // -- holds.cpp
  void start_hold(Task& task, plan::HoldId hold);
  std::uint64_t add_hold(std::uint64_t task, plan::HoldId hold, Nanoseconds least, Nanoseconds most, bool bounded);
  Nanoseconds hold_slot(const HoldRun& run) const;
  Nanoseconds hold_due(const HoldRun& run) const;
  bool hold_stands(const HoldRun& run) const;
  void evaluate_holds(Nanoseconds slot);
  void decide_hold(HoldRun& run, Nanoseconds slot);
  void hold_failed(std::uint64_t hold, Nanoseconds slot);
  void end_hold(Task& task, const std::string& how);

  // -- timers.cpp
  void dues(std::vector<Due>& list) const;
  void task_dues(const Task& task, Nanoseconds slot, std::vector<Due>& list) const;
  bool run_due(bool schedules);
  void run_due_item(const Due& due);
  void rollout_dues(RolloutId id, std::vector<Due>& list) const;
  void budget_passed(RolloutId id, std::uint32_t place);
  void frame_limit_passed(const Due& due);
  bool nothing_left(const Task& task, std::size_t frame) const;
  std::optional<Nanoseconds> next_wakeup() const;

  // -- pause.cpp
  void pause_run(const std::string& reason, const Cause& cause, ResponseId response, const Task* task,
                 bool for_doubt = false);
  bool paused_as_well(const PauseRun& pause) const;
  void pause_over(std::size_t index);
  void end_pauses();
  void pause_until_holds(std::uint64_t hold);
  bool stays_in_doubt();
  void resume_run(const std::string& who);
  void pause_limit_passed(std::size_t index);
  void abort_run(const std::string& reason);
  void stop_forward_work();
  void hook_in_background(RolloutId id, HookKind kind, const std::string& reason);
  void hooks_of_all(HookKind kind, const std::string& reason);

  // -- gates.cpp and people.cpp
  std::uint32_t count_or_one(RoutineId routine, const Task* task) const;
  void open_gate(Task& task, plan::GateId gate);
  void close_gate(std::uint64_t gate, const std::string& how, const std::string& who = {});
  void gate_failed(std::uint64_t gate, const std::string& error, const std::string& how, const std::string& who = {});
  void gate_limit_passed(std::uint64_t gate);
  void check_item(GateRun& gate, std::uint32_t item);
  void item_checked(Task& task, std::optional<bool> passed, const std::string& error);
  void complete_checklist(std::uint64_t gate);
  std::vector<std::string> members_of(plan::RoleId role) const;
  void person_said(const PersonSaid& said);
  void ignore(const PersonSaid& said, const std::string& why);
  void person_at_gate(const PersonSaid& said);
  void person_approves(GateRun& gate, const PersonSaid& said);
  void person_ticks(GateRun& gate, const PersonSaid& said);
  void person_answers(GateRun& gate, const PersonSaid& said);
  bool belongs(const PersonSaid& said, plan::RoleId role, const std::string& gate);
  void person_steers(const PersonSaid& said);
  void person_retries(const PersonSaid& said);
  void person_promotes(const PersonSaid& said);
  void person_acknowledges(const PersonSaid& said);

  // -- rollback.cpp
  bool begin_rollback(const std::string& reason, plan::StageId to, ResponseId response, const Cause& cause);
  void widen_rollback(const std::string& reason, const Cause& cause);
  bool stopped_for_rollback(RolloutId id);
  bool rollback_step();
  bool rollback_step(RolloutId id);
  void begin_undoing(RollbackRun& run, RolloutId id);
  RolloutId undoing(RolloutId id) const;
  bool is_going_back(RolloutId id) const;
  bool is_incomplete() const;
  std::optional<RolloutId> rollback_with(std::uint64_t task) const;
  void undo_next(RolloutId id);
  void undo_child(RollbackRun& run, std::uint32_t index);
  void undo_traffic(RolloutId id, UndoSpan& span, std::uint32_t index);
  void undo_ended(Task& task, bool succeeded, const std::string& error);
  void span_undone(RolloutId id);
  void run_hook(RollbackRun& run, RolloutId id, HookKind kind);
  void hook_ended(Task& task, const std::string& error);
  void rollback_incomplete(RolloutId id, const std::string& error);
  void rollback_again(const std::string& who);
  void take_up_again(RolloutId id, const std::string& who);
  void left_as_they_are(const RollbackRun& run);
  void rolled_back();
  void fall_back(RolloutId id);
  void stand_at_stage(Task& task, const RollbackRun& run);
  bool rollback_expired(RolloutId id) const;

  // -- doubt.cpp
  void restarted();
  void left_in_doubt(const EffectRun& run, const std::string& why = {});
  void doubt(Task& task, EffectRun& run, const std::string& why = {});
  void ask_plugin(EffectRun& run);
  bool outcome_unknown(EffectRun& run, const std::string& why);
  void record_doubt(const EffectRun& run, const std::string& why);
  // `ask`: only what became of it is asked.
  void start_again(EffectRun& run, const std::string& how, const std::string& who, bool ask = false);
  void stop_probes(std::uint64_t effect);
  void renew_attempts(Task& task);
  void ask_probe(Task& task, EffectRun& run);
  void probe_answered(Task& task, std::optional<bool> passed, const std::string& error);
  void doubt_to_people(Task& task, EffectRun& run, const std::string& why);
  void leave_doubt(const EffectRun& run, const std::string& how);
  void record_settled(const EffectRun& run, const std::string& how, const std::string& who, SpotId spot);
  void doubts_settled(const std::string& who);
  void settle_doubt(EffectRun& run, const std::string& how, const std::string& who);

  // -- notify.cpp: notifications, companions, schedules
  void notify(const Task& task, plan::NotificationId notification);
  void notification_ended(Task& task, const std::string& error);
  void ack_limit_passed(std::uint32_t index);
  void wait_for_acknowledgement(const Task& task);
  void unacknowledged(plan::NotificationId notification, const std::string& reason, RolloutId rollout);
  void ask_for_acknowledgement(std::uint32_t index);
  void acknowledgement_answered(Task& task);
  void start_companion(std::uint64_t scope, std::uint32_t index);
  plan::Openings openings_of(RolloutId id, plan::StageId stage) const;
  void wait_for_opening(Task& task, Nanoseconds opening);
  void plan_schedules(RolloutId id);
  void anchor_schedules(RolloutId id, plan::Anchor anchor);
  void run_schedule(RolloutId id, std::uint32_t index);
  void superseded(const std::string& by);
  bool open_schedules() const;
  void schedule_ended(Task& task);
};

// What happens until the end of the scope happens for that rollout.
class Acting {
 public:
  Acting(Core& core, RolloutId rollout) : core_(core), outer_(core.acting) { core.acting = rollout; }
  ~Acting() { core_.acting = outer_; }
  Acting(const Acting&) = delete;
  Acting& operator=(const Acting&) = delete;

 private:
  Core& core_;
  RolloutId outer_;
};

}  // namespace rollout::machine
