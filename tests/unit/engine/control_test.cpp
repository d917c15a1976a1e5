#include "runtime/engine/control.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/engine/control_socket.hpp"
#include "runtime/engine/exclusive.hpp"
#include "runtime/engine/log.hpp"
#include "runtime/executors/secrets.hpp"
#include "tests/unit/engine/folder.hpp"

using namespace rollout::engine;
using Catch::Matchers::Contains;
using rollout::machine::PersonSaid;
using rollout::machine::Verb;

namespace {

// Serves one request on this thread while another asks.
std::optional<rollout::plan::Expected<ControlAnswer>> ask(const std::string& path, const PersonSaid& said,
                                                          const ControlHandler& handler) {
  boost::asio::io_context io;
  auto server = ControlServer::open(io, path, handler);
  INFO((server ? "" : server.error().message));
  REQUIRE(server);
  std::optional<rollout::plan::Expected<ControlAnswer>> answer;
  std::thread client([&] {
    answer = tell(path, said);
    io.stop();
  });
  io.run_for(std::chrono::seconds(10));
  client.join();
  return answer;
}

}  // namespace

TEST_CASE("what a person says reaches the run, and its answer the person") {
  const Folder folder;
  const PersonSaid said{Verb::Approve, "dana", "Go / \"no-go\"\n", "looks good"};
  PersonSaid heard;
  Speaker by;
  const auto answer = ask(folder.file("r1.sock"), said, [&](const PersonSaid& person, const Speaker& speaker) {
    heard = person;
    by = speaker;
    return ControlAnswer{true, "approved by dana (1 of 2)"};
  });
  REQUIRE(*answer);
  CHECK((*answer)->accepted);
  CHECK((*answer)->message == "approved by dana (1 of 2)");
  CHECK(heard == said);
  // Whatever name was given, the kernel's word is that it was us.
  CHECK(by.user == own_speaker().user);
  CHECK(by.login == own_speaker().login);
  CHECK_FALSE(std::filesystem::exists(folder.file("r1.sock")));
}

TEST_CASE("who logged in is known where the kernel knows it") {
  CHECK(login_in("1000") == uid_t{1000});
  CHECK(login_in("0") == uid_t{0});
  for (const char* text : {"4294967295", "", "-1", "1000 ", "ana", "99999999999"}) CHECK_FALSE(login_in(text));
  CHECK(Speaker{"deploy", "ana"}.name() == "ana");
  CHECK(Speaker{"deploy", "ana"}.text() == "unix user deploy, logged in as ana");
  CHECK(Speaker{"deploy", ""}.name() == "deploy");
  CHECK(Speaker{"ana", "ana"}.text() == "unix user ana");
}

TEST_CASE("a control socket works under a path longer than an address") {
  const Folder folder;
  const std::string deep = folder.file(std::string(80, 'a') + "/" + std::string(80, 'b'));
  std::filesystem::create_directories(deep);
  const auto answer = ask(deep + "/r1.sock", {Verb::Pause, "", "", ""},
                          [](const PersonSaid&, const Speaker&) { return ControlAnswer{false, "no"}; });
  REQUIRE(*answer);
  CHECK_FALSE((*answer)->accepted);
}

TEST_CASE("a control socket is for its owner, and replaces a dead one only") {
  const Folder folder;
  const std::string path = folder.file("r1.sock");
  boost::asio::io_context io;
  const auto refuse = [](const PersonSaid&, const Speaker&) { return ControlAnswer{}; };
  CHECK_FALSE(control_answers(path));
  CHECK_THAT(tell(path, {}).error().message, Contains("no process listens"));
  {
    const auto server = ControlServer::open(io, path, refuse);
    REQUIRE(server);
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(control_answers(path));
    CHECK_THAT(ControlServer::open(io, path, refuse).error().message, Contains("another process listens"));
  }
  {
    rollout::executors::Descriptor dead = std::move(*listen_at(path));
  }
  CHECK(std::filesystem::exists(path));
  CHECK_FALSE(control_answers(path));
  CHECK(ControlServer::open(io, path, refuse));
  std::ofstream(path) << "mine";
  CHECK_THAT(ControlServer::open(io, path, refuse).error().message, Contains("is in the way"));
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("whatever is sent, the answer is a line") {
  for (const char* line :
       {"", "\n", "{}", "[]", "7", "{\"verb\":7}", "{\"verb\":\"launch\"}", "not json", "\xff\xfe"}) {
    INFO(line);
    CHECK_FALSE(read_request(line));
  }
  CHECK_FALSE(read_answer("{}"));
  CHECK_FALSE(read_answer(""));
  for (int number = 0; number <= static_cast<int>(Verb::Acknowledge); ++number) {
    const auto verb = static_cast<Verb>(number);
    CHECK(verb_of(verb_word(verb)) == verb);
  }
}

TEST_CASE("one run holds an exclusive key") {
  const Folder folder;
  CHECK(latest_run(folder.file(), "production/portal-api").empty());
  {
    const auto first = acquire_exclusive(folder.file(), "production/portal-api", "portal-api-1");
    REQUIRE(first);
    CHECK(latest_run(folder.file(), "production/portal-api") == "portal-api-1");
    const auto second = acquire_exclusive(folder.file(), "production/portal-api", "portal-api-2");
    REQUIRE_FALSE(second);
    CHECK_THAT(second.error().message, Contains("`portal-api-1` has the exclusive key \"production/portal-api\"") &&
                                           Contains(std::to_string(::getpid())));
    CHECK(acquire_exclusive(folder.file(), "production/portal_api", "portal-api-2"));
  }
  CHECK(latest_run(folder.file(), "production/portal-api") == "portal-api-1");
  CHECK(acquire_exclusive(folder.file(), "production/portal-api", "portal-api-2"));
  CHECK(latest_run(folder.file(), "production/portal-api") == "portal-api-2");
}

TEST_CASE("the log is for its owner and knows no secrets") {
  const Folder folder;
  const std::string path = folder.file("rollout.log");
  REQUIRE_FALSE(log_to_file(path));
  const auto masker = std::make_shared<rollout::executors::Masker>();
  masker->add("correct-horse-battery");
  set_log_masker(masker);
  log(LogLevel::Warning, "token correct-horse-battery\nsecond line\x1b[2J");
  set_log_masker(nullptr);
  REQUIRE_FALSE(log_to_file("/dev/null"));
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  CHECK_THAT(text, Contains("warning token ***\\nsecond line\\x1b[2J\n"));
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(log_to_file(folder.file("no/such/folder")));
}
