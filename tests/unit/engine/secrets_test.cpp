#include "runtime/executors/secrets.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/executors/http_effect.hpp"
#include "runtime/executors/process_effect.hpp"
#include "runtime/plan/builder.hpp"
#include "runtime/plan/evaluate.hpp"

using namespace rollout::executors;
using Catch::Matchers::Contains;
using namespace rollout::plan;

TEST_CASE("a secret is masked as it is and in its usual encodings") {
  Masker masker;
  masker.add("s3cr3t \"value\"/42");
  masker.add("abc");
  CHECK(masker.apply("it is s3cr3t \"value\"/42!") == "it is ***!");
  CHECK(masker.apply("{\"k\": \"s3cr3t \\\"value\\\"/42\"}") == "{\"k\": \"***\"}");
  CHECK(masker.apply("s3cr3t%20%22value%22%2F42") == "***");
  CHECK(masker.apply("733363723374202276616c7565222f3432") == "***");
  // user:SECRET and xx:SECRET in base64, so that the secret stands at different offsets.
  CHECK_THAT(masker.apply("dXNlcjpzM2NyM3QgInZhbHVlIi80Mg=="), Contains("***") && !Contains("M2NyM3Qg"));
  CHECK_THAT(masker.apply("eHg6czNjcjN0ICJ2YWx1ZSIvNDI="), Contains("***") && !Contains("NjcjN0IC"));
  CHECK(masker.apply("abc stays: too short to be told from other text") ==
        "abc stays: too short to be told from other text");
}

TEST_CASE("a secret that was cut in two is masked on both sides") {
  Masker masker;
  masker.add("correct-horse-battery");
  CHECK(masker.apply_before_cut("token correct-horse") == "token ***");
  CHECK(masker.apply_after_cut("horse-battery end") == "*** end");
}

namespace {

struct Fixture {
  Fixture() {
    file = (std::filesystem::temp_directory_path() / ("rollout-secret-" + std::to_string(::getpid()))).string();
    std::ofstream(file) << "file-secret-value\n";
    ::setenv("ROLLOUT_TEST_PASSWORD", "environment-secret", 1);
    rollout::plan::PlanBuilder build;
    build.add(Secret{"password", SecretProvider::Environment, build.string_routine("ROLLOUT_TEST_PASSWORD")});
    build.add(Secret{"token", SecretProvider::File, build.string_routine(file)});
    build.add(Secret{"gone", SecretProvider::Environment, build.string_routine("ROLLOUT_TEST_GONE")});
    build.begin_block(BlockKind::Rollout, "r");
    build.rollout().name = "r";
    build.rollout().block = build.end_block();
    auto verified = verify(build.finish());
    INFO((verified ? "" : verified.error().message));
    REQUIRE(verified);
    const auto plan = *verified;
    secrets.emplace(plan, [plan](RoutineId routine) { return evaluate(**plan, routine, Environment{}); }, masker);
  }
  ~Fixture() { std::filesystem::remove(file); }
  std::string file;
  std::shared_ptr<Masker> masker = std::make_shared<Masker>();
  std::optional<Secrets> secrets;
};

Value secret(std::uint32_t index, const std::string& before = {}) {
  return Value::secret({SecretPart{before, std::nullopt}, SecretPart{"", index}});
}

}  // namespace

TEST_CASE("secrets are read when they are used, and masked from then on") {
  const Fixture fixture;
  CHECK(fixture.masker->apply("environment-secret") == "environment-secret");
  const auto text = fixture.secrets->text_of(secret(0, "user:"));
  REQUIRE(text);
  CHECK(*text == "user:environment-secret");
  CHECK(*fixture.secrets->text_of(secret(1)) == "file-secret-value");
  CHECK(fixture.masker->apply("environment-secret, file-secret-value") == "***, ***");
}

TEST_CASE("a secret without a value is named, and nothing else of it") {
  const Fixture fixture;
  const auto gone = fixture.secrets->text_of(secret(2));
  REQUIRE_FALSE(gone);
  CHECK_THAT(gone.error().message, Contains("secret `gone` has no value") && !Contains("ROLLOUT_TEST_GONE"));
  std::filesystem::remove(fixture.file);
  const auto token = fixture.secrets->text_of(secret(1));
  REQUIRE_FALSE(token);
  CHECK_THAT(token.error().message, Contains("secret `token`") && !Contains(fixture.file));
}

TEST_CASE("secrets go into the environment and the input, never into the command") {
  const Fixture fixture;
  const auto refused =
      process_request({{"command", Value::list({Value::string("curl"), secret(0)})}}, *fixture.secrets, {});
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Contains("argument 1 of the command is a secret"));
  const auto request = process_request({{"command", Value::list({Value::string("psql")})},
                                        {"env", Value::map({{"PGPASSWORD", secret(0)}})},
                                        {"stdin", secret(1, "x")}},
                                       *fixture.secrets, {});
  REQUIRE(request);
  CHECK(request->environment == EnvironmentVariables{{"PGPASSWORD", "environment-secret"}});
  CHECK(request->input == "xfile-secret-value");
}

TEST_CASE("an argument without a value starts nothing") {
  const Fixture fixture;
  const auto request = process_request({{"command", Value::list({Value::string("kubectl"), Value::string("delete"),
                                                                 Value::missing("no such path in the JSON")})}},
                                       *fixture.secrets, {});
  REQUIRE_FALSE(request);
  CHECK_THAT(request.error().message, Contains("argument 2") && Contains("no such path"));
  CHECK_FALSE(process_request({}, *fixture.secrets, {}));
}

