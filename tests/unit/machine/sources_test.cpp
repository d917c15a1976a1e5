#include "driver.hpp"

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::BlockKind;
using rollout::plan::EffectClass;
using rollout::plan::MetricProvider;
using rollout::plan::OutcomeKind;

// Metrics from sources written in the language, and channels that read an answer back.

namespace {

using Texts = std::vector<std::string>;

// A stage of an hour under `queue > 100 for 3m`, the queue's length coming from a source that runs `ask` for now and,
// where it has a past, `ask past`.
struct Measured {
  TestPlan plan;
  rollout::plan::MetricId queue;
  rollout::plan::VariableId answer;

  explicit Measured(bool past, ValueKind kind = ValueKind::Number, double scale = 1) {
    queue = plan.metric("queue", kind);
    answer = plan.build.variable("answer", ValueKind::Any);
    const auto now_block = source("ask", answer);
    rollout::plan::Metric& row = plan.build.plan().metrics[queue];
    row.provider = MetricProvider::Source;
    row.scale = scale;
    row.check = now_block;
    if (past) add_past();
    watch(kind);
  }

  rollout::plan::BlockId source(const std::string& command, rollout::plan::VariableId variable) {
    const auto block = plan.build.begin_block(BlockKind::Source, "queue_length");
    const auto effect = plan.run(command, EffectClass::ReadOnly);
    plan.build.plan().effects[effect].result = variable;
    plan.build.emit(Op::Effect, effect);
    plan.build.begin_routine("answer");
    plan.build.push(Op::Load, variable);
    plan.build.emit(Op::Result, plan.build.end_routine(ValueKind::Any));
    plan.build.end_block();
    return block;
  }

  void add_past() {
    const auto past_answer = plan.build.variable("past_answer", ValueKind::Any);
    const auto from = plan.build.variable("from", ValueKind::Instant);
    const auto to = plan.build.variable("to", ValueKind::Instant);
    const auto step = plan.build.variable("step", ValueKind::Duration);
    const auto block = source("ask past", past_answer);
    auto& effect = plan.build.plan().effects.back();
    const std::pair<const char*, rollout::plan::VariableId> told[] = {{"from", from}, {"to", to}, {"step", step}};
    for (const auto& [name, variable] : told) {
      plan.build.begin_routine(name);
      plan.build.push(Op::Load, variable);
      effect.arguments.push_back({name, plan.build.end_routine(ValueKind::Any)});
    }
    rollout::plan::Metric& row = plan.build.plan().metrics[queue];
    row.past = block;
    row.past_from = from;
    row.past_to = to;
    row.past_step = step;
  }

  void watch(ValueKind kind) {
    rollout::plan::Guard row;
    row.condition = plan.build.comparison_routine(queue, Op::Greater, rollout::plan::quantity(kind, 100));
    row.for_duration = plan.build.duration_routine(3 * kMinute);
    row.response = plan.response(OutcomeKind::Rollback);
    row.metrics = {queue};
    row.text = "queue > 100 for 3m";
    const auto guard = plan.build.add(std::move(row));
    plan.holding_stage("one", {guard}, kHour);
  }
};

Value argument(const StartEffect& request, std::string_view name) {
  for (const auto& [key, value] : request.arguments) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("a source is asked at each slot and what it returns is the sample") {
  Measured measured(false);
  Driver driver = measured.plan.drive();
  driver.restore_always = true;
  driver.effects = [&](const StartEffect& request) {
    CHECK(request.effect_class == EffectClass::ReadOnly);
    // `every` of the metric is the limit of its calls.
    CHECK(request.timeout <= kMinute);
    return Answer{.after = kSecond, .result = Value::number(driver.now() >= 10 * kMinute ? 200 : 5)};
  };
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::RolledBack);
  CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 13 * kMinute);
  // Polls leave no trace but the transitions of guards.
  CHECK(driver.count(RecordKind::Intent) == 0);
  CHECK(driver.polls.empty());
}

TEST_CASE("a number that a source returns counts in the metric's unit") {
  Measured measured(false, ValueKind::Size, 1 << 20);
  Driver driver = measured.plan.drive();
  driver.effects = [](const StartEffect&) { return Answer{.result = Value::number(1)}; };
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  // 1 MiB is more than 100 bytes.
  CHECK(driver.state() == RunState::RolledBack);
}

TEST_CASE("a source that fails, hangs or returns what is no sample is unknown, with the reason") {
  struct Case {
    Answer answer;
    bool hangs;
    std::string why;
  };
  const auto one =
      GENERATE(Case{{.status = EffectStatus::Failed, .result = {}, .error = "exit status 1"}, false, "exit status 1"},
               Case{{.result = Value::string("many")}, false, "the source returned \"many\", which is not a number"},
               Case{{.result = Value{}}, false, "the source returned nothing"}, Case{{}, true, "no answer in time"});
  Measured measured(false);
  Driver driver = measured.plan.drive();
  driver.effects = [&](const StartEffect&) { return one.hangs ? std::nullopt : std::optional(one.answer); };
  driver.run_until(kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.count(RecordKind::GuardBlind) == 1);
  CHECK_THAT(Driver::text(driver.first(RecordKind::GuardUnknown), "why"), Catch::Contains(one.why));
  // A poll that has taken its time is cancelled, so that the next one can begin.
  CHECK(driver.cancelled.empty() != one.hangs);
}

