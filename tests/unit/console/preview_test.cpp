#include "runtime/console/preview.hpp"

#include <catch2/catch.hpp>

#include "runtime/plan/builder.hpp"
#include "tests/unit/console/golden.hpp"

using namespace rollout;
using plan::BlockKind;
using plan::kHour;
using plan::kMinute;
using plan::Op;
using plan::PlanBuilder;
using plan::Value;

namespace {

plan::EffectId process(PlanBuilder& build, plan::List words, const std::string& text,
                       plan::EffectClass effect_class = plan::EffectClass::Idempotent) {
  plan::Effect effect;
  effect.effect_class = effect_class;
  effect.text = text;
  effect.arguments = {{"command", build.constant_routine(Value::list(std::move(words)))}};
  return build.add(effect);
}

plan::ResponseId respond(PlanBuilder& build, plan::OutcomeKind outcome) {
  plan::Response response;
  response.outcome = outcome;
  return build.add(response);
}

plan::GuardId guard(PlanBuilder& build, plan::MetricId metric, const std::string& text) {
  plan::Guard row;
  row.condition = build.comparison_routine(metric, Op::Greater, Value::ratio(0.05));
  row.for_duration = build.duration_routine(2 * kMinute);
  row.response = respond(build, plan::OutcomeKind::Rollback);
  row.metrics = {metric};
  row.text = text;
  return build.add(row);
}

plan::BlockId action(PlanBuilder& build) {
  const plan::BlockId block = build.begin_block(BlockKind::Action, "kubernetes.set_image");
  const plan::BlockId undo = build.begin_block(BlockKind::Undo, "undo");
  build.emit(
      Op::Effect,
      process(build, {Value::string("kubectl"), Value::string("set"), Value::string("image"), Value::string("app=old")},
              "run `kubectl set image app=old`"));
  build.end_block();
  build.emit(
      Op::Effect,
      process(build, {Value::string("kubectl"), Value::string("set"), Value::string("image"), Value::string("app=new")},
              "run `kubectl set image app=new`"));
  build.end_block();
  build.block(block).undo = undo;
  build.block(block).effect_class = plan::EffectClass::Idempotent;
  build.block(block).arguments = {{"image", build.string_routine("app:new")}};
  return block;
}

void gate(PlanBuilder& build) {
  plan::Gate row;
  row.kind = plan::GateKind::Approve;
  row.text = build.string_routine("Go / no-go");
  row.role = build.add(plan::Role{"release_manager",
                                  build.constant_routine(Value::list({Value::string("dana"), Value::string("kim")}))});
  row.within = build.duration_routine(kHour);
  row.otherwise = respond(build, plan::OutcomeKind::Abort);
  build.emit(Op::Gate, build.add(row));
}

void hold(PlanBuilder& build, plan::Nanoseconds least, plan::Nanoseconds most, const std::string& text) {
  plan::Hold row;
  row.least = build.duration_routine(least);
  if (most > 0) row.most = build.duration_routine(most);
  row.text = text;
  build.emit(Op::Hold, build.add(row));
}

plan::StageId stage(PlanBuilder& build, const std::string& name, plan::BlockId block) {
  plan::Stage row;
  row.name = name;
  row.block = block;
  return build.add(row);
}

void inputs(PlanBuilder& build) {
  plan::Parameter version;
  version.name = "version";
  version.variable = build.variable("version", plan::ValueKind::String);
  version.default_value = build.string_routine("v1");
  build.add(version);
  plan::Parameter region;
  region.name = "region";
  region.variable = build.variable("region", plan::ValueKind::String);
  build.add(region);
  build.add(plan::Secret{"token", plan::SecretProvider::Environment, build.string_routine("TOKEN")});
}

std::shared_ptr<const plan::VerifiedPlan> portal() {
  PlanBuilder build;
  build.rollout().name = "portal_api";
  build.rollout().owner = "Platform Engineering";
  build.rollout().description = "Canary of the portal's interface";
  build.rollout().exclusive = "production/portal-api";
  build.rollout().windows.push_back({2 * kHour, 4 * kHour, "UTC", plan::Weekdays{0x1f}});
  build.rollout().rollback_within = build.duration_routine(2 * kMinute);
  inputs(build);
  plan::Metric row;
  row.name = row.declaration = "errors";
  row.provider = plan::MetricProvider::None;
  row.kind = plan::ValueKind::Ratio;
  const plan::MetricId errors = build.add(row);
  const plan::BlockId traffic = build.begin_block(BlockKind::Traffic, "router.split");
  build.emit(Op::Effect, process(build, {Value::string("router")}, "run `router`"));
  build.end_block();
  build.rollout().traffic_via = traffic;

  const plan::BlockId whole = build.begin_block(BlockKind::Rollout, "portal_api");
  build.block(whole).guards.push_back(guard(build, errors, "errors > 1% for 10m"));
  gate(build);
  const plan::BlockId canary = build.begin_block(BlockKind::Stage, "canary");
  build.block(canary).guards.push_back(guard(build, errors, "errors > 5% for 2m"));
  build.emit(Op::Run, action(build));
  build.emit(Op::Traffic, build.ratio_routine(0.05));
  hold(build, 15 * kMinute, 30 * kMinute, "hold 15m..30m until errors == 0%");
  build.end_block();
  const plan::BlockId full = build.begin_block(BlockKind::Stage, "full");
  build.emit(Op::Traffic, build.ratio_routine(1));
  hold(build, 15 * kMinute, 0, "hold 15m");
  build.emit(Op::Effect, process(build, {Value::string("kubectl"), Value::string("delete"), Value::string("canary")},
                                 "irreversible run `kubectl delete canary`", plan::EffectClass::Irreversible));
  build.end_block();
  stage(build, "canary", canary);
  stage(build, "full", full);
  build.emit(Op::Run, canary);
  build.emit(Op::Run, full);
  build.end_block();
  build.rollout().block = whole;
  auto verified = plan::verify(build.finish());
  if (!verified) FAIL(verified.error().message);
  return *verified;
}

}  // namespace

