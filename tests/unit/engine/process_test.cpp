#include "runtime/executors/process.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/executors/process_effect.hpp"
#include "runtime/executors/text.hpp"

using namespace rollout::executors;
using Catch::Matchers::Contains;
using rollout::machine::EffectStatus;
using rollout::plan::Value;

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

struct Finished {
  ProcessResult result;
  std::optional<ProcessIdentity> identity;
  std::string output() const { return result.output.text(Masker{}); }
};

Finished run(const ProcessRequest& request, Nanoseconds cancel_after = 0) {
  boost::asio::io_context io;
  const auto scheduler = rollout::engine::make_real_scheduler(io);
  ChildProcesses runner(io, *scheduler);
  std::optional<ProcessResult> result;
  const auto started = runner.start(request, [&](ProcessResult ended) { result = std::move(ended); });
  CHECK_FALSE(result);
  if (cancel_after > 0) scheduler->at(scheduler->now() + cancel_after, [&] { runner.cancel(started.id); });
  io.run();
  REQUIRE(result);
  CHECK(runner.running() == 0);
  return {std::move(*result), started.process};
}

ProcessRequest shell(const std::string& script) {
  ProcessRequest request;
  request.command = {"/bin/sh", "-c", script};
  return request;
}

rollout::machine::EffectDone outcome(const Finished& finished,
                                     std::vector<std::pair<std::string, Value>> arguments = {}) {
  rollout::machine::StartEffect effect;
  effect.effect = 7;
  effect.timeout = kSecond;
  effect.arguments = std::move(arguments);
  return process_outcome(effect, finished.result, Masker{});
}

bool lives(pid_t pid) {
  return process_start_time(pid).has_value();
}

// An orphan is gone once whoever adopted it has reaped it, which a busy machine may delay.
bool dies_soon(pid_t pid) {
  for (int tenths = 0; tenths < 50 && lives(pid); ++tenths) ::usleep(100'000);
  return !lives(pid);
}

}  // namespace

TEST_CASE("a command's words are passed as they are, without a shell") {
  ProcessRequest request;
  request.command = {"printf", "%s|", "a b", "$HOME; rm -rf *", "", "`x`", "\n"};
  const auto finished = run(request);
  CHECK(finished.result.end == ProcessEnd::Exited);
  CHECK(finished.result.status == 0);
  CHECK(finished.output() == "a b|$HOME; rm -rf *||`x`|\n|");
  REQUIRE(finished.identity);
  CHECK(finished.identity->pid > 0);
  CHECK(finished.identity->start_time > 0);
}

TEST_CASE("a result holds exit, stdout, stderr, json and elapsed") {
  const auto done = outcome(run(shell("echo '{\"ready\": 3}'; echo careful >&2")));
  CHECK(done.status == EffectStatus::Succeeded);
  CHECK(done.effect == 7);
  CHECK(done.result.find("exit")->as_double() == 0);
  CHECK(done.result.find("stderr")->as_string() == "careful\n");
  REQUIRE(done.result.find("json")->find("ready") != nullptr);
  CHECK(done.result.find("json")->find("ready")->as_double() == 3);
  CHECK(done.result.find("elapsed")->as_integer() > 0);
  CHECK(outcome(run(shell("echo no json"))).result.find("json")->is_missing());
}

TEST_CASE("an exit status outside the accepted ones fails with the last line of stderr") {
  const auto finished = run(shell("echo first >&2; printf 'no \\033[31mred\\033[0m pods\\n\\n' >&2; exit 3"));
  const auto done = outcome(finished);
  CHECK(done.status == EffectStatus::Failed);
  CHECK(done.error == "exit status 3: no \\x1b[31mred\\x1b[0m pods");
  CHECK_THAT(done.result.find("stderr")->as_string(), Contains("\033[31m"));
  const auto accepted = outcome(finished, {{"exit", Value::list({Value::number(0), Value::number(3)})}});
  CHECK(accepted.status == EffectStatus::Succeeded);
  CHECK(accepted.result.find("exit")->as_double() == 3);
}

TEST_CASE("a command ended by a signal says which") {
  const auto done = outcome(run(shell("kill -SEGV $$")));
  CHECK(done.status == EffectStatus::Failed);
  CHECK_THAT(done.error, Contains("signal 11") && Contains("Segmentation fault"));
}