TEST_CASE("a source may say that there is no data") {
  Measured measured(false);
  const bool zero = GENERATE(false, true);
  TestPlan& plan = measured.plan;
  const auto block = plan.build.begin_block(BlockKind::Source, "queue_length");
  plan.build.emit(Op::Absent);
  plan.build.end_block();
  plan.build.plan().metrics[measured.queue].check = block;
  if (zero) plan.build.plan().metrics[measured.queue].absent = plan.build.constant(Value::number(0));
  Driver driver = plan.drive();
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == (zero ? RunState::Succeeded : RunState::Paused));
  if (!zero) CHECK(Driver::text(driver.first(RecordKind::GuardUnknown), "why") == "the source has no data");
}

TEST_CASE("a source with a past is asked once for all missed slots, and the verdict is that of a run that was up") {
  const bool past = GENERATE(true, false);
  Measured measured(past);
  Driver driver = measured.plan.drive();
  const auto length_at = [](Nanoseconds since_start) { return Value::number(since_start >= 10 * kMinute ? 200 : 5); };
  driver.effects = [&](const StartEffect& request) {
    if (request.callable == "ask") return Answer{.result = length_at(driver.now())};
    rollout::plan::List values;
    const Nanoseconds step = argument(request, "step").as_integer();
    for (Nanoseconds slot = argument(request, "from").as_integer(); slot <= argument(request, "to").as_integer();
         slot += step) {
      values.push_back(length_at(slot - kStart));
    }
    return Answer{.result = Value::list(std::move(values))};
  };
  driver.run_until(5 * kMinute + kSecond);
  driver.crash(20 * kMinute);
  driver.run_until(kHour);
  INFO(driver.journal());
  const auto asked = driver.callables();
  if (past) {
    CHECK(driver.state() == RunState::RolledBack);
    CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) == 13 * kMinute);
    CHECK(std::ranges::count(asked, "ask past") == 1);
  } else {
    // Fired when it had been seen for three minutes after the restart.
    CHECK(std::ranges::count(asked, "ask past") == 0);
    CHECK(Driver::slot(driver.first(RecordKind::GuardFired)) > 25 * kMinute);
  }
}

TEST_CASE("slots that wait behind a source that hangs are unknown in time, and asked for once it answers") {
  Measured measured(true);
  TestPlan& plan = measured.plan;
  plan.build.plan().metrics[measured.queue].configuration.push_back(
      {"timeout", plan.build.duration_routine(5 * kMinute)});
  Driver driver = plan.drive();
  bool hangs = true;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (hangs) return std::nullopt;
    if (request.callable == "ask") return Answer{.result = Value::number(5)};
    return Answer{.result = Value::list(std::vector<Value>(20, Value::number(5)))};
  };
  driver.run_until(150 * kSecond);
  driver.crash(kSecond);
  driver.run_until(8 * kMinute);
  CHECK(driver.count(RecordKind::GuardUnknown) == 1);
  CHECK(Driver::text(driver.first(RecordKind::GuardUnknown), "why") == "no answer in time");
  hangs = false;
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  // What had been asked for by then took its five minutes once more, and so the run waits for somebody.
  CHECK(driver.state() == RunState::Paused);
  CHECK(driver.count(RecordKind::GuardSeesAgain) == 1);
  CHECK(driver.count(RecordKind::GuardFired) == 0);
}

TEST_CASE("missing elements of a past are no data") {
  Measured measured(true);
  Driver driver = measured.plan.drive();
  driver.effects = [&](const StartEffect& request) {
    if (request.callable == "ask") return Answer{.result = Value::number(5)};
    return Answer{.result = Value::list({Value::number(200), Value{}, Value::number(200)})};
  };
  driver.run_until(5 * kMinute + kSecond);
  driver.crash(10 * kMinute);
  driver.run_until(15 * kMinute + kSecond);
  INFO(driver.journal());
  const auto unknown = driver.all(RecordKind::GuardUnknown);
  REQUIRE(unknown.size() >= 2);
  CHECK(Driver::slot(unknown[0]) == 7 * kMinute);
  CHECK(Driver::text(unknown[0], "why") == "the source has no data");
}

TEST_CASE("a source that was being asked when the runtime died is asked anew") {
  Measured measured(true);
  Driver driver = measured.plan.drive();
  bool hangs = false;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (hangs) return std::nullopt;
    if (request.callable == "ask") return Answer{.result = Value::number(5)};
    return Answer{.result = Value::list({Value::number(5), Value::number(5), Value::number(5)})};
  };
  driver.run_until(4 * kMinute + kSecond);
  hangs = true;
  driver.run_until(5 * kMinute + kSecond);
  hangs = false;
  driver.crash(2 * kMinute);
  driver.run_until(2 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(driver.count(RecordKind::GuardUnknown) == 0);
}

