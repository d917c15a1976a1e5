#include "runtime/machine/view.hpp"

#include <algorithm>

// What people see of a run.

namespace rollout::machine {

namespace {

std::string_view progress_name(Progress progress) {
  switch (progress) {
    case Progress::NotBegun: return "not begun";
    case Progress::Running: return "running";
    case Progress::Succeeded: return "succeeded";
    case Progress::GoingBack: return "rolling back";
    case Progress::RolledBack: return "rolled back";
    case Progress::Failed: return "failed";
    case Progress::Stopped: return "stopped";
  }
  return "";
}

GuardView view_of(const Core& core, const GuardRun& run) {
  const plan::Guard& guard = core.plan.guards[run.guard];
  GuardView view;
  view.text = guard.text;
  view.observed = core.compute(guard.observed, nullptr);
  view.threshold = core.compute(guard.threshold, nullptr);
  if (run.truth != Truth::Unknown) view.truth = run.truth == Truth::True;
  view.held = run.clock.held;
  view.needed = run.needed;
  view.samples_true = samples_true(run.clock);
  view.samples_needed = guard.of_m;
  view.blind = run.clock.blind;
  view.fired = run.fired;
  view.unknown_why = run.why;
  if (run.truth == Truth::True) view.series = series_named(core.compute(guard.series, nullptr));
  return view;
}

HoldView view_of(const Core& core, const HoldRun& run) {
  const plan::Hold& hold = core.plan.holds[run.hold];
  HoldView view;
  view.text = hold.text;
  // Where the run is paused the ends move on with the time.
  const Nanoseconds stood = core.hold_stands(run) ? between(core.state.pause->since, core.state.now) : 0;
  view.started = run.base;
  view.least_until = later(later(run.base, run.least), stood);
  if (run.bounded && run.most > run.least) view.most_until = later(later(run.base, run.most), stood);
  for (std::size_t index = 0; index < run.conditions.size(); ++index) {
    const ConditionRun& condition = run.conditions[index];
    std::optional<bool> met;
    if (condition.truth != Truth::Unknown)
      met = condition.truth == Truth::True && condition.clock.held >= condition.needed;
    view.conditions.emplace_back(hold.until[index].text, met);
  }
  return view;
}

GateView view_of(const Core& core, const GateRun& run) {
  const plan::Gate& gate = core.plan.gates[run.gate];
  GateView view;
  view.kind = gate.kind;
  view.text = run.text;
  view.role = gate.role < core.plan.roles.size() ? core.plan.roles[gate.role].name : std::string{};
  view.members = core.members_of(gate.role);
  view.approved_by = run.approved_by;
  for (const plan::GateAnswer& answer : gate.answers) view.answers.push_back(answer.text);
  view.needed = run.needed;
  if (run.deadline != kNever) view.deadline = run.deadline;
  for (std::size_t index = 0; index < run.items.size(); ++index) {
    const plan::GateItem& row = gate.items[index];
    const GateItemRun& item = run.items[index];
    view.items.push_back({.text = item.text,
                          .ticked_by = item.ticked_by,
                          .needed = item.needed,
                          .ticked = item.ticked,
                          .members = row.role == kNone ? view.members : core.members_of(row.role),
                          .automatic = row.check != kNone});
  }
  return view;
}

AcknowledgementView view_of(const Core& core, const AckWait& ack) {
  const plan::ChannelId channel = core.plan.notifications[ack.notification].channel;
  AcknowledgementView view;
  if (channel < core.plan.channels.size()) view.channel = core.plan.channels[channel].name;
  view.text = ack.text;
  if (ack.due != kNever) view.deadline = ack.due;
  return view;
}

ChildView view_of(const Core& core, RolloutId id) {
  const RolloutRun& run = core.state.rollouts[id];
  ChildView view;
  view.path = core.row(id).path;
  view.state = progress_name(run.progress);
  if (run.rollback && run.rollback->phase == RollbackPhase::Incomplete) view.state = "rollback incomplete";
  view.reason = run.rollback && !run.rollback->error.empty() ? run.rollback->error : run.reason;
  if (run.stage < core.plan.stages.size()) view.stage = core.plan.stages[run.stage].name;
  view.traffic = run.traffic;
  view.started = run.started;
  view.stage_entered = run.stage_entered;
  view.ended = run.ended;
  return view;
}

std::string step_of(const Core& core, const Task& task) {
  for (auto frame = task.frames.rbegin(); frame != task.frames.rend(); ++frame) {
    const plan::Block& block = core.plan.blocks[frame->block];
    const bool structure = block.kind == plan::BlockKind::Stage || block.kind == plan::BlockKind::Rollout;
    if (!structure && !block.name.empty()) return block.name;
  }
  return {};
}

}  // namespace

View view_of(const Core& core) {
  const State& state = core.state;
  View view;
  view.state = state.run_state;
  view.reason = state.reason;
  const RolloutRun& main = state.main();
  if (main.stage < core.plan.stages.size() && !state.has_ended) view.stage = core.plan.stages[main.stage].name;
  view.traffic = main.traffic;
  view.created = state.created;
  view.started = main.started;
  view.stage_entered = main.stage_entered;
  view.ended = state.ended;
  for (RolloutId id = 1; id < state.rollouts.size(); ++id) view.children.push_back(view_of(core, id));
  if (!state.has_ended && !state.main().rollback) view.requirements = state.requirements;
  std::vector<const GuardRun*> guards;
  for (const auto& [id, scope] : state.scopes) {
    for (const GuardRun& run : scope.guards) guards.push_back(&run);
  }
  std::ranges::sort(guards, {}, [](const GuardRun* run) { return std::pair(run->guard, run->next); });
  for (const GuardRun* run : guards) view.guards.push_back(view_of(core, *run));
  for (const auto& [id, run] : state.holds) view.holds.push_back(view_of(core, run));
  for (const auto& [id, run] : state.gates) view.gates.push_back(view_of(core, run));
  for (const AckWait& ack : state.acks) view.acknowledgements.push_back(view_of(core, ack));
  for (const auto& [id, run] : state.effects) {
    if (run.journalled) view.effects.push_back({id, run.request.callable, run.request.key, run.started, run.in_doubt});
  }
  for (const auto& [id, task] : state.tasks) {
    if (task.wait == Wait::Gone || core.is_silent(task)) continue;
    std::string step = step_of(core, task);
    if (!step.empty()) view.steps.push_back(std::move(step));
  }
  return view;
}

}  // namespace rollout::machine