TEST_CASE("what a plan will do", "[console]") {
  const auto plan = portal();
  check_golden("preview.txt", console::preview(*plan, {{"region", Value::string("eu\x1b[31m")}}, {100, false}));
  check_golden("preview_narrow.txt", console::preview(*plan, {}, {60, false}));
}

TEST_CASE("times of a plan add up", "[console]") {
  const auto plan = portal();
  const console::Outline outline = console::outline_of(*plan, {});
  REQUIRE(outline.stages.size() == 3);
  CHECK(outline.stages[1].name == "canary");
  CHECK(outline.stages[1].takes.least == 15 * kMinute);
  CHECK(outline.stages[1].takes.most == 32 * kMinute);  // two commands of at most a minute each
  CHECK(outline.takes.least == 30 * kMinute);
  CHECK(outline.takes.most == kHour + 32 * kMinute + 17 * kMinute);
  CHECK(outline.no_return_stage == "full");
  CHECK(outline.undos.size() == 1);
  CHECK(console::range_text({0, std::nullopt}) == "no limit");
  CHECK(console::range_text({kMinute, std::nullopt}) == "at least 1m");
  CHECK(console::range_text({kMinute, kMinute}) == "1m");
}

TEST_CASE("a block's own undo stands in the place of those inside it", "[console]") {
  const bool with_rest = GENERATE(false, true);
  const auto kind = GENERATE(BlockKind::Within, BlockKind::Stage);
  PlanBuilder build;
  const plan::BlockId whole = build.begin_block(BlockKind::Rollout, "demo");
  build.emit(Op::Run, action(build));
  const plan::BlockId outer = build.begin_block(kind, "outer");
  const plan::BlockId undo = build.begin_block(BlockKind::Undo, "undo");
  build.emit(Op::Effect, process(build, {Value::string("restore"), Value::string("all")}, "run `restore all`"));
  if (with_rest) build.emit(Op::UndoRest);
  build.end_block();
  build.emit(Op::Run, action(build));
  build.end_block();
  build.block(outer).undo = undo;
  if (kind == BlockKind::Stage) stage(build, "outer", outer);
  build.emit(Op::Run, outer);
  build.end_block();
  build.rollout().block = whole;
  const auto verified = plan::verify(build.finish());
  if (!verified) FAIL(verified.error().message);
  const console::Outline outline = console::outline_of(**verified, {});
  REQUIRE(outline.undos.size() == (with_rest ? 3 : 2));
  CHECK(outline.undos[0].what == (kind == BlockKind::Stage ? "stage outer" : "outer"));
  CHECK(outline.undos[0].how == std::vector<std::string>{"restore all"});
  CHECK(outline.undos[1].what.starts_with("kubernetes.set_image"));
}