namespace {

// A notification that somebody must acknowledge within an hour; else `page` is run. The channel reads the answer by
// `look`, which is told the number that sending gave.
struct Acknowledged {
  TestPlan plan;

  Acknowledged() {
    const auto sent = plan.build.variable("sent", ValueKind::Any);
    const auto copy = plan.build.variable("sent", ValueKind::Any);
    const auto seen = plan.build.variable("seen", ValueKind::Any);
    const auto send = plan.build.begin_block(BlockKind::Channel, "ops");
    const auto post = plan.run("send");
    plan.build.plan().effects[post].result = sent;
    plan.build.emit(Op::Effect, post);
    plan.build.end_block();
    const auto look = plan.build.begin_block(BlockKind::Source, "acknowledgement of ops");
    const auto get = plan.run("look", EffectClass::ReadOnly);
    plan.build.plan().effects[get].result = seen;
    plan.build.begin_routine("sent");
    plan.build.push(Op::Load, copy);
    plan.build.plan().effects[get].arguments.push_back({"stdin", plan.build.end_routine(ValueKind::Any)});
    plan.build.emit(Op::Effect, get);
    plan.build.begin_routine("seen");
    plan.build.push(Op::Load, seen);
    plan.build.emit(Op::Result, plan.build.end_routine(ValueKind::Any));
    plan.build.end_block();
    rollout::plan::Channel channel{"ops", send, look, {sent}, {copy}};
    const auto escalate = plan.command_block(BlockKind::Response, "page", "page");
    rollout::plan::Response response;
    response.steps = escalate;
    rollout::plan::Notification row;
    row.channel = plan.build.add(std::move(channel));
    row.text = plan.build.string_routine("hello");
    row.acknowledge_within = plan.build.duration_routine(kHour);
    row.otherwise = plan.build.add(response);
    const auto notification = plan.build.add(row);
    plan.build.emit(Op::Notify, notification);
    plan.hold(kMinute);
    plan.build.emit(Op::Notify, notification);
    plan.hold(2 * kHour);
  }
};

}  // namespace

TEST_CASE("a channel is asked for the answer until somebody has acknowledged, each notification with its own values") {
  Acknowledged test;
  Driver driver = test.plan.drive();
  driver.restore_always = true;
  double sent = 0;
  std::map<double, int> asked;
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable == "send") return Answer{.result = Value::number(++sent)};
    if (request.callable == "page") return Answer{};
    const double about = argument(request, "stdin").as_double();
    ++asked[about];
    // The first notification is answered after 10 minutes, the second not at all.
    return Answer{.result = Value::boolean(about == 1 && driver.now() >= 10 * kMinute)};
  };
  driver.run_until(4 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  const auto answered = driver.all(RecordKind::GateAnswered);
  REQUIRE(answered.size() == 1);
  CHECK(answered[0]->at - kStart >= 10 * kMinute);
  CHECK(answered[0]->at - kStart <= 11 * kMinute);
  CHECK(Driver::text(answered[0], "verb") == "acknowledge");
  const auto callables = driver.callables();
  CHECK(std::ranges::count(callables, "page") == 1);
  CHECK(asked[1] == 40);
  CHECK(asked[2] > 200);
  // Asking leaves no trace; sending and paging do.
  CHECK(driver.count(RecordKind::Intent) == 3);
}

TEST_CASE("what could not be sent is not waited for") {
  Acknowledged test;
  Driver driver = test.plan.drive();
  driver.effects = [](const StartEffect& request) {
    const bool sends = request.callable == "send";
    return Answer{.status = sends ? EffectStatus::Failed : EffectStatus::Succeeded, .result = {}, .error = "down"};
  };
  driver.run_until(2 * kMinute);
  INFO(driver.journal());
  CHECK(std::ranges::count(driver.callables(), "page") == 2);
  CHECK(std::ranges::count(driver.callables(), "look") == 0);
  CHECK(driver.count(RecordKind::NotifyFailed) == 2);
}

TEST_CASE("an answer that cannot be read is asked for again, and a person's word counts as well") {
  Acknowledged test;
  Driver driver = test.plan.drive();
  const bool hangs = GENERATE(false, true);
  driver.effects = [&](const StartEffect& request) -> std::optional<Answer> {
    if (request.callable != "look") return Answer{.result = Value::number(7)};
    if (hangs) return std::nullopt;
    return Answer{.status = EffectStatus::Failed, .result = {}, .error = "503"};
  };
  driver.say(30 * kMinute, {Verb::Acknowledge, "dana", "ops", {}});
  driver.run_until(4 * kHour);
  INFO(driver.journal());
  CHECK(driver.state() == RunState::Succeeded);
  CHECK(std::ranges::count(driver.callables(), "page") == 0);
  CHECK(driver.machine().finished());
}
