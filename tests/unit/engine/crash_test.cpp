#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "runtime/executors/process.hpp"
#include "tests/unit/engine/engine_world.hpp"

// The runtime dies by SIGKILL in a process of its own, and is taken up again in this one.

using namespace rollout::engine;
using namespace rollout::engine::test;
using namespace rollout::machine;
using rollout::plan::EffectClass;
using Texts = std::vector<std::string>;
namespace journal = rollout::journal;

namespace {

// Runs the plan in a child and kills it once `ledger` holds the word.
void run_and_kill(const World& world, const std::shared_ptr<const rollout::plan::VerifiedPlan>& plan,
                  const std::string& ledger, const std::string& word) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto journal = journal::open_sqlite(world.folder.file("crashing"), journal::OpenMode::ReadWrite);
    if (!journal) ::_exit(10);
    boost::asio::io_context io;
    const auto scheduler = make_real_scheduler(io);
    Engine engine(io, *scheduler, **journal, {});
    if (!engine.start(plan, {.run_id = "r1", .parameters = {}})) ::_exit(11);
    io.run();
    ::_exit(0);
  }
  for (int attempt = 0; attempt < 500 && content(ledger).find(word) == std::string::npos; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  // The note about the process is stored right after it was started.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(content(ledger).find(word) != std::string::npos);
}

// The stored run in an engine of this process.
struct Revived {
  explicit Revived(World& other) : world(other) {
    world.journal = std::move(*journal::open_sqlite(world.folder.file("crashing"), journal::OpenMode::ReadWrite));
    engine = std::make_unique<Engine>(world.io, *world.scheduler, *world.journal, EngineOptions{{}, 1 << 20, kSecond});
    engine->set_observer({.record = {},
                          .changed =
                              [this](const Machine& machine) {
                                state = machine.state();
                                if (machine.finished()) world.io.stop();
                              },
                          .broken = {}});
    const auto resumed = engine->resume("r1");
    INFO((resumed ? "" : resumed.error().message));
    REQUIRE(resumed);
  }
  World& world;
  std::unique_ptr<Engine> engine;
  RunState state{};
};

bool lives(int pid) {
  return rollout::executors::process_start_time(pid).has_value();
}

}  // namespace

TEST_CASE("an opaque command that outlived the runtime is ended, and a person decides") {
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger");
  commands.script("echo $$ started >> " + ledger + "; sleep 30 & sleep 30; echo finished >> " + ledger);
  commands.script("echo next >> " + ledger);
  run_and_kill(world, commands.finish(), ledger, "started");
  const int pid = std::atoi(content(ledger).c_str());
  REQUIRE(lives(pid));
  Revived revived(world);
  CHECK_FALSE(lives(pid));
  CHECK(revived.state == RunState::Paused);
  CHECK(
      world.kinds_of({"process started", "orphan ended", "runtime restarted", "effect in doubt"}) ==
      Texts{"process started", "orphan ended", "orphan ended", "orphan ended", "runtime restarted", "effect in doubt"});
  CHECK(world.journal->run("r1")->epoch == 2);
  REQUIRE(revived.engine->say("r1", {Verb::Promote, "dana", "", "it had happened"}));
  world.run();
  CHECK(revived.state == RunState::Succeeded);
  CHECK(content(ledger) == std::to_string(pid) + " started\nnext\n");
}

TEST_CASE("an idempotent command is started again under its key") {
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger"), again = world.folder.file("again");
  commands.script("echo $ROLLOUT_EFFECT_ID >> " + ledger + "; test -e " + again + " && exit 0; touch " + again +
                      "; echo waits >> " + ledger + "; sleep 30",
                  {}, EffectClass::Idempotent);
  run_and_kill(world, commands.finish(), ledger, "waits");
  Revived revived(world);
  world.run();
  CHECK(revived.state == RunState::Succeeded);
  const std::string text = content(ledger);
  const std::string key = text.substr(0, text.find('\n'));
  CHECK(text == key + "\nwaits\n" + key + "\n");
}

TEST_CASE("a run of the same name in another state directory keeps its processes") {
  World other;
  CommandPlan theirs;
  theirs.script("echo $$ started >> " + other.folder.file("ledger") + "; sleep 30");
  other.start(theirs.finish());
  while (content(other.folder.file("ledger")).find("started") == std::string::npos) other.io.run_one();
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger");
  commands.script("echo $$ started >> " + ledger + "; sleep 30");
  run_and_kill(world, commands.finish(), ledger, "started");
  const Revived revived(world);
  CHECK_FALSE(lives(std::atoi(content(ledger).c_str())));
  CHECK(lives(std::atoi(content(other.folder.file("ledger")).c_str())));
  other.engine.stop(true);
}

TEST_CASE("an orphan that ignores TERM is killed after the grace") {
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger");
  commands.script("trap '' TERM; echo $$ started >> " + ledger + "; while true; do sleep 0.05; done");
  run_and_kill(world, commands.finish(), ledger, "started");
  const Revived revived(world);
  CHECK_FALSE(lives(std::atoi(content(ledger).c_str())));
  CHECK(revived.state == RunState::Paused);
}

TEST_CASE("a crash within a hold loses no time and repeats nothing") {
  World world;
  CommandPlan commands;
  const std::string ledger = world.folder.file("ledger");
  commands.script("echo first >> " + ledger);
  commands.hold(600 * kMillisecond);
  commands.script("echo second >> " + ledger);
  const auto begun = std::chrono::steady_clock::now();
  run_and_kill(world, commands.finish(), ledger, "first");
  Revived revived(world);
  world.run();
  CHECK(revived.state == RunState::Succeeded);
  CHECK(content(ledger) == "first\nsecond\n");
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(5));
}
