#include <fmt/format.h>

#include <algorithm>

#include "runtime/machine/core.hpp"
#include "runtime/plan/enum_names.hpp"

// Gates: approvals, checklists and questions that wait for people.

namespace rollout::machine {

using plan::Gate;
using plan::GateKind;

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kCheckAgain = 30 * kSecond;
constexpr std::size_t kDecidedKept = 64;

Value list_of(const std::vector<std::string>& texts) {
  plan::List list;
  for (const std::string& text : texts) list.push_back(Value::string(text));
  return Value::list(std::move(list));
}

}  // namespace

std::vector<std::string> Core::members_of(plan::RoleId role) const {
  std::vector<std::string> members;
  if (role >= plan.roles.size()) return members;
  const Value value = compute(plan.roles[role].members, nullptr);
  for (const Value& member : value.as_list()) members.push_back(member.as_string());
  return members;
}

// How many people: a number from one up.
std::uint32_t Core::count_or_one(RoutineId routine, const Task* task) const {
  const double count = routine == kNone ? 1 : compute(routine, task).as_double();
  return count >= 1 && count < 1e6 ? static_cast<std::uint32_t>(count) : 1;
}

void Core::open_gate(Task& task, plan::GateId id) {
  if (id >= plan.gates.size()) {
    advance(task);
    return;
  }
  const Gate& row = plan.gates[id];
  GateRun gate;
  gate.id = state.next_id++;
  gate.task = task.id;
  gate.gate = id;
  gate.text = text_of(row.text, &task);
  gate.opened = state.now;
  gate.deadline = later(state.now, duration_or(row.within, &task, kNever));
  gate.needed = count_or_one(row.needed, &task);
  plan::List items;
  for (const plan::GateItem& item : row.items) {
    GateItemRun run;
    run.text = text_of(item.text, &task);
    run.needed = count_or_one(item.needed, &task);
    if (item.check != kNone) run.next_check = state.now;
    items.push_back(Value::string(run.text));
    gate.items.push_back(std::move(run));
  }
  record(RecordKind::GateOpened,
         {{"gate", Value::string(gate.text)},
          {"kind", Value::string(std::string(plan::enum_name(row.kind)))},
          {"role", Value::string(row.role < plan.roles.size() ? plan.roles[row.role].name : std::string{})},
          {"members", list_of(members_of(row.role))},
          {"needed", Value::number(gate.needed)},
          {"deadline", gate.deadline == kNever ? Value{} : Value::instant(gate.deadline)},
          {"items", Value::list(std::move(items))}},
         row.spot);
  // People take their time: what `on rollback` asks of them comes after the state is reached, outside its budget.
  if (const auto going_back = rollback_with(task.id)) {
    RollbackRun& run = *state.rollouts[*going_back].rollback;
    const bool after = run.phase == RollbackPhase::HookAfter || (!run.spans.empty() && run.spans.back().hooked);
    if (after) run.task = 0;
  }
  task.wait = Wait::Gate;
  task.waits_for = gate.id;
  const std::uint64_t gate_id = gate.id;
  state.gates.emplace_hint(state.gates.end(), gate_id, std::move(gate));
  if (row.kind == GateKind::Checklist) complete_checklist(gate_id);
}

void Core::close_gate(std::uint64_t id, const std::string& how, const std::string& who) {
  const auto found = state.gates.find(id);
  if (found == state.gates.end()) return;
  const GateRun gate = std::move(found->second);
  state.gates.erase(found);
  for (const GateItemRun& item : gate.items) kill(item.task);
  record(RecordKind::GateClosed, {{"gate", Value::string(gate.text)}, {"how", Value::string(how)}},
         plan.gates[gate.gate].spot);
  std::erase_if(state.decided, [&](const DecidedGate& decided) { return decided.text == gate.text; });
  if (state.decided.size() >= kDecidedKept) state.decided.erase(state.decided.begin());
  state.decided.push_back({gate.text, who.empty() ? how : how + " by " + who});
}

// A refusal or a missed deadline: the gate's `else`, or a failure.
void Core::gate_failed(std::uint64_t id, const std::string& error, const std::string& how, const std::string& who) {
  const auto found = state.gates.find(id);
  if (found == state.gates.end()) return;
  const Gate& row = plan.gates[found->second.gate];
  const std::uint64_t task_id = found->second.task;
  close_gate(id, how, who);
  Task* task = find_task(task_id);
  if (!task) return;
  const Acting for_it(*this, rollout_of(*task));
  task->waits_for = 0;
  if (row.otherwise != kNone) {
    respond(*task, row.otherwise, Cause{error, {}, row.spot, state.now});
  } else {
    fail(*task, error);
  }
}

void Core::gate_limit_passed(std::uint64_t id) {
  const auto found = state.gates.find(id);
  if (found == state.gates.end()) return;
  const GateRun& gate = found->second;
  const Gate& row = plan.gates[gate.gate];
  const Nanoseconds limit = between(gate.opened, gate.deadline);
  const std::string who = row.role < plan.roles.size() ? " by " + plan.roles[row.role].name : std::string{};
  const char* what = row.kind == GateKind::Approve ? "approved" : row.kind == GateKind::Ask ? "answered" : "completed";
  gate_failed(id, fmt::format("\"{}\" was not {}{} within {}", gate.text, what, who, plan::duration_text(limit)),
              "deadline passed");
}

void Core::check_item(GateRun& gate, std::uint32_t index) {
  GateItemRun& item = gate.items[index];
  item.next_check = kNever;
  const Gate& row = plan.gates[gate.gate];
  if (index >= row.items.size() || row.items[index].check >= plan.blocks.size()) return;
  Task& check = new_task(TaskKind::ItemCheck, find_task(gate.task));
  check.subject = gate.id;
  check.item = index;
  item.task = check.id;
  enter(check, row.items[index].check);
}

void Core::item_checked(Task& task, std::optional<bool> passed, const std::string& error) {
  const auto found = state.gates.find(task.subject);
  if (found == state.gates.end() || task.item >= found->second.items.size()) return;
  GateItemRun& item = found->second.items[task.item];
  item.task = 0;
  if (passed.value_or(false)) {
    if (item.ticked) return;
    item.ticked = true;
    item.ticked_by = {"check"};
    record(RecordKind::GateAnswered, {{"gate", Value::string(found->second.text)},
                                      {"verb", Value::string("tick")},
                                      {"who", Value::string("check")},
                                      {"item", Value::string(item.text)}});
    complete_checklist(task.subject);
    return;
  }
  // Counted from the gate's opening: a runtime that was down asks again at the moments at which any would.
  const Nanoseconds opened = found->second.opened;
  item.next_check = later(opened, (between(opened, state.now) / kCheckAgain + 1) * kCheckAgain);
  if (item.last_error == error) return;
  item.last_error = error;
  record(RecordKind::CheckFailed, {{"check", Value::string(item.text)}, {"error", Value::string(error)}});
}

void Core::complete_checklist(std::uint64_t id) {
  const auto found = state.gates.find(id);
  if (found == state.gates.end() || !std::ranges::all_of(found->second.items, &GateItemRun::ticked)) return;
  Task* task = find_task(found->second.task);
  close_gate(id, "complete");
  if (task) advance(*task);
}

}  // namespace rollout::machine