TEST_CASE("what cannot be started is said not to have started") {
  ProcessRequest request;
  const auto error_of = [&](std::vector<std::string> command) {
    request.command = std::move(command);
    const auto finished = run(request);
    CHECK(finished.result.end == ProcessEnd::NotStarted);
    CHECK_FALSE(finished.identity);
    return finished.result.error;
  };
  CHECK(error_of({"kubectll", "get"}) == "there is no program `kubectll` on PATH");
  CHECK(error_of({"/no/such/thing"}) == "there is no program `/no/such/thing`");
  CHECK_THAT(error_of({"/etc/passwd"}), Contains("not an executable"));
  CHECK_THAT(error_of({"echo", std::string("a\0b", 3)}), Contains("argument 1") && Contains("NUL"));
  CHECK_THAT(error_of({}), Contains("empty"));
  CHECK_THAT(error_of({"echo", std::string(4 << 20, 'x')}), Contains("longer than the system takes"));
  request.directory = "/no/such/folder";
  CHECK_THAT(error_of({"echo"}), Contains("there is no folder `/no/such/folder`"));
}

TEST_CASE("a command that takes too long is ended with its whole group") {
  auto request = shell("sleep 60 & echo $!; sleep 60");
  request.timeout = kSecond / 5;
  const auto finished = run(request);
  CHECK(finished.result.end == ProcessEnd::TimedOut);
  CHECK(finished.result.elapsed < 5 * kSecond);
  CHECK(dies_soon(std::atoi(finished.output().c_str())));
  const auto done = outcome(finished);
  CHECK(done.status == EffectStatus::TimedOut);
  CHECK_THAT(done.error, Contains("not finished within 1s"));
}

TEST_CASE("who ignores TERM is killed after the grace") {
  auto request = shell("trap '' TERM; echo $$; while true; do sleep 0.05; done");
  request.timeout = kSecond / 5;
  request.grace = kSecond / 3;
  const auto finished = run(request);
  CHECK(finished.result.end == ProcessEnd::TimedOut);
  CHECK(finished.result.elapsed >= kSecond / 5 + kSecond / 3);
  CHECK(finished.result.elapsed < 5 * kSecond);
  CHECK(dies_soon(std::atoi(finished.output().c_str())));
}

TEST_CASE("a cancelled command may tidy up within the grace") {
  const auto finished = run(shell("trap 'echo tidied; exit 0' TERM; while true; do sleep 0.05; done"), kSecond / 5);
  CHECK(finished.result.end == ProcessEnd::Cancelled);
  CHECK(finished.output() == "tidied\n");
  CHECK(outcome(finished).status == EffectStatus::Cancelled);
}

TEST_CASE("a background process that keeps the pipes does not keep the command") {
  const auto finished = run(shell("sleep 30 & echo $!"));
  CHECK(finished.result.end == ProcessEnd::Exited);
  CHECK(finished.result.elapsed < 5 * kSecond);
  const int background = std::atoi(finished.output().c_str());
  CHECK(lives(background));
  ::kill(background, SIGKILL);
}

