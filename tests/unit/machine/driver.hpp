#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/machine.hpp"
#include "runtime/plan/builder.hpp"
#include "runtime/plan/verify.hpp"

// A tiny virtual world for the machine: time is a number, metrics are functions of the slot, effects succeed at once
// unless a test says otherwise.

namespace rollout::machine::test {

using plan::kHour;
using plan::kMinute;
using plan::kNone;
using plan::kSecond;
using plan::Op;
using plan::PlanBuilder;
using plan::ValueKind;

inline constexpr Nanoseconds kStart = 1'800'000'000 * kSecond;

// How the world answers a StartEffect; nothing: it hangs.
struct Answer {
  EffectStatus status = EffectStatus::Succeeded;
  Nanoseconds after = 0;
  Value result = {};
  std::string error = {};
};

class Driver {
 public:
  explicit Driver(std::shared_ptr<const plan::VerifiedPlan> plan,
                  const RunOptions& options = {.run_id = "r1", .parameters = {}})
      : plan_(std::move(plan)), machine_(make(plan_, options)) {
    push(kStart, Wake{});
  }
  explicit Driver(plan::Plan plan) : Driver(verified(std::move(plan))) {}

  static std::shared_ptr<const plan::VerifiedPlan> verified(plan::Plan plan) {
    auto result = plan::verify(std::move(plan));
    INFO(result.error().message);
    REQUIRE(result);
    return *result;
  }

  // -- the world
  std::map<plan::MetricId, std::function<Reading(Nanoseconds slot)>> metrics;
  std::function<std::optional<Answer>(const StartEffect&)> effects;
  Nanoseconds poll_latency = 0;
  bool sources_answer = true;
  // False: what is cancelled goes on until a test says how it ended.
  bool cancels_answer = true;
  // After every event the machine is replaced by one that was restored from its snapshot.
  bool restore_always = false;

  void metric(plan::MetricId id, std::function<Value(Nanoseconds since_start)> value) {
    metrics[id] = [id, value = std::move(value)](Nanoseconds slot) {
      Reading reading;
      reading.metric = id;
      reading.value = value(slot - kStart);
      reading.status = reading.value.is_missing() ? ReadingStatus::NoData : ReadingStatus::Value;
      return reading;
    };
  }
  void say(Nanoseconds after_start, PersonSaid said) { push(kStart + after_start, std::move(said)); }
  void at(Nanoseconds after_start, Event event) { push(kStart + after_start, std::move(event)); }
  void finish_effect(std::uint64_t effect, EffectStatus status, Value result = {}) {
    push(now_, EffectDone{effect, status, std::move(result), {}});
  }

