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
  state.now = std::max(state.now, now);
  if (!state.begun) begin();
  if (const auto* samples = std::get_if<Samples>(&event)) samples_arrived(*samples);
  if (const auto* done = std::get_if<EffectDone>(&event)) effect_done(*done);
  if (const auto* said = std::get_if<PersonSaid>(&event)) person_said(*said);
  if (std::holds_alternative<Restarted>(event)) restarted();
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
  plan_schedules();
  spawn(TaskKind::Main, plan.rollout.block, nullptr);
}

// Everything that is due, in the order of one instant: guards and hold conditions, time limits, the next steps,
// schedules.
void Core::settle() {
  state.behind = false;
  for (int step = 0; step < kMostMicroSteps; ++step) {
    sweep();
    const Nanoseconds slot = next_slot();
    register_slots(slot);
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
