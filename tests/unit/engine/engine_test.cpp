#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/completion_condition.hpp>
#include <boost/asio/read.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/unit/engine/engine_world.hpp"
#include "tests/unit/engine/http_server.hpp"

using namespace rollout::engine;
using namespace rollout::engine::test;
using namespace rollout::machine;
using Catch::Matchers::Contains;
using rollout::plan::EffectClass;
using rollout::plan::ValueKind;
using Texts = std::vector<std::string>;
namespace plan = rollout::plan;
namespace journal = rollout::journal;

namespace {

// A journal that stops working, or that tells what it is asked to store before it is stored.
class Spy : public journal::Journal {
 public:
  explicit Spy(std::unique_ptr<journal::Journal> inner) : inner_(std::move(inner)) {}
  int appends_left = 1'000'000;
  std::function<void(const journal::NewEntry&)> sees = [](const journal::NewEntry&) {};

  journal::Expected<journal::Claim> create(const journal::RunRow& run, const std::string& bytes,
                                           const std::string& snapshot,
                                           const std::vector<journal::NewEntry>& entries) override {
    for (const auto& entry : entries) sees(entry);
    return inner_->create(run, bytes, snapshot, entries);
  }
  journal::Expected<journal::Claim> claim(const std::string& run_id, const std::string& owner) override {
    return inner_->claim(run_id, owner);
  }
  journal::Expected<bool> append(journal::Claim& claim, const std::vector<journal::NewEntry>& entries,
                                 const std::string& snapshot, const std::string& run_state,
                                 std::optional<Nanoseconds> wake_at) override {
    if (appends_left-- <= 0) return journal::JournalError{journal::JournalError::Kind::DiskFull, "the disk is full"};
    for (const auto& entry : entries) sees(entry);
    return inner_->append(claim, entries, snapshot, run_state, wake_at);
  }
  journal::Expected<std::vector<journal::RunRow>> runs() override { return inner_->runs(); }
  journal::Expected<journal::RunRow> run(const std::string& run_id) override { return inner_->run(run_id); }
  journal::Expected<std::string> plan(const std::string& plan_id) override { return inner_->plan(plan_id); }
  journal::Expected<std::string> snapshot(const std::string& run_id) override { return inner_->snapshot(run_id); }
  journal::Expected<std::vector<journal::Entry>> entries(const std::string& run_id, std::int64_t after,
                                                         std::size_t limit) override {
    return inner_->entries(run_id, after, limit);
  }
  journal::Expected<bool> tidy() override { return inner_->tidy(); }

 private:
  std::unique_ptr<journal::Journal> inner_;
};

std::unique_ptr<journal::Journal> sqlite(const Folder& folder) {
  return std::move(*journal::open_sqlite(folder.file("journal"), journal::OpenMode::ReadWrite));
}

}  // namespace

TEST_CASE("a plan of commands runs to its end, each known by its key") {
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger");
  commands.script("echo $ROLLOUT_RUN_ID $ROLLOUT_EFFECT_ID >> " + ledger);
  commands.hold(50 * kMillisecond);
  commands.script("echo second >> " + ledger);
  CHECK(world.play(commands.finish()) == RunState::Succeeded);
  CHECK_THAT(content(ledger), Catch::Matchers::StartsWith("r1 r1@2") && Catch::Matchers::EndsWith("/1\nsecond\n"));
  CHECK(world.kinds_of({"effect intended", "process started", "effect finished"}) ==
        Texts{"effect intended", "process started", "effect finished", "effect intended", "process started",
              "effect finished"});
  const auto run = world.journal->run("r1");
  CHECK(run->state == state_name(RunState::Succeeded));
  CHECK(world.engine.find("r1") != nullptr);
  CHECK_FALSE(world.engine.resume("r1"));
}