  // -- time
  void run_until(Nanoseconds after_start) {
    const Nanoseconds end = kStart + after_start;
    for (int turn = 0; turn < 200'000; ++turn) {
      const std::optional<Nanoseconds> wake = machine_->next_wakeup();
      const bool has_event = !queue_.empty();
      const Nanoseconds event_at = has_event ? queue_.begin()->first.first : 0;
      if (has_event && (!wake || !started_ || event_at <= *wake)) {
        if (event_at > end) break;
        Event event = std::move(queue_.begin()->second);
        queue_.erase(queue_.begin());
        started_ = true;
        apply(event, event_at);
      } else if (wake && *wake <= end) {
        apply(Wake{}, *wake);
      } else {
        break;
      }
      REQUIRE(turn < 199'999);
    }
    now_ = end;
  }

  // The runtime dies now, losing what was under way outside, and comes back later with its stored state.
  void crash(Nanoseconds down_for) {
    const std::string stored = machine_->snapshot();
    std::erase_if(queue_, [](const auto& entry) { return !std::holds_alternative<PersonSaid>(entry.second); });
    auto restored = Machine::restore(plan_, stored);
    INFO(restored.error().message);
    REQUIRE(restored);
    machine_.emplace(std::move(*restored));
    now_ += down_for;
    in_past_ = now_;
    apply(Restarted{}, now_);
  }

  // The runtime goes on with another stored state than the one that it wrote.
  void replace_state(const std::string& stored) {
    auto restored = Machine::restore(plan_, stored);
    INFO(restored.error().message);
    REQUIRE(restored);
    machine_.emplace(std::move(*restored));
  }
  const std::shared_ptr<const plan::VerifiedPlan>& plan() const { return plan_; }

  // -- what happened
  Machine& machine() { return *machine_; }
  RunState state() const { return machine_->state(); }
  Nanoseconds now() const { return now_ - kStart; }
  std::vector<Record> records;
  std::vector<StartEffect> started;
  std::vector<std::uint64_t> cancelled;
  std::vector<Poll> polls;

  std::vector<const Record*> all(RecordKind kind) const {
    std::vector<const Record*> found;
    for (const Record& record : records) {
      if (record.kind == kind) found.push_back(&record);
    }
    return found;
  }
  std::size_t count(RecordKind kind) const { return all(kind).size(); }
  const Record* first(RecordKind kind) const {
    const auto found = all(kind);
    return found.empty() ? nullptr : found.front();
  }
  static std::string text(const Record* record, std::string_view field) {
    const Value* value = record ? record->find(field) : nullptr;
    return value ? plan::to_text(*value) : "(none)";
  }
  // Slot of a record as a time since the start.
  static Nanoseconds slot(const Record* record) {
    const Value* value = record ? record->find("slot") : nullptr;
    return value ? value->as_integer() - kStart : -1;
  }
  std::vector<std::string> callables() const {
    std::vector<std::string> names;
    names.reserve(started.size());
    for (const StartEffect& request : started) names.push_back(request.callable);
    return names;
  }
  // The journal as text, one line a record.
  std::string journal() const {
    std::string text;
    for (const Record& record : records) {
      text += plan::duration_text(record.at - kStart) + " " + std::string(record_name(record.kind));
      for (const auto& [name, value] : record.fields) text += " " + name + "=" + plan::to_text(value);
      text += "\n";
    }
    return text;
  }
  std::string journal_from(std::size_t index) const {
    Driver const* self = this;
    std::string text;
    for (std::size_t at = index; at < self->records.size(); ++at) {
      text += std::string(record_name(self->records[at].kind)) + "\n";
    }
    return text;
  }

 private:
  static Machine make(const std::shared_ptr<const plan::VerifiedPlan>& plan, const RunOptions& options) {
    auto machine = Machine::create(plan, options, kStart);
    INFO(machine.error().message);
    REQUIRE(machine);
    return std::move(*machine);
  }

  void push(Nanoseconds at, Event event) { queue_.emplace(std::pair(at, sequence_++), std::move(event)); }

  void apply(const Event& event, Nanoseconds at) {
    now_ = std::max(now_, at);
    Reaction reaction = machine_->apply(event, at);
    for (Record& record : reaction.records) records.push_back(std::move(record));
    for (const Request& request : reaction.requests) carry_out(request);
    if (!restore_always) return;
    const std::string stored = machine_->snapshot();
    auto restored = Machine::restore(plan_, stored);
    INFO(restored.error().message);
    REQUIRE(restored);
    REQUIRE(restored->snapshot() == stored);
    machine_.emplace(std::move(*restored));
  }

  void carry_out(const Request& request) {
    if (const auto* start = std::get_if<StartEffect>(&request)) {
      started.push_back(*start);
      const std::optional<Answer> answer = effects ? effects(*start) : Answer{};
      if (answer) push(now_ + answer->after, EffectDone{start->effect, answer->status, answer->result, answer->error});
    } else if (const auto* cancel = std::get_if<CancelEffect>(&request)) {
      cancelled.push_back(cancel->effect);
      if (!cancels_answer) return;
      std::erase_if(queue_, [&](const auto& entry) {
        const auto* done = std::get_if<EffectDone>(&entry.second);
        return done && done->effect == cancel->effect;
      });
      push(now_, EffectDone{cancel->effect, EffectStatus::Cancelled, {}, {}});
    } else if (const auto* poll = std::get_if<Poll>(&request)) {
      polls.push_back(*poll);
      if (!sources_answer) return;
      Samples samples{poll->slot, {}};
      for (const plan::MetricId metric : poll->metrics) {
        const auto source = metrics.find(metric);
        if (source == metrics.end()) {
          samples.readings.push_back({metric, ReadingStatus::NoData, {}, {}, {}});
        } else {
          samples.readings.push_back(source->second(poll->slot));
        }
      }
      push(now_ + poll_latency, std::move(samples));
    }
  }

  std::shared_ptr<const plan::VerifiedPlan> plan_;
  std::optional<Machine> machine_;
  std::map<std::pair<Nanoseconds, std::uint64_t>, Event> queue_;
  std::uint64_t sequence_ = 0;
  Nanoseconds now_ = kStart, in_past_ = 0;
  bool started_ = false;
};

// A plan under construction with what most tests need: a rollout, metrics, effects by name.
struct TestPlan {
  PlanBuilder build;
  plan::BlockId rollout = kNone;
  plan::RolloutId current = 0;  // whose stages, hooks and traffic are added