TEST_CASE("output of any length keeps its head and its tail in bounded memory") {
  auto request = shell("echo begin; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end");
  request.output_limit = 10'000;
  const std::string output = run(request).output();
  CHECK(output.size() < 10'200);
  CHECK(output.starts_with("begin\nxxx"));
  CHECK(output.ends_with("xxx\nend\n"));
  CHECK_THAT(output, Contains("[... 2990011 bytes dropped ...]"));
}

TEST_CASE("input comes from a text, else there is none") {
  auto request = shell("cat");
  CHECK(run(request).output().empty());
  request.input = std::string(300'000, 'i') + "!";
  CHECK(run(request).output() == request.input);
}

TEST_CASE("a child sees what it is given and what is harmless, nothing else") {
  ::setenv("ROLLOUT_TEST_TOKEN", "do-not-leak", 1);
  ::setenv("LC_TIME", "C", 1);
  ProcessRequest request;
  request.command = {"env"};
  request.environment = {{"ROLLOUT_EFFECT_ID", "r1/canary/1"}, {"TZ", "Europe/Amsterdam"}};
  const std::string output = run(request).output();
  CHECK_THAT(output, !Contains("do-not-leak"));
  CHECK_THAT(output, Contains("ROLLOUT_EFFECT_ID=r1/canary/1\n") && Contains("TZ=Europe/Amsterdam\n") &&
                         Contains("PATH=") && Contains("LC_TIME=C"));
  request.environment = {{"A=B", "x"}};
  CHECK(run(request).result.end == ProcessEnd::NotStarted);
}

TEST_CASE("a child has its own group, default signals and no descriptors of ours") {
  ::signal(SIGPIPE, SIG_IGN);
  const auto finished = run(shell("ls /proc/self/fd | wc -l; ps -o pgid= -p $$; echo $$; kill -PIPE $$; echo alive"));
  ::signal(SIGPIPE, SIG_DFL);
  CHECK(finished.result.end == ProcessEnd::Signalled);
  std::istringstream lines(finished.output());
  int descriptors = 0, group = 0, pid = 0;
  lines >> descriptors >> group >> pid;
  CHECK(descriptors <= 4);
  CHECK(group == pid);
}

TEST_CASE("it runs where it is told to, and finds programs by the PATH that it is given") {
  ProcessRequest request;
  request.command = {"pwd"};
  request.directory = "/usr/bin";
  CHECK(run(request).output() == "/usr/bin\n");
  request.environment = {{"PATH", "/nowhere"}};
  CHECK(run(request).result.end == ProcessEnd::NotStarted);
  request.environment = {{"PATH", "."}};
  CHECK(run(request).result.end == ProcessEnd::NotStarted);
}

TEST_CASE("many at once") {
  boost::asio::io_context io;
  const auto scheduler = rollout::engine::make_real_scheduler(io);
  ChildProcesses runner(io, *scheduler);
  int succeeded = 0;
  for (int index = 0; index < 50; ++index) {
    ProcessRequest request;
    request.command = {"true"};
    runner.start(request, [&](const ProcessResult& result) {
      succeeded += result.end == ProcessEnd::Exited && result.status == 0 ? 1 : 0;
    });
  }
  io.run();
  CHECK(succeeded == 50);
}

TEST_CASE("destroying the runner leaves the children alone") {
  pid_t pid = 0;
  {
    boost::asio::io_context io;
    const auto scheduler = rollout::engine::make_real_scheduler(io);
    ChildProcesses runner(io, *scheduler);
    pid = runner.start(shell("sleep 30"), [](const ProcessResult&) {}).process->pid;
  }
  CHECK(lives(pid));
  ::kill(-pid, SIGKILL);
}

TEST_CASE("text from outside is made fit to be shown") {
  CHECK(printable("a\tb\n\x1b[2J\x7f") == "a\\tb\\n\\x1b[2J\\x7f");
  CHECK(printable("\xc2\x9b") == "\\x9b");
  CHECK(printable("gr\xc3\xbc\xc3\x9f \xff!") == "gr\xc3\xbc\xc3\x9f \xef\xbf\xbd!");
  CHECK(printable("abcdef", 3) == "abc...");
  CHECK(valid_utf8("\xed\xa0\x80\xf4\x90\x80\x80ok") ==
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdok");
  CHECK(last_line("a\nb \n\n  \n") == "b");
  CHECK(last_line("").empty());
}

// Each command is followed at once by a longer one, whose descriptors take the places of those just closed: what the
// reactor had still to say of the old ones must not be taken for the end of the new one.
TEST_CASE("a command is running until it ends, whatever ended just before it") {
  constexpr int kPairs = 24;
  constexpr Nanoseconds kLong = kSecond / 2;
  boost::asio::io_context io;
  const auto scheduler = rollout::engine::make_real_scheduler(io);
  ChildProcesses runner(io, *scheduler);
  std::vector<Nanoseconds> lasted;
  for (int pair = 0; pair < kPairs; ++pair) {
    runner.start(shell("exit 0"), [&](const ProcessResult&) {
      runner.start(shell("sleep 0.5"), [&](const ProcessResult& longer) { lasted.push_back(longer.elapsed); });
    });
    io.restart();
    io.run();
  }
  REQUIRE(lasted.size() == kPairs);
  CHECK(std::ranges::count_if(lasted, [](Nanoseconds elapsed) { return elapsed < kLong; }) == 0);
}