TEST_CASE("an intent is stored before its effect begins, an outcome before it is used") {
  const Folder folder;
  const std::string first = folder.file("first"), second = folder.file("second");
  Spy spy(sqlite(folder));
  int intents = 0;
  spy.sees = [&](const journal::NewEntry& entry) {
    if (entry.kind == "effect intended") CHECK_FALSE(std::filesystem::exists(++intents == 1 ? first : second));
    if (entry.kind == "effect finished" && intents == 1) CHECK_FALSE(std::filesystem::exists(second));
  };
  World world(spy);
  CommandPlan commands;
  commands.script("touch " + first);
  commands.script("touch " + second);
  CHECK(world.play(commands.finish()) == RunState::Succeeded);
  CHECK(intents == 2);
}

TEST_CASE("a journal that fails stops the run, and nothing more is started") {
  const Folder folder;
  const std::string second = folder.file("second");
  Spy spy(sqlite(folder));
  spy.sees = [&](const journal::NewEntry& entry) {
    if (entry.kind == "process started") spy.appends_left = 0;
  };
  World world(spy);
  CommandPlan commands;
  commands.script("true");
  commands.script("touch " + second);
  world.play(commands.finish());
  CHECK(world.broken == "the disk is full");
  world.run(std::chrono::milliseconds(200));
  CHECK_FALSE(std::filesystem::exists(second));
  CHECK_FALSE(world.engine.say("r1", {Verb::Abort, "ana", "", ""}));
}

TEST_CASE("who lost the run to another stops at once") {
  World world;
  CommandPlan commands;
  const std::string second = world.folder.file("second");
  commands.script("sleep 0.2");
  commands.script("touch " + second);
  world.start(commands.finish());
  REQUIRE(world.journal->claim("r1", "another"));
  world.run();
  CHECK_THAT(world.broken, Contains("taken over"));
  CHECK_FALSE(std::filesystem::exists(second));
}

TEST_CASE("a failing command rolls back what was done, and says why") {
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger");
  commands.script("echo do >> " + ledger, "echo undo >> " + ledger);
  commands.script("echo it broke >&2; exit 4");
  CHECK(world.play(commands.finish()) == RunState::RolledBack);
  CHECK(content(ledger) == "do\nundo\n");
  CHECK_THAT(world.text(), Contains("exit status 4: it broke"));
}

TEST_CASE("a command that does not exist is said not to have started") {
  World world;
  CommandPlan commands;
  commands.step(commands.command({"kubectll", "get"}, EffectClass::Opaque), EffectClass::Opaque);
  CHECK(world.play(commands.finish()) == RunState::RolledBack);
  CHECK_THAT(world.text(), Contains("there is no program `kubectll` on PATH"));
  CHECK(world.kinds_of({"process started"}).empty());
}

TEST_CASE("an HTTP effect carries its key") {
  World world;
  std::string head, body;
  HttpServer server(world.io, [&](const std::string& h, const std::string& b) {
    head = h;
    body = b;
    return HttpServer::answer("200 OK", "{}");
  });
  CommandPlan commands;
  plan::Effect row;
  row.kind = plan::EffectKind::Http;
  row.text = "set weight";
  row.arguments = {{"method", commands.build.string_routine("POST")},
                   {"url", commands.build.string_routine(server.url("/weight"))},
                   {"body", commands.build.string_routine("5%")}};
  commands.step(commands.build.add(std::move(row)), EffectClass::Opaque);
  CHECK(world.play(commands.finish()) == RunState::Succeeded);
  CHECK_THAT(head, Contains("POST /weight") && Contains("Idempotency-Key: r1@2"));
  CHECK(body == "5%");
  server.stop();
}

