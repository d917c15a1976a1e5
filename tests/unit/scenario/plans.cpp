#include "tests/unit/scenario/plans.hpp"

#include <catch2/catch.hpp>

namespace plans {

using plan::BlockKind;
using plan::Op;

namespace {

plan::EffectId process(plan::PlanBuilder& build, const std::string& command, Nanoseconds timeout = 0) {
  plan::List words;
  std::string word;
  for (const char c : command + " ") {
    if (c != ' ') {
      word += c;
      continue;
    }
    words.push_back(Value::string(word));
    word.clear();
  }
  plan::Effect effect;
  effect.kind = plan::EffectKind::Process;
  effect.effect_class = plan::EffectClass::Idempotent;
  effect.text = "run `" + command + "`";
  effect.arguments = {{"command", build.constant_routine(Value::list(words))}};
  if (timeout > 0) effect.timeout = build.duration_routine(timeout);
  return build.add(effect);
}

plan::MetricId ratio_metric(plan::PlanBuilder& build, const std::string& name) {
  plan::Metric metric;
  metric.name = metric.declaration = name;
  metric.provider = plan::MetricProvider::None;
  metric.kind = plan::ValueKind::Ratio;
  return build.add(metric);
}

plan::GuardId guard_above(plan::PlanBuilder& build, plan::MetricId metric, double limit, Nanoseconds held,
                          const std::string& text) {
  plan::Response rollback;
  rollback.outcome = plan::OutcomeKind::Rollback;
  plan::Guard guard;
  guard.condition = build.comparison_routine(metric, Op::Greater, Value::ratio(limit));
  guard.for_duration = build.duration_routine(held);
  guard.response = build.add(rollback);
  build.begin_routine("observed");
  build.push(Op::Metric, metric);
  guard.observed = build.end_routine(plan::ValueKind::Ratio);
  guard.threshold = build.ratio_routine(limit);
  guard.metrics = {metric};
  guard.text = text;
  return build.add(guard);
}

void emit_set_image(plan::PlanBuilder& build, const CanaryOptions& options) {
  const plan::BlockId action = build.begin_block(BlockKind::Action, "kubernetes.set_image");
  const plan::BlockId undo = build.begin_block(BlockKind::Undo, "undo");
  build.emit(Op::Effect, process(build, "kubectl set image app=old"));
  build.end_block();
  build.emit(Op::Effect, process(build, "kubectl set image app=new", options.timeout));
  build.end_block();
  build.block(action).undo = undo;
  build.block(action).effect_class = plan::EffectClass::Idempotent;
  build.block(action).retries = options.retries;
  build.block(action).arguments = {{"image", build.string_routine("new")}};
  build.emit(Op::Run, action);
}

void emit_hold(plan::PlanBuilder& build, Nanoseconds duration) {
  plan::Hold hold;
  hold.least = build.duration_routine(duration);
  hold.text = "hold " + plan::duration_text(duration);
  build.emit(Op::Hold, build.add(hold));
}

void emit_gate(plan::PlanBuilder& build) {
  plan::Response abort;
  abort.outcome = plan::OutcomeKind::Abort;
  plan::Gate gate;
  gate.kind = plan::GateKind::Approve;
  gate.text = build.string_routine("Go");
  gate.role = build.add(plan::Role{"release_manager",
                                   build.constant_routine(Value::list({Value::string("dana"), Value::string("kim")}))});
  gate.within = build.duration_routine(kHour);
  gate.otherwise = build.add(abort);
  build.emit(Op::Gate, build.add(gate));
}

void add_rollback_hook(plan::PlanBuilder& build) {
  const plan::ChannelId ops = build.add(plan::Channel{"ops", plan::kNone, plan::kNone, {}, {}});
  plan::Notification note;
  note.channel = ops;
  build.begin_routine("rolled back");
  build.push_constant(Value::string("rolled back: "));
  build.push(Op::Context, static_cast<plan::Id>(plan::ContextValue::Reason));
  build.push(Op::Concatenate, 2);
  note.text = build.end_routine(plan::ValueKind::String);
  const plan::BlockId hook = build.begin_block(BlockKind::Hook, "on rollback");
  build.emit(Op::Notify, build.add(note));
  build.end_block();
  build.rollout().hooks.push_back({plan::HookKind::Rollback, hook});
}

void emit_stages(plan::PlanBuilder& build, const CanaryOptions& options) {
  const plan::MetricId errors = ratio_metric(build, "errors");
  const plan::BlockId canary = build.begin_block(BlockKind::Stage, "canary");
  build.block(canary).guards.push_back(guard_above(build, errors, 0.05, 2 * kMinute, "errors > 5% for 2m"));
  for (std::size_t i = 0; i < options.more_guards; ++i) {
    const std::string name = "calm" + std::to_string(i);
    const plan::MetricId metric = ratio_metric(build, name);
    build.block(canary).guards.push_back(guard_above(build, metric, 0.9, 10 * kMinute, name + " > 90% for 10m"));
  }
  emit_set_image(build, options);
  build.emit(Op::Traffic, build.ratio_routine(0.05));
  emit_hold(build, options.hold);
  build.end_block();
  const plan::BlockId full = build.begin_block(BlockKind::Stage, "full");
  build.emit(Op::Traffic, build.ratio_routine(1));
  emit_hold(build, 10 * kMinute);
  build.end_block();
  plan::Stage row;
  row.name = "canary";
  row.block = canary;
  build.add(row);
  row.name = "full";
  row.block = full;
  build.add(row);
  build.emit(Op::Run, canary);
  build.emit(Op::Run, full);
}

}  // namespace

std::shared_ptr<const plan::VerifiedPlan> canary(const CanaryOptions& options) {
  plan::PlanBuilder build;
  build.rollout().name = "demo";
  const plan::BlockId traffic = build.begin_block(BlockKind::Traffic, "router.split");
  build.emit(Op::Effect, process(build, "router split"));
  build.end_block();
  build.block(traffic).effect_class = plan::EffectClass::Idempotent;
  build.rollout().traffic_via = traffic;
  add_rollback_hook(build);
  const plan::BlockId whole = build.begin_block(BlockKind::Rollout, "demo");
  if (options.gate) emit_gate(build);
  emit_stages(build, options);
  build.end_block();
  build.rollout().block = whole;
  if (options.window) build.rollout().windows.push_back({2 * kHour, 4 * kHour, "UTC", {}});
  auto verified = plan::verify(build.finish());
  if (!verified) FAIL(verified.error().message);
  return *verified;
}

scenario::Point at(Nanoseconds offset) {
  return {scenario::Point::Base::Start, {}, 1, offset};
}
scenario::Point at(std::string stage, Nanoseconds offset) {
  return {scenario::Point::Base::StageEntry, std::move(stage), 1, offset};
}
scenario::Point end_of(std::string stage, Nanoseconds offset) {
  return {scenario::Point::Base::StageEnd, std::move(stage), 1, offset};
}

scenario::Signal signal(std::string metric, Value value) {
  scenario::Signal made;
  made.metric = std::move(metric);
  made.value.kind = scenario::SignalValue::Kind::Constant;
  made.value.first = std::move(value);
  return made;
}

scenario::Signal missing(std::string metric) {
  scenario::Signal made;
  made.metric = std::move(metric);
  made.value.kind = scenario::SignalValue::Kind::Missing;
  return made;
}

scenario::WorldRule command(std::string glob, scenario::WorldRule::Answer answer) {
  scenario::WorldRule rule;
  rule.command = std::move(glob);
  rule.answer = answer;
  return rule;
}

scenario::Expectation expect(scenario::ExpectKind kind) {
  scenario::Expectation made;
  made.kind = kind;
  return made;
}

scenario::Expectation expect_end(scenario::ExpectedEnd end, std::string during) {
  scenario::Expectation made = expect(scenario::ExpectKind::End);
  made.end = end;
  made.stage = std::move(during);
  made.source = "expect the end";
  return made;
}

scenario::Scenario healthy(std::string name) {
  scenario::Scenario made;
  made.name = std::move(name);
  made.rollout = "demo";
  made.signals.push_back(signal("errors", Value::ratio(0)));
  scenario::Person everybody;
  everybody.kind = scenario::PersonKind::ApproveAll;
  made.people.push_back(everybody);
  return made;
}

std::string failures(const scenario::Result& result) {
  std::string text;
  for (const auto& failure : result.failures) text += failure.expectation + ": " + failure.observed + "\n";
  return text;
}

std::optional<Nanoseconds> first(const scenario::Result& result, machine::RecordKind kind) {
  for (const auto& record : result.trace) {
    if (record.kind == kind) return record.at - result.start.value_or(result.created);
  }
  return std::nullopt;
}

}  // namespace plans