TEST_CASE("a script is a constant, its data comes through the environment") {
  const Fixture fixture;
  const auto request =
      process_request({{"script", Value::string("echo \"$NAME\"")}, {"env", Value::map({{"NAME", Value::number(3)}})}},
                      *fixture.secrets, {});
  REQUIRE(request);
  CHECK(request->command == std::vector<std::string>{"/bin/sh", "-e", "-c", "echo \"$NAME\""});
  CHECK(request->environment == EnvironmentVariables{{"NAME", "3"}});
  CHECK_FALSE(process_request({{"script", secret(0)}}, *fixture.secrets, {}));
}

TEST_CASE("an HTTP request is made of its named arguments") {
  const Fixture fixture;
  const auto request = http_request({{"method", Value::string("post")},
                                     {"url", Value::string("http://127.0.0.1/x")},
                                     {"headers", Value::map({{"X-Key", secret(1)}})},
                                     {"bearer", secret(0)},
                                     {"json", Value::map({{"replicas", Value::number(3)}})}},
                                    "r1/canary/1", *fixture.secrets);
  REQUIRE(request);
  CHECK(request->method == "POST");
  CHECK(request->body == "{\"replicas\":3}");
  CHECK(request->headers == Headers{{"X-Key", "file-secret-value"},
                                    {"Authorization", "Bearer environment-secret"},
                                    {"Content-Type", "application/json"},
                                    {"Idempotency-Key", "r1/canary/1"}});
  CHECK_FALSE(http_request({{"url", Value::missing("x")}}, "", *fixture.secrets));
  const auto webhook = http_request({{"url", secret(0, "http://127.0.0.1/")}}, "", *fixture.secrets);
  REQUIRE(webhook);
  CHECK(webhook->url == "http://127.0.0.1/environment-secret");
  CHECK(webhook->secret_url);
}

TEST_CASE("secrets in a body of JSON or of a form are put in when it is sent") {
  const Fixture fixture;
  const auto json = http_request(
      {{"method", Value::string("POST")},
       {"url", Value::string("http://127.0.0.1/x")},
       {"json",
        Value::map({{"routing_key", secret(1)}, {"payload", Value::list({Value::number(1), secret(0, "k=")})}})}},
      "", *fixture.secrets);
  REQUIRE(json);
  CHECK(json->body == R"({"routing_key":"file-secret-value","payload":[1,"k=environment-secret"]})");
  const auto form = http_request({{"method", Value::string("POST")},
                                  {"url", Value::string("http://127.0.0.1/x?a=1")},
                                  {"query", Value::map({{"key", secret(0)}, {"q", Value::string("a b&c")}})},
                                  {"form", Value::map({{"To", Value::string("+31 6")}, {"token", secret(1)}})}},
                                 "", *fixture.secrets);
  REQUIRE(form);
  CHECK(form->url == "http://127.0.0.1/x?a=1&key=environment-secret&q=a%20b%26c");
  CHECK(form->body == "To=%2B31%206&token=file-secret-value");
  CHECK(form->headers == Headers{{"Content-Type", "application/x-www-form-urlencoded"}});
  const auto gone = http_request(
      {{"url", Value::string("http://127.0.0.1/")}, {"json", Value::map({{"k", secret(2)}})}}, "", *fixture.secrets);
  REQUIRE_FALSE(gone);
  CHECK_THAT(gone.error().message, Contains("the body cannot be sent: secret `gone` has no value"));
  CHECK_FALSE(http_request(
      {{"url", Value::string("http://127.0.0.1/")}, {"json", Value::number(1)}, {"body", Value::string("x")}}, "",
      *fixture.secrets));
}

TEST_CASE("a request is authenticated in one way, and never half") {
  const Fixture fixture;
  const auto request = [&](const std::string& name, Value value, std::vector<std::pair<std::string, Value>> more = {}) {
    more.emplace_back("url", Value::string("https://aws.example.com/"));
    more.emplace_back(name, std::move(value));
    return http_request(more, "", *fixture.secrets);
  };
  const auto basic = request("user", Value::string("ops"), {{"password", secret(0)}});
  REQUIRE(basic);
  CHECK(basic->user == "ops");
  CHECK(basic->password == "environment-secret");
  CHECK(basic->signing.empty());
  Map aws = {{"region", Value::string("eu-west-1")},
             {"service", Value::string("monitoring")},
             {"access_key", Value::string("AKID")},
             {"secret_key", secret(1)},
             {"session_token", secret(0)}};
  const auto signed_one = request("aws", Value::map(aws));
  REQUIRE(signed_one);
  CHECK(signed_one->signing == "aws:amz:eu-west-1:monitoring");
  CHECK(signed_one->user == "AKID");
  CHECK(signed_one->password == "file-secret-value");
  CHECK(signed_one->headers == Headers{{"X-Amz-Security-Token", "environment-secret"}});
  CHECK_FALSE(request("aws", Value::map(aws), {{"bearer", secret(0)}}));
  CHECK_FALSE(request("aws", Value::map(aws), {{"user", Value::string("ops")}}));
  CHECK_FALSE(request("bearer", secret(0), {{"user", Value::string("ops")}}));
  aws[0].second = Value::string("eu:west");
  CHECK_THAT(request("aws", Value::map(aws)).error().message, Contains("no region or service"));
  aws.erase(aws.begin());
  CHECK_THAT(request("aws", Value::map(aws)).error().message, Contains("`aws:` lacks `region`"));
  aws.emplace_back("region", Value::string("eu-west-1"));
  aws.emplace_back("profile", Value::string("x"));
  CHECK_THAT(request("aws", Value::map(aws)).error().message, Contains("`aws:` has no part `profile`"));
  // A module's token that nobody gave is none.
  CHECK(request("bearer", Value::string(""))->headers.empty());
}