TEST_CASE("a secret reaches the command and nothing else") {
  ::setenv("ROLLOUT_TEST_PASSWORD", "correct-horse-battery", 1);
  World world;
  CommandPlan commands;
  const std::string proof = world.folder.file("proof");
  const auto secret = commands.build.add(plan::Secret{"password", plan::SecretProvider::Environment,
                                                      commands.build.string_routine("ROLLOUT_TEST_PASSWORD")});
  commands.build.begin_routine("env");
  commands.build.push_constant(Value::string("PASSWORD"));
  commands.build.push(Op::Secret, secret);
  commands.build.push(Op::MakeMap, 1);
  const auto environment = commands.build.end_routine(ValueKind::Map);
  const auto effect = commands.command(
      {"sh", "-c", "echo $PASSWORD | wc -c > " + proof + "; echo $PASSWORD; echo $PASSWORD | base64 >&2; exit 1"},
      EffectClass::Opaque);
  commands.build.plan().effects[effect].arguments.push_back({"env", environment});
  commands.step(effect, EffectClass::Opaque);
  CHECK(world.play(commands.finish()) == RunState::RolledBack);
  CHECK(content(proof) == "22\n");
  CHECK_THAT(world.text(), Contains("***") && !Contains("correct-horse") && !Contains("Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"));
  const auto entries = world.journal->entries("r1", 0, 0);
  for (const auto& entry : *entries) CHECK_THAT(entry.body, !Contains("correct-horse"));
  CHECK_THAT(*world.journal->snapshot("r1"), !Contains("correct-horse"));
}

TEST_CASE("a secret without a value starts nothing and is named") {
  World world;
  CommandPlan commands;
  const auto secret = commands.build.add(
      plan::Secret{"token", plan::SecretProvider::Environment, commands.build.string_routine("ROLLOUT_TEST_GONE")});
  commands.build.begin_routine("stdin");
  commands.build.push(Op::Secret, secret);
  const auto input = commands.build.end_routine(ValueKind::Secret);
  const auto effect = commands.command({"cat"}, EffectClass::Opaque);
  commands.build.plan().effects[effect].arguments.push_back({"stdin", input});
  commands.step(effect, EffectClass::Opaque);
  CHECK(world.play(commands.finish()) == RunState::RolledBack);
  CHECK_THAT(world.text(), Contains("secret `token` has no value"));
}

TEST_CASE("people are told what their word did, or why it was refused") {
  World world;
  CommandPlan commands;
  const auto role = commands.build.add(
      plan::Role{"manager", commands.build.constant_routine(CommandPlan::words({"ana", "bo", "dana"}))});
  plan::Gate gate;
  gate.kind = plan::GateKind::Approve;
  gate.text = commands.build.string_routine("Go / no-go");
  gate.role = role;
  gate.needed = commands.build.constant_routine(Value::number(2));
  commands.build.emit(Op::Gate, commands.build.add(std::move(gate)));
  world.start(commands.finish());
  world.run(std::chrono::milliseconds(50));
  CHECK_THAT(world.engine.say("r1", {Verb::Approve, "mallory", "", ""}).error().message,
             Contains("mallory is not in the role manager"));
  CHECK(*world.engine.say("r1", {Verb::Approve, "dana", "", ""}) == "\"Go / no-go\": approved by dana (1 of 2)");
  CHECK_FALSE(world.engine.say("r1", {Verb::Approve, "dana", "", ""}));
  CHECK_THAT(*world.engine.say("r1", {Verb::Pause, "bo", "", "lunch"}), Contains("paused by bo; the run is paused"));
  CHECK(world.engine.say("r1", {Verb::Resume, "bo", "", ""}));
  CHECK(*world.engine.say("r1", {Verb::Approve, "ana", "", ""}) == "\"Go / no-go\": approved by ana (2 of 2)");
  CHECK(world.state == RunState::Succeeded);
  CHECK_FALSE(world.engine.say("r2", {Verb::Approve, "ana", "", ""}));
}

TEST_CASE("the journal holds who it was beside the name, also where that name is refused") {
  EngineOptions options{"http://127.0.0.1:1", 1 << 20, kSecond};
  options.refused_name = [](const std::string& who, const Speaker& speaker) {
    return who == speaker.name() ? std::nullopt : std::optional(speaker.name() + " is not " + who);
  };
  World world(options);
  CommandPlan commands;
  commands.hold(10 * kSecond);
  world.start(commands.finish());
  CHECK_THAT(world.engine.say("r1", {Verb::Pause, "ana", "", ""}, Speaker{"deploy", ""}).error().message,
             Contains("deploy is not ana"));
  CHECK(world.state == RunState::Running);
  CHECK(world.engine.say("r1", {Verb::Pause, "ana", "", ""}, Speaker{"deploy", "ana"}));
  CHECK(world.state == RunState::Paused);
  std::vector<std::string> spoken, kinds;
  const auto entries = world.journal->entries("r1", 0, 0);
  for (const auto& entry : *entries) {
    kinds.push_back(entry.kind);
    if (entry.kind == "person spoke") spoken.push_back(person_spoke_text(*plan::from_json(entry.body)));
  }
  CHECK(spoken == std::vector<std::string>{"ana (unix user deploy) says pause: refused, deploy is not ana",
                                           "ana (unix user deploy, logged in as ana) says pause"});
  // Before what it brought about.
  CHECK(std::ranges::find(kinds, "person spoke") < std::ranges::find(kinds, "paused"));
  world.engine.say("r1", {Verb::Abort, "ana", "", ""}, Speaker{"ana", "ana"});
}

