#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/events.hpp"
#include "runtime/plan/calendar.hpp"

// The heart: a deterministic state machine, (state, event, now) -> (state', records, requests). It knows no clock,
// thread, file, socket or randomness; `rollout run`, `test`, `simulate` and the crash tests drive the same one with
// different feeders.

namespace rollout::machine {

enum class RunState : std::uint8_t {
  Waiting,
  Running,
  Paused,
  RollingBack,
  Succeeded,
  FollowingUp,
  RolledBack,
  RollbackIncomplete,
  Aborted,
  Failed,
};
std::string_view state_name(RunState state);
// No step, guard or undo will ever run again (schedules may still be open in FollowingUp, which is not final).
bool is_final(RunState state);

struct RunOptions {
  std::string run_id;
  std::vector<std::pair<std::string, Value>> parameters;  // given with --set, already of the parameter's kind
  // In a scripted world actions, channels and external checks are asked for as a whole (RequestKind::Call and Check),
  // and metrics of checks and probes are polled like any other; otherwise the machine carries out their blocks itself.
  bool scripted_world = false;
  // The rules of the zones that the plan's windows name (plan::zones_of); the run keeps them.
  std::vector<plan::Zone> zones = {};
  // The start (the entry of the first stage) is planned for this instant; nothing: as soon as it may be.
  std::optional<Nanoseconds> start_at = {};
};

// ---------------------------------------------------------------- what people see of a run

struct GuardView {
  std::string text;
  Value observed, threshold;                           // of the newest decided slot
  std::optional<bool> truth;                           // nothing: unknown
  Nanoseconds held = 0, needed = 0;                    // needed 0: fires at once
  std::uint32_t samples_true = 0, samples_needed = 0;  // M of N form
  bool blind = false, fired = false;
  std::string unknown_why;
  std::vector<std::string> series = {};  // of a guard on a grouped metric: those that speak for it
};
struct HoldView {
  std::string text;
  Nanoseconds started = 0, least_until = 0, most_until = 0;  // instants; most_until 0: none
  std::vector<std::pair<std::string, std::optional<bool>>> conditions;
};
struct GateItemView {
  std::string text;
  std::vector<std::string> ticked_by;     // who has, or "check"
  std::uint32_t needed = 1;               // so many different people
  bool ticked = false;                    // by all that it needs
  std::vector<std::string> members = {};  // who may tick it: of its own role, else of the gate's
  bool automatic = false;                 // ticked by its check
};
struct GateView {
  plan::GateKind kind{};
  std::string text, role;
  std::vector<std::string> members, approved_by, answers;
  std::uint32_t needed = 1;
  std::optional<Nanoseconds> deadline;
  std::vector<GateItemView> items;
};
struct EffectView {
  std::uint64_t effect = 0;
  std::string callable, key;
  Nanoseconds started = 0;
  bool in_doubt = false;
};
// A notification that somebody has to acknowledge.
struct AcknowledgementView {
  std::string channel, text;
  std::optional<Nanoseconds> deadline;
};
// A child rollout: part of the tree that a run is.
struct ChildView {
  std::string path;  // `ireland.cart("eu")`
  std::string_view
      state;           // "not begun", "running", "succeeded", "rolling back", "rolled back", "failed", "stopped", ...
  std::string reason;  // of going back or failing
  std::string stage;   // path of its newest stage
  Value traffic;       // missing before its first `traffic`
  Nanoseconds started = 0, stage_entered = 0, ended = 0;
};
struct View {
  RunState state{};
  std::string reason;  // of the pause, rollback or end
  std::string stage;   // path of the stage that runs, empty before and after
  Value traffic;       // missing before the first `traffic`
  Nanoseconds created = 0, started = 0, stage_entered = 0, ended = 0;
  std::vector<GuardView> guards;  // armed ones, in source order
  std::vector<HoldView> holds;
  std::vector<GateView> gates;
  std::vector<AcknowledgementView> acknowledgements;  // open ones, oldest first
  std::vector<EffectView> effects;                    // under way
  std::vector<std::string> steps;                     // texts of the steps that run now
  std::vector<std::string> requirements;              // rollouts that must succeed before this one does anything
  std::vector<ChildView> children;                    // in the order of the plan, those that have not begun too
};

class Machine {
 public:
  // A new run. `created` is the instant of its creation; the first event must be a Wake. Fails, with the reason, where
  // a parameter is missing, unknown, of the wrong kind or does not match its pattern.
  static plan::Expected<Machine> create(std::shared_ptr<const plan::VerifiedPlan> plan, RunOptions options,
                                        Nanoseconds created);
  // The run as `snapshot` stored it. Fails where the snapshot is damaged or of another plan. The first event must be
  // Restarted.
  static plan::Expected<Machine> restore(std::shared_ptr<const plan::VerifiedPlan> plan, std::string_view snapshot);

  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) noexcept;
  ~Machine();

  // Applies one event at `now`, which never goes backwards (a smaller one counts as the largest seen).
  Reaction apply(const Event& event, Nanoseconds now);
  // When the machine wants a Wake next; nothing: it waits for an event only, or is at its end.
  std::optional<Nanoseconds> next_wakeup() const;

  // The whole state as bytes, the same for the same state: equal states, equal bytes.
  std::string snapshot() const;
  View view() const;
  RunState state() const;
  const std::string& run_id() const;
  // Rollouts that must succeed before this run does anything: the feeder tells with RequirementMet.
  const std::vector<std::string>& open_requirements() const;
  bool finished() const;  // final and nothing under way
  // The value of a routine with the run's variables: for what the feeder needs to know of the plan and the machine does
  // not use itself (a metric's configuration, the name behind a secret). Metrics read as their newest sample.
  Value compute(plan::RoutineId routine) const;
  // How often the metric is asked for now, and how old its samples may be; `sample` changes both.
  Nanoseconds cadence(plan::MetricId metric) const;
  Nanoseconds stale_after(plan::MetricId metric) const;

 private:
  struct Impl;
  explicit Machine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollout::machine