  explicit TestPlan(const std::string& name = "demo") {
    rollout = build.begin_block(plan::BlockKind::Rollout, name);
    build.rollout().name = name;
    build.rollout().block = rollout;
  }
  plan::Plan finish() {
    build.end_block();
    return build.finish();
  }
  Driver drive() { return Driver(finish()); }

  plan::MetricId metric(const std::string& name, ValueKind kind = ValueKind::Bool, Nanoseconds every = kMinute) {
    plan::Metric row;
    row.name = row.declaration = name;
    row.provider = plan::MetricProvider::None;
    row.kind = kind;
    row.every = build.duration_routine(every);
    return build.add(std::move(row));
  }
  // `metric == true`
  plan::RoutineId is_true(plan::MetricId metric, const std::string& text = "bad") {
    build.begin_routine(text);
    build.push(Op::Metric, metric);
    return build.end_routine(ValueKind::Bool);
  }
  plan::ResponseId response(plan::OutcomeKind outcome, const std::string& reason = {}) {
    plan::Response row;
    row.outcome = outcome;
    if (!reason.empty()) row.reason = build.string_routine(reason);
    return build.add(row);
  }
  // A guard `when METRIC for D then RESPONSE`.
  plan::GuardId guard(plan::MetricId metric, Nanoseconds needed, plan::ResponseId response, const std::string& text) {
    plan::Guard row;
    row.condition = is_true(metric, text);
    if (needed > 0) row.for_duration = build.duration_routine(needed);
    row.response = response;
    row.metrics = {metric};
    row.text = text;
    return build.add(std::move(row));
  }
  plan::EffectId run(const std::string& command, plan::EffectClass effect_class = plan::EffectClass::Opaque) {
    plan::Effect row;
    row.kind = plan::EffectKind::Process;
    row.effect_class = effect_class;
    row.text = command;
    row.arguments.push_back({"command", build.constant_routine(Value::list({Value::string(command)}))});
    return build.add(std::move(row));
  }
  // Emits `run COMMAND` as its own step block, with an undo that runs `UNDO` where given.
  plan::BlockId step(const std::string& command, const std::string& undo = {},
                     plan::EffectClass effect_class = plan::EffectClass::Opaque) {
    const plan::BlockId back = undo.empty() ? kNone : command_block(plan::BlockKind::Undo, undo, undo);
    const plan::BlockId block = command_block(plan::BlockKind::Step, command, command, effect_class);
    build.block(block).undo = back;
    build.block(block).effect_class = effect_class;
    build.emit(Op::Run, block);
    return block;
  }
  // A block that runs one command; what refers to it says when.
  plan::BlockId command_block(plan::BlockKind kind, const std::string& name, const std::string& command,
                              plan::EffectClass effect_class = plan::EffectClass::Opaque) {
    const plan::BlockId block = build.begin_block(kind, name);
    build.emit(Op::Effect, run(command, effect_class));
    build.end_block();
    return block;
  }
  // A branch of that name for each, side by side.
  plan::BlockId parallel(const std::vector<std::string>& names,
                         const std::function<void(const std::string& name)>& branch) {
    const plan::BlockId branches = build.begin_block(plan::BlockKind::Branches, "parallel");
    for (const std::string& name : names) {
      const plan::BlockId block = build.begin_block(plan::BlockKind::Branch, name);
      branch(name);
      build.end_block();
      build.emit(Op::Run, block);
    }
    build.end_block();
    build.emit(Op::Parallel, branches);
    return branches;
  }
  void hold(Nanoseconds least) {
    plan::Hold row;
    row.least = build.duration_routine(least);
    row.text = "hold " + plan::duration_text(least);
    build.emit(Op::Hold, build.add(std::move(row)));
  }
  // A child rollout; what is added until its end is the child's.
  plan::RolloutId begin_child(const std::string& path) {
    plan::Rollout row;
    row.path = row.name = path;
    row.parent = current;
    const plan::RolloutId id = build.add(std::move(row));
    const plan::BlockId block = build.begin_block(plan::BlockKind::Rollout, path);
    build.block(block).rollout = id;
    build.rollout(id).block = block;
    current = id;
    return id;
  }
  plan::BlockId end_child() {
    const plan::BlockId block = build.end_block();
    current = build.rollout(current).parent;
    build.emit(Op::Run, block);
    return block;
  }
  plan::BlockId begin_stage(const std::string& name) { return build.begin_block(plan::BlockKind::Stage, name); }
  plan::StageId end_stage() {
    const plan::BlockId block = build.end_block();
    plan::Stage row;
    row.name = build.block(block).name;
    row.block = block;
    row.rollout = current;
    const plan::StageId id = build.add(std::move(row));
    build.emit(Op::Run, block);
    return id;
  }
  // A stage under these guards that does nothing but hold.
  plan::StageId holding_stage(const std::string& name, std::vector<plan::GuardId> guards, Nanoseconds least) {
    const plan::BlockId stage = begin_stage(name);
    build.block(stage).guards = std::move(guards);
    hold(least);
    return end_stage();
  }
  // A metric that says whether a command succeeds, asked by the machine itself.
  plan::MetricId check_metric(const std::string& name, const std::string& command) {
    const plan::MetricId id = metric(name, ValueKind::Bool);
    const plan::BlockId block = command_block(plan::BlockKind::Check, name, command, plan::EffectClass::ReadOnly);
    build.plan().metrics[id].provider = plan::MetricProvider::Check;
    build.plan().metrics[id].check = block;
    return id;
  }
  plan::RoleId role(const std::string& name, const std::vector<std::string>& members) {
    plan::List list;
    for (const std::string& member : members) list.push_back(Value::string(member));
    return build.add(plan::Role{name, build.constant_routine(Value::list(std::move(list)))});
  }
  void traffic(double share) { build.emit(Op::Traffic, build.ratio_routine(share)); }
  // `traffic via` a command that gets the share.
  void traffic_via() {
    build.begin_routine("share");
    build.push(Op::Context, static_cast<plan::Id>(plan::ContextValue::Share));
    const plan::RoutineId share = build.end_routine(ValueKind::Any);
    plan::Effect row;
    row.kind = plan::EffectKind::Http;
    row.effect_class = plan::EffectClass::Idempotent;
    row.text = "set weight";
    row.arguments.push_back({"url", build.string_routine("weight")});
    row.arguments.push_back({"json", share});
    const plan::BlockId block = build.begin_block(plan::BlockKind::Traffic, "traffic");
    build.emit(Op::Effect, build.add(std::move(row)));
    build.end_block();
    build.rollout(current).traffic_via = block;
  }
  plan::BlockId hook(plan::HookKind kind, const std::string& command) {
    const plan::BlockId block = command_block(plan::BlockKind::Hook, "hook", command);
    build.rollout(current).hooks.push_back({kind, block});
    return block;
  }
};

}  // namespace rollout::machine::test