TEST_CASE("a guard on a real source rolls the run back") {
  World world;
  CommandPlan commands;
  const std::string value = world.folder.file("value"), ledger = world.folder.file("ledger");
  std::ofstream(value) << "0.2\n";
  plan::Metric metric;
  metric.name = metric.declaration = "errors";
  metric.provider = plan::MetricProvider::CommandNumber;
  metric.kind = ValueKind::Ratio;
  metric.every = commands.build.duration_routine(100 * kMillisecond);
  metric.configuration = {{"command", commands.build.constant_routine(CommandPlan::words({"cat", value}))}};
  const auto errors = commands.build.add(std::move(metric));
  plan::Response response;
  response.outcome = plan::OutcomeKind::Rollback;
  plan::Guard guard;
  guard.condition = commands.build.comparison_routine(errors, Op::Greater, Value::ratio(0.5));
  guard.for_duration = commands.build.duration_routine(200 * kMillisecond);
  guard.response = commands.build.add(response);
  commands.build.begin_routine("errors");
  commands.build.push(Op::Metric, errors);
  guard.observed = commands.build.end_routine(ValueKind::Ratio);
  guard.metrics = {errors};
  guard.text = "errors > 50% for 200ms";
  commands.build.block(commands.build.rollout().block).guards = {commands.build.add(std::move(guard))};
  commands.script("echo do >> " + ledger, "echo undo >> " + ledger);
  commands.script("sleep 0.4; echo 0.9 > " + value);
  commands.hold(60 * kSecond);
  CHECK(world.play(commands.finish()) == RunState::RolledBack);
  CHECK(content(ledger) == "do\nundo\n");
  CHECK(world.first_text(RecordKind::GuardFired, "observed") == "90%");
  CHECK(world.first(RecordKind::GuardUnknown) == nullptr);
}

TEST_CASE("a stopped engine leaves the children, or ends them first") {
  const bool cancel = GENERATE(false, true);
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger");
  commands.script("trap 'echo ended >> " + ledger + "; exit' TERM; echo $$ >> " + ledger +
                  "; while true; do sleep 0.02; done");
  world.start(commands.finish());
  world.run(std::chrono::milliseconds(300));
  const int pid = std::atoi(content(ledger).c_str());
  REQUIRE(pid > 0);
  world.engine.stop(cancel);
  world.run(std::chrono::milliseconds(cancel ? 3'000 : 300));
  CHECK((content(ledger).find("ended") != std::string::npos) == cancel);
  CHECK((::kill(pid, 0) == 0) != cancel);
  ::kill(pid, SIGKILL);
  CHECK(world.journal->run("r1")->state == state_name(RunState::Running));
}

TEST_CASE("a run that cannot be stored does not begin") {
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger");
  commands.script("touch " + ledger);
  const auto plan = commands.finish();
  REQUIRE(world.journal->create({"r1", "demo", "p", "running", "me", 1, 0, 1, 1, {}}, "p", "s", {}));
  const auto started = world.engine.start(plan, {.run_id = "r1", .parameters = {}});
  REQUIRE_FALSE(started);
  CHECK_THAT(started.error().message, Contains("already holds a run `r1`"));
  world.run(std::chrono::milliseconds(100));
  CHECK_FALSE(std::filesystem::exists(ledger));
  CHECK(world.engine.find("r1") == nullptr);
}
