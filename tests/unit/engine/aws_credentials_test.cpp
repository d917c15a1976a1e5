#include "runtime/executors/aws_credentials.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/executors/http_effect.hpp"
#include "runtime/executors/secret_store.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/plan/builder.hpp"
#include "runtime/plan/evaluate.hpp"
#include "tests/unit/engine/fake_http.hpp"

// Where credentials of AWS come from when a plan gives none, on a virtual clock.

namespace rollout::executors {
namespace {

using Catch::Matchers::Contains;
using engine::test::FakeHttp;
using plan::Value;

constexpr Nanoseconds kMinute = 60'000'000'000;
// 2026-12-01T00:00:00Z.
constexpr Nanoseconds kStart = 1'796'083'200'000'000'000;

constexpr const char* kVariables[] = {"AWS_ACCESS_KEY_ID",
                                      "AWS_SECRET_ACCESS_KEY",
                                      "AWS_SESSION_TOKEN",
                                      "AWS_PROFILE",
                                      "AWS_SHARED_CREDENTIALS_FILE",
                                      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"};

constexpr std::string_view kFile = R"(# of two accounts
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key=default/secret+key

[ staging ]
  aws_access_key_id = AKIDSTAGING
aws_secret_access_key = staging-secret-key
aws_session_token = staging-session-token==
; of a role
[by-role]
role_arn = arn:aws:iam::1:role/x
source_profile = default
)";

class Fixture {
 public:
  Fixture() : folder_(std::filesystem::temp_directory_path() / ("rollout-aws-" + std::to_string(::getpid()))) {
    for (const char* variable : kVariables) ::unsetenv(variable);
    std::filesystem::create_directories(folder_);
    set("AWS_SHARED_CREDENTIALS_FILE", write("credentials", ""));
  }
  ~Fixture() {
    for (const char* variable : kVariables) ::unsetenv(variable);
    std::filesystem::remove_all(folder_);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  static void set(const char* variable, const std::string& value) { ::setenv(variable, value.c_str(), 1); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  // "key secret token", why there are none, or nothing as long as nobody knows.
  std::string ask() {
    std::string answer;
    source.ask([&answer](const plan::Expected<AwsCredentials>& found) {
      answer = found ? found->access_key + " " + found->secret_key + " " + found->session_token
                     : "ERROR " + found.error().message;
    });
    if (!answer.empty() || http.waiting.empty()) return answer;
    http.answer(status, body);
    return answer;
  }
  void wait(Nanoseconds duration) {
    scheduler.at(scheduler.now() + duration, [] {});
    while (scheduler.run_next()) continue;
  }

  FakeHttp http;
  engine::VirtualScheduler scheduler{kStart};
  std::shared_ptr<Masker> masker = std::make_shared<Masker>();
  AwsCredentialSource source{http, scheduler, masker};
  int status = 200;
  std::string body =
      R"({"AccessKeyId": "ASIAROLE", "SecretAccessKey": "role-secret-key", "Token": "role-token", "Expiration": "2026-12-01T01:00:00Z"})";

 private:
  std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("credentials of AWS are those of the environment, else of the profile") {
  Fixture fixture;
  CHECK_THAT(fixture.ask(), Contains("AWS needs a key"));
  fixture.write("credentials", kFile);
  CHECK(fixture.ask() == "AKIDDEFAULT default/secret+key ");
  Fixture::set("AWS_PROFILE", "staging");
  CHECK(fixture.ask() == "AKIDSTAGING staging-secret-key staging-session-token==");
  CHECK(fixture.masker->apply("staging-secret-key staging-session-token==") == "*** ***");
  Fixture::set("AWS_ACCESS_KEY_ID", "AKIDENV");
  CHECK_THAT(fixture.ask(), Contains("one is set and the other is not"));
  Fixture::set("AWS_SECRET_ACCESS_KEY", "environment-key");
  Fixture::set("AWS_SESSION_TOKEN", "environment-token");
  CHECK(fixture.ask() == "AKIDENV environment-key environment-token");
  CHECK(fixture.http.requests.empty());
}

TEST_CASE("a profile that was named and cannot be used is no reason to take another's key") {
  Fixture fixture;
  fixture.write("credentials", kFile);
  Fixture::set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://role.example.com/");
  Fixture::set("AWS_PROFILE", "stagin");
  CHECK_THAT(fixture.ask(), Contains("AWS_PROFILE is `stagin`") && Contains("has no such profile"));
  Fixture::set("AWS_PROFILE", "by-role");
  CHECK_THAT(fixture.ask(), Contains("`by-role`") && Contains("roles and commands of profiles are not looked up"));
  Fixture::set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
  CHECK_THAT(fixture.ask(), Contains("cannot be read"));
  CHECK(fixture.http.requests.empty());
}

TEST_CASE("a container's role is asked, and asked again before its credentials expire") {
  Fixture fixture;
  Fixture::set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:8123/role?a=b");
  Fixture::set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", fixture.write("token", "authorization-of-pod\n"));
  CHECK(fixture.ask() == "ASIAROLE role-secret-key role-token");
  REQUIRE(fixture.http.requests.size() == 1);
  CHECK(fixture.http.requests[0].url == "http://127.0.0.1:8123/role?a=b");
  CHECK(fixture.http.requests[0].headers == Headers{{"Authorization", "authorization-of-pod"}});
  CHECK(fixture.masker->apply("authorization-of-pod role-secret-key role-token") == "*** *** ***");
  fixture.wait(54 * kMinute);
  CHECK(fixture.ask() == "ASIAROLE role-secret-key role-token");
  CHECK(fixture.http.requests.size() == 1);
  // The token is another by now, and read anew.
  fixture.write("token", "second-authorization");
  fixture.wait(2 * kMinute);
  fixture.body =
      R"({"AccessKeyId": "ASIANEXT", "SecretAccessKey": "next-key", "Token": "t", "Expiration": "2026-12-01T02:00:00Z"})";
  CHECK(fixture.ask() == "ASIANEXT next-key t");
  CHECK(fixture.http.requests[1].headers == Headers{{"Authorization", "second-authorization"}});
}

TEST_CASE("a role that does not answer is asked three times, and what is still good is used") {
  Fixture fixture;
  Fixture::set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1");
  CHECK(fixture.ask() == "ASIAROLE role-secret-key role-token");
  CHECK(fixture.http.requests[0].url == "http://169.254.170.2/v2/credentials/1");
  std::string answer;
  const auto ask_while_down = [&] {
    answer.clear();
    fixture.source.ask([&](const plan::Expected<AwsCredentials>& found) {
      answer = found ? found->access_key : "ERROR " + found.error().message;
    });
    for (int i = 0; i < 3; ++i) {
      CHECK(answer.empty());
      REQUIRE(fixture.http.waiting.size() == 1);
      fixture.http.answer(503, "");
      if (answer.empty()) REQUIRE(fixture.scheduler.run_next());
    }
    return answer;
  };
  fixture.wait(57 * kMinute);
  CHECK(ask_while_down() == "ASIAROLE");
  fixture.wait(4 * kMinute);
  CHECK(ask_while_down() == "ERROR the container's role: the answer is 503");
}

TEST_CASE("a role is asked only where nobody can listen, and an answer without a key is none") {
  Fixture fixture;
  const auto refused =
      GENERATE("http://role.example.com/", "http://169.254.170.2.example.com/", "ftp://127.0.0.1/", "x");
  Fixture::set("AWS_CONTAINER_CREDENTIALS_FULL_URI", refused);
  CHECK_THAT(fixture.ask(), Contains("neither of https:// nor of this machine"));
  Fixture::set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
  Fixture::set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nHost: b");
  CHECK_THAT(fixture.ask(), Contains("more than one line"));
  CHECK(fixture.http.requests.empty());
  ::unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  fixture.body = R"({"AccessKeyId": "A", "SecretAccessKey": "secret-without-end", "Expiration": "soon"})";
  CHECK_THAT(fixture.ask(), Contains("lacks") && !Contains("secret-without-end"));
  fixture.status = 403;
  fixture.body = "secret-of-the-answer";
  CHECK_THAT(fixture.ask(), Contains("403") && !Contains("secret-of-the-answer"));
}

TEST_CASE("a request is signed with the credentials of where the rollout runs unless it has its own") {
  Fixture fixture;
  Fixture::set("AWS_ACCESS_KEY_ID", "AKIDENV");
  Fixture::set("AWS_SECRET_ACCESS_KEY", "environment-key");
  Fixture::set("AWS_SESSION_TOKEN", "environment-token");
  plan::PlanBuilder build;
  build.begin_block(plan::BlockKind::Rollout, "r");
  build.rollout().name = "r";
  build.rollout().block = build.end_block();
  const auto verified = plan::verify(build.finish());
  REQUIRE(verified);
  struct NoProcesses final : ProcessRunner {
    Started start(const ProcessRequest&, Done) override { return {0, std::nullopt}; }
    void cancel(Id) override {}
  } processes;
  SecretStore store(fixture.http, processes, fixture.scheduler, fixture.masker);
  const Secrets secrets(*verified, [](plan::RoutineId) { return Value(); }, fixture.masker, &store);
  const auto arguments = [](const Value& key) {
    return Secrets::Arguments{{"method", Value::string("POST")},
                              {"url", Value::string("https://monitoring.eu-west-1.amazonaws.com/")},
                              {"aws", Value::map({{"region", Value::string("eu-west-1")},
                                                  {"service", Value::string("monitoring")},
                                                  {"access_key", key},
                                                  {"secret_key", key}})}};
  };
  const Secrets::Arguments none = arguments(Value::secret({{"", std::nullopt}}));
  const Secrets::Arguments own = arguments(Value::string("own"));
  CHECK_FALSE(secrets.must_fetch(own));
  CHECK(http_request(own, "", secrets)->user == "own");
  REQUIRE(secrets.must_fetch(none));
  CHECK_FALSE(http_request(none, "", secrets));
  int done = 0;
  secrets.fetch(none, [&] { ++done; });
  CHECK(done == 1);
  const auto request = http_request(none, "", secrets);
  REQUIRE(request);
  CHECK(request->user == "AKIDENV");
  CHECK(request->password == "environment-key");
  CHECK(request->headers == Headers{{"X-Amz-Security-Token", "environment-token"}});
}

}  // namespace rollout::executors
