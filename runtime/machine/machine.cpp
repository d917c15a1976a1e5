#include "runtime/machine/machine.hpp"

#include <algorithm>

#include "runtime/machine/create.hpp"
#include "runtime/machine/snapshot.hpp"
#include "runtime/machine/view.hpp"

namespace rollout::machine {

namespace {

// More than any honest event leads to; a hostile plan stops here and goes on with the next event.
constexpr int kMostMicroSteps = 20'000;

}  // namespace

struct Machine::Impl {
  Core core;
};

plan::Expected<Machine> Machine::create(std::shared_ptr<const plan::VerifiedPlan> plan, RunOptions options,
                                        Nanoseconds created) {
  auto impl = std::make_unique<Impl>(Core(std::move(plan)));
  const std::string problem = start_run(impl->core, std::move(options), created);
  if (!problem.empty()) return plan::PlanError{problem, 0};
  return Machine(std::move(impl));
}

plan::Expected<Machine> Machine::restore(std::shared_ptr<const plan::VerifiedPlan> plan, std::string_view snapshot) {
  auto impl = std::make_unique<Impl>(Core(std::move(plan)));
  const std::string problem = read_snapshot(impl->core, snapshot);
  if (!problem.empty()) return plan::PlanError{problem, 0};
  return Machine(std::move(impl));
}

Machine::Machine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&&) noexcept = default;
Machine::~Machine() = default;

Reaction Machine::apply(const Event& event, Nanoseconds now) {
  return impl_->core.apply(event, now);
}
std::optional<Nanoseconds> Machine::next_wakeup() const {
  return impl_->core.next_wakeup();
}
std::string Machine::snapshot() const {
  return write_snapshot(impl_->core);
}
View Machine::view() const {
  return view_of(impl_->core);
}
RunState Machine::state() const {
  return impl_->core.state.run_state;
}
const std::string& Machine::run_id() const {
  return impl_->core.state.run_id;
}
const std::vector<std::string>& Machine::open_requirements() const {
  static const std::vector<std::string> kNothing;
  const State& state = impl_->core.state;
  return state.has_ended || state.main().rollback ? kNothing : state.requirements;
}
bool Machine::finished() const {
  return impl_->core.finished();
}
Value Machine::compute(plan::RoutineId routine) const {
  return impl_->core.compute(routine, nullptr);
}

Nanoseconds Machine::cadence(plan::MetricId metric) const {
  return impl_->core.cadence(metric);
}
Nanoseconds Machine::stale_after(plan::MetricId metric) const {
  return impl_->core.stale_after(metric);
}

Reaction Core::apply(const Event& event, Nanoseconds now) {
  out = {};
  acting = 0;
  state.now = std::max(state.now, now);
  // While the runtime was down nobody listened: what it asked for is asked again.
  if (!std::holds_alternative<Restarted>(event)) give_up_on_answers(state.now - 1);
  if (!state.begun) begin();
  if (const auto* samples = std::get_if<Samples>(&event)) samples_arrived(*samples);
  if (const auto* done = std::get_if<EffectDone>(&event)) effect_done(*done);
  if (const auto* said = std::get_if<PersonSaid>(&event)) person_said(*said);
  if (std::holds_alternative<Restarted>(event)) restarted();
  if (const auto* met = std::get_if<RequirementMet>(&event)) requirement_met(*met);
  if (const auto* newer = std::get_if<Superseded>(&event)) superseded(newer->by);
  settle();
  return std::move(out);
}

void Core::begin() {
  state.begun = true;
  plan::Map parameters;
  for (const auto& [name, value] : state.parameters) parameters.emplace_back(name, value);
  record(RecordKind::RunCreated,
         {{"rollout", Value::string(plan.rollout.name)},
          {"plan", Value::string(plan_id)},
          {"parameters", Value::map(std::move(parameters))},
          {"run", Value::string(state.run_id)}},
         plan.rollout.spot);
  state.main().schedules.assign(plan.rollout.schedules.size(), {});
  // Those of the children too: no child waits half-way for another rollout.
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) {
    for (const std::string& rollout : row(id).requirements) {
      const bool known = std::ranges::find(state.requirements, rollout) != state.requirements.end();
      if (!known) state.requirements.push_back(rollout);
    }
  }
  new_task(TaskKind::Main, nullptr).wait = Wait::Requirement;
  for (const std::string& rollout : state.requirements) {
    record(RecordKind::RequirementOpened, {{"rollout", Value::string(rollout)}}, plan.rollout.spot);
  }
  if (state.requirements.empty()) begin_work();
}

// The forward work begins: nothing is required any more, and a rollout without stages has its window open.
void Core::begin_work() {
  Task* task = main_task();
  if (!task) return;
  const Nanoseconds opening = opening_of(0, kNone);
  if (task->wait == Wait::Requirement) plan_schedules(0);
  if (plan.rollout.stages.empty() && opening > state.now) {
    wait_for_opening(*task, opening);
    return;
  }
  task->due = kNever;
  enter(*task, plan.rollout.block);
}

// The work begins with the last one. What is met already, or was never asked for, changes nothing.
void Core::requirement_met(const RequirementMet& met) {
  if (state.has_ended || state.main().rollback || std::erase(state.requirements, met.rollout) == 0) return;
  record(RecordKind::RequirementMet, {{"rollout", Value::string(met.rollout)}, {"by", Value::string(met.run)}},
         plan.rollout.spot);
  if (state.requirements.empty()) begin_work();
}

// Everything that is due, in the order of one instant: guards and hold conditions, time limits, the next steps,
// schedules.
void Core::settle() {
  state.behind = false;
  give_up_on_answers(state.now);
  for (int step = 0; step < kMostMicroSteps; ++step) {
    sweep();
    const Nanoseconds slot = next_slot();
    register_slots(slot);
    start_queued_checks();
    if (run_due(false) || decide_past() || decide_next_slot(slot) || decide_inquiry() || rollback_step() ||
        run_ready_task() || run_due(true)) {
      continue;
    }
    if (state.run_state == RunState::FollowingUp && !open_schedules()) end_run(RunState::Succeeded, {});
    return;
  }
  sweep();
  state.behind = true;
}

void Core::sweep() {
  std::erase_if(state.tasks, [](const auto& entry) { return entry.second.wait == Wait::Gone; });
}

bool Core::finished() const {
  const bool idle = std::ranges::all_of(state.tasks, [](const auto& entry) { return entry.second.wait == Wait::Gone; });
  return is_final(state.run_state) && idle && state.effects.empty() && state.acks.empty() && !open_schedules();
}

}  // namespace rollout::machine
