#include "sample_plan.hpp"

namespace rollout::plan {

namespace {

struct Rows {
  VariableId version, previous, output;
  MetricId p95, errors, health;
  BlockId health_check;
  ChannelId ops;
  ResponseId rollback, pause;
  StageId canary;
};

void add_declarations(PlanBuilder& build, Rows& rows) {
  build.file("sample.rollout", std::string(64, 'a'));
  build.at(build.spot({0, 3, 1, 3, 20, "param version"}));
  rows.version = build.variable("version", ValueKind::String);
  rows.previous = build.variable("previous", ValueKind::String);
  rows.output = build.variable("output", ValueKind::Map);
  build.add(Parameter{.name = "version",
                      .documentation = "What goes live.",
                      .variable = rows.version,
                      .kind = ValueKind::String,
                      .labels = {},
                      .default_value = build.string_routine("v2"),
                      .pattern = "^v[0-9]+$"});
  build.add(Secret{"token", SecretProvider::Environment, build.string_routine("TOKEN")});
  build.add(
      Role{"release_manager", build.constant_routine(Value::list({Value::string("dana"), Value::string("kim")}))});
  build.global(rows.previous, build.string_routine("v1"));
}

void add_metrics(PlanBuilder& build, Rows& rows) {
  rows.p95 = build.add(Metric{.name = "p95(\"contacts\")",
                              .declaration = "p95",
                              .arguments = {Value::string("contacts")},
                              .provider = MetricProvider::Prometheus,
                              .configuration = {{"query", build.string_routine("histogram_quantile(0.95, x)")}},
                              .kind = ValueKind::Duration,
                              .scale = 1e9,
                              .labels = {},
                              .label_values = {},
                              .every = build.duration_routine(15 * kSecond)});
  rows.errors = build.add(Metric{.name = "errors_5xx",
                                 .declaration = "errors_5xx",
                                 .arguments = {},
                                 .provider = MetricProvider::Prometheus,
                                 .configuration = {{"query", build.string_routine("errors / total")}},
                                 .kind = ValueKind::Ratio,
                                 .scale = 1,
                                 .labels = {},
                                 .label_values = {},
                                 .absent = build.constant(Value::ratio(0))});
  rows.health_check = build.begin_block(BlockKind::Check, "health_ok");
  build.block(rows.health_check).external = true;
  Effect get{.kind = EffectKind::Http,
             .effect_class = EffectClass::ReadOnly,
             .text = "http.get(...)",
             .arguments = {},
             .result = rows.output,
             .timeout = build.duration_routine(5 * kSecond)};
  get.arguments.push_back({"url", build.string_routine("https://example.com/health")});
  build.begin_routine("token");
  build.push(Op::Secret, 0);
  get.arguments.push_back({"bearer", build.end_routine(ValueKind::Secret)});
  build.emit(Op::Effect, build.add(get));
  build.begin_routine("output.status == 200");
  build.push(Op::Load, rows.output);
  build.push(Op::Field, build.constant(Value::string("status")));
  build.push_constant(Value::number(200));
  build.push(Op::Equal);
  build.emit(Op::Require, build.end_routine(ValueKind::Bool),
             build.string_routine("the health endpoint does not answer"));
  build.end_block();
  rows.health = build.add(Metric{.name = "health",
                                 .declaration = "health",
                                 .arguments = {},
                                 .provider = MetricProvider::Probe,
                                 .configuration = {},
                                 .kind = ValueKind::Ratio,
                                 .labels = {},
                                 .label_values = {},
                                 .over = build.duration_routine(5 * kMinute),
                                 .check = rows.health_check});
}

// A source of the language's own, with a past, and a channel whose answer is read back.
void add_source(PlanBuilder& build, const Rows& rows) {
  const VariableId kept = build.variable("sent"), copy = build.variable("sent");
  const BlockId acknowledged = build.begin_block(BlockKind::Source, "acknowledgement of slack.channel");
  build.emit(Op::Result, build.load_routine(copy));
  build.end_block();
  Channel& channel = build.plan().channels[rows.ops];
  channel.acknowledged = acknowledged;
  channel.kept = {kept};
  channel.copies = {copy};
  const BlockId now_block = build.begin_block(BlockKind::Source, "queue_length");
  build.emit(Op::Absent);
  build.end_block();
  const VariableId from = build.variable("from", ValueKind::Instant), to = build.variable("to", ValueKind::Instant);
  const VariableId step = build.variable("step", ValueKind::Duration);
  const BlockId past = build.begin_block(BlockKind::Source, "queue_length");
  build.emit(Op::Result, build.load_routine(from));
  build.end_block();
  build.add(Metric{.name = "queue",
                   .declaration = "queue",
                   .arguments = {},
                   .provider = MetricProvider::Source,
                   .configuration = {},
                   .kind = ValueKind::Number,
                   .labels = {},
                   .label_values = {},
                   .check = now_block,
                   .past = past,
                   .past_from = from,
                   .past_to = to,
                   .past_step = step});
}

void add_notifications(PlanBuilder& build, Rows& rows) {
  const BlockId send = build.begin_block(BlockKind::Channel, "slack.channel");
  build.begin_routine("[\"slack\", text]");
  build.push_constant(Value::string("slack"));
  build.push(Op::Context, static_cast<Id>(ContextValue::Text));
  build.push(Op::MakeList, 2);
  const RoutineId command = build.end_routine(ValueKind::List);
  build.emit(Op::Effect,
             build.add(Effect{
                 .kind = EffectKind::Process, .text = "run `slack ${text}`", .arguments = {{"command", command}}}));
  build.end_block();
  rows.ops = build.add(Channel{"ops", send, kNone, {}, {}});
  const BlockId steps = build.begin_block(BlockKind::Response);
  build.begin_routine("\"rolled back: ${reason}\"");
  build.push_constant(Value::string("rolled back: "));
  build.push(Op::Context, static_cast<Id>(ContextValue::Reason));
  build.push(Op::Concatenate, 2);
  const RoutineId text = build.end_routine(ValueKind::String);
  build.emit(Op::Notify, build.add(Notification{rows.ops, text, Severity::Warning}));
  build.end_block();
  rows.rollback =
      build.add(Response{.outcome = OutcomeKind::Rollback, .reason = build.string_routine("too slow"), .steps = steps});
  rows.pause = build.add(Response{.outcome = OutcomeKind::Pause});
}

BlockId add_action(PlanBuilder& build, const Rows& rows) {
  const BlockId action = build.begin_block(BlockKind::Action, "kubernetes.set_image");
  build.block(action).arguments = {{"image", build.load_routine(rows.version)}};
  build.block(action).captures = {rows.previous};
  build.emit(Op::Let, rows.previous, build.string_routine("v1"));
  build.emit(Op::Effect, build.add(Effect{.kind = EffectKind::Shell,
                                          .text = "shell(...)",
                                          .arguments = {{"script", build.string_routine("true")}}}));
  build.emit(Op::Result, build.load_routine(rows.previous));
  build.end_block();
  const BlockId undo = build.begin_block(BlockKind::Undo);
  build.emit(Op::UndoRest);
  build.end_block();
  build.block(action).undo = undo;
  return action;
}

void add_steps(PlanBuilder& build, const Rows& rows) {
  const BlockId action = add_action(build, rows);
  build.at(build.spot({0, 12, 5, 12, 30, "kubernetes.set_image(...)"}));
  build.emit(Op::Run, action);
  build.emit(Op::Traffic, build.ratio_routine(0.05));
  build.emit(Op::Hold, build.add(Hold{.least = build.duration_routine(15 * kMinute),
                                      .most = build.duration_routine(30 * kMinute),
                                      .until = {{build.comparison_routine(rows.errors, Op::Equal, Value::ratio(0)),
                                                 build.duration_routine(10 * kMinute),
                                                 {rows.errors},
                                                 "errors_5xx == 0% for 10m"}},
                                      .otherwise = rows.rollback,
                                      .text = "15m..30m until errors_5xx == 0% for 10m"}));
  const BlockId branches = build.begin_block(BlockKind::Branches);
  const BlockId branch = build.begin_block(BlockKind::Branch);
  build.end_block();
  build.emit(Op::Run, branch);
  build.emit(Op::Run, branch);
  build.end_block();
  build.emit(Op::Parallel, branches);
  const PlanBuilder::Label otherwise = build.new_label();
  const PlanBuilder::Label end = build.new_label();
  build.jump_unless(otherwise, build.comparison_routine(rows.health, Op::Greater, Value::ratio(0.999)));
  build.emit(Op::Gate, build.add(Gate{.kind = GateKind::Approve,
                                      .text = build.string_routine("Go / no-go"),
                                      .role = 0,
                                      .within = build.duration_routine(kHour),
                                      .otherwise = rows.pause,
                                      .items = {},
                                      .answers = {}}));
  build.jump(end);
  build.bind(otherwise);
  build.emit(Op::Outcome, rows.pause);
  build.bind(end);
}

void add_guards(PlanBuilder& build, Rows& rows, BlockId stage) {
  const Value limit = Value::duration(600 * kMillisecond);
  build.block(stage).guards.push_back(
      build.add(Guard{.condition = build.comparison_routine(rows.p95, Op::Greater, limit),
                      .for_duration = build.duration_routine(10 * kMinute),
                      .response = rows.rollback,
                      .threshold = build.constant_routine(limit),
                      .metrics = {rows.p95},
                      .text = "p95(\"contacts\") > 600ms for 10m"}));
  build.begin_routine("quantile(p95, 99%, 5m) > 20% above baseline(p95)");
  build.push(Op::Constant, build.constant(Value::duration(5 * kMinute)));
  build.push(Op::Window, rows.p95, static_cast<std::uint16_t>(Aggregate::Quantile), build.constant(Value::ratio(0.99)));
  build.push_constant(Value::ratio(0.2));
  build.push(Op::Baseline, rows.p95);
  build.push(Op::Above);
  build.push(Op::Greater);
  const RoutineId condition = build.end_routine(ValueKind::Bool);
  build.block(stage).guards.push_back(
      build.add(Guard{.condition = condition,
                      .of_m = 3,
                      .of_n = 5,
                      .response = rows.pause,
                      .metrics = {rows.p95},
                      .text = "quantile(p95, 99%, 5m) > 20% above baseline(p95) for 3 of 5 samples"}));
}

// A child that the rollout runs after its stage.
void add_child(PlanBuilder& build) {
  Rollout row;
  row.path = row.name = "cart";
  row.parent = 0;
  const RolloutId child = build.add(std::move(row));
  const BlockId block = build.begin_block(BlockKind::Rollout, "cart");
  build.block(block).rollout = child;
  build.rollout(child).block = block;
  const BlockId stage = build.begin_block(BlockKind::Stage, "only");
  build.add(Stage{"cart.only", "", stage, {}, child});
  Hold hold;
  hold.least = build.duration_routine(kMinute);
  build.emit(Op::Hold, build.add(std::move(hold)));
  build.end_block();
  build.emit(Op::Run, stage);
  build.end_block();
  build.emit(Op::Run, block);
}

// Questions about the series of a grouped metric, and a cadence that changes.
void add_series(PlanBuilder& build, Rows& rows, BlockId root, BlockId stage) {
  Metric up;
  up.name = up.declaration = "up";
  up.provider = MetricProvider::Prometheus;
  up.configuration = {{"query", build.string_routine("up")}};
  up.by = {"region", "instance"};
  const MetricId metric = build.add(std::move(up));
  const RoutineId down = build.comparison_routine(metric, Op::Equal, Value::number(0));
  build.begin_routine("any(up == 0) or count(up == 0) > 2");
  build.push(Op::AnySeries, down, 0, metric);
  for (const auto form : {SeriesCount::Known, SeriesCount::Least, SeriesCount::Most}) {
    build.push(Op::CountSeries, down, static_cast<std::uint16_t>(form), metric);
    build.push_constant(Value::number(2));
    build.push(Op::Greater);
  }
  build.push(Op::Agree);
  build.push(Op::Or);
  const RoutineId condition = build.end_routine(ValueKind::Bool);
  build.begin_routine();
  build.push(Op::WhichSeries, down, static_cast<std::uint16_t>(SeriesChoice::True), metric);
  build.push(Op::MakeList, 1);
  const RoutineId series = build.end_routine(ValueKind::List);
  build.block(stage).guards.push_back(build.add(Guard{.condition = condition,
                                                      .response = rows.rollback,
                                                      .series = series,
                                                      .metrics = {metric},
                                                      .text = "any(up == 0) or count(up == 0) > 2"}));
  build.block(root).sampling = {{build.duration_routine(kMinute), build.duration_routine(kHour)},
                                {build.duration_routine(5 * kMinute), kNone}};
}

}  // namespace

Plan sample_plan() {
  PlanBuilder build("0.1.0");
  Rows rows{};
  add_declarations(build, rows);
  add_metrics(build, rows);
  add_notifications(build, rows);
  const BlockId root = build.begin_block(BlockKind::Rollout, "sample");
  const BlockId stage = build.begin_block(BlockKind::Stage, "canary");
  rows.canary = build.add(
      Stage{"canary", "A small share first.", stage, {{2 * kHour, 4 * kHour, "Europe/Amsterdam", {0x1f}}}, 0});
  add_steps(build, rows);
  build.end_block();
  add_guards(build, rows, stage);
  build.emit(Op::Run, stage);
  add_child(build);
  build.end_block();
  add_series(build, rows, root, stage);
  build.rollout().name = "sample";
  build.rollout().owner = "Platform Engineering";
  build.rollout().block = root;
  build.rollout().rollback_within = build.duration_routine(2 * kMinute);
  build.rollout().freezes = {{1'800'000'000 * kSecond, 1'800'086'400 * kSecond, "holidays"}};
  const BlockId hook = build.begin_block(BlockKind::Hook, "rollback");
  build.end_block();
  build.rollout().hooks = {{HookKind::Rollback, hook}};
  build.rollout().settings = {{"NODE_ENV", build.string_routine("production"), "as the service wants it"}};
  add_source(build, rows);
  return build.finish();
}

}  // namespace rollout::plan
