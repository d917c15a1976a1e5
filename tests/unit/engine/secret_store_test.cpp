#include "runtime/executors/secret_store.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>

#include "runtime/executors/http_effect.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/plan/builder.hpp"
#include "runtime/plan/evaluate.hpp"
#include "tests/unit/engine/fake_http.hpp"

using namespace rollout::executors;
using namespace rollout::plan;
using Catch::Matchers::Contains;
using rollout::engine::test::FakeHttp;

namespace {

class FakeProcesses final : public ProcessRunner {
 public:
  Started start(const ProcessRequest& request, Done done) override {
    requests.push_back(request);
    waiting = std::move(done);
    return {1, std::nullopt};
  }
  void cancel(Id) override {}
  void end(int status, const std::string& output, const std::string& errors = {}) {
    ProcessResult result;
    result.end = ProcessEnd::Exited;
    result.status = status;
    result.output = OutputCapture(1 << 20);
    result.output.add(output);
    result.errors = OutputCapture(1 << 20);
    result.errors.add(errors);
    waiting(result);
  }
  std::vector<ProcessRequest> requests;
  Done waiting;
};

constexpr const char* kVariables[] = {"VAULT_ADDR",        "VAULT_TOKEN",       "VAULT_NAMESPACE",
                                      "AWS_REGION",        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                      "AWS_SESSION_TOKEN", "AWS_PROFILE",       "AWS_SHARED_CREDENTIALS_FILE"};

// A plan with one secret of each provider, and one whose token is a secret that Vault keeps.
struct Fixture {
  Fixture() {
    for (const char* variable : kVariables) ::unsetenv(variable);
    ::setenv("VAULT_ADDR", "https://vault.example.com/", 1);
    ::setenv("VAULT_TOKEN", "token-of-vault", 1);
    ::setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
    PlanBuilder build;
    const auto text = [&](const std::string& value) { return build.string_routine(value); };
    build.add(Secret{"db_password", SecretProvider::Vault, text("prod/orders db"), {{"key", text("password")}}});
    build.add(Secret{"queue_key",
                     SecretProvider::AwsSecrets,
                     text("prod/queue"),
                     {{"key", text("keys/main")}, {"region", text("eu-west-1")}}});
    build.add(Secret{"smtp_password", SecretProvider::Sops, text("secrets.yaml"), {{"key", text("mail/\"it\"")}}});
    build.add(Secret{"other", SecretProvider::Vault, text("x"), {{"key", text("k")}, {"token", nested(build)}}});
    build.begin_block(BlockKind::Rollout, "r");
    build.rollout().name = "r";
    build.rollout().block = build.end_block();
    auto verified = verify(build.finish());
    INFO((verified ? "" : verified.error().message));
    REQUIRE(verified);
    const auto plan = *verified;
    secrets.emplace(
        plan, [plan](RoutineId routine) { return evaluate(**plan, routine, Environment{}); }, masker, &store);
  }
  ~Fixture() {
    for (const char* variable : kVariables) ::unsetenv(variable);
  }
  static RoutineId nested(PlanBuilder& build) {
    build.begin_routine("db_password");
    build.push(Op::Secret, 0);
    return build.end_routine(ValueKind::Secret);
  }
  // What the secret is once it was fetched; nothing while it is not there.
  void fetch(std::uint32_t index) {
    secrets->fetch({{"x", Value::map({{"in", Value::list({reference(index)})}})}}, [this] { ++done; });
  }
  static Value reference(std::uint32_t index) { return Value::secret({SecretPart{"", index}}); }
  std::string text(std::uint32_t index) const {
    const auto value = secrets->text_of(reference(index));
    return value ? *value : "ERROR " + value.error().message;
  }

  FakeHttp http;
  FakeProcesses processes;
  rollout::engine::VirtualScheduler scheduler{1'700'000'000'000'000'000};
  std::shared_ptr<Masker> masker = std::make_shared<Masker>();
  SecretStore store{http, processes, scheduler, masker};
  std::optional<Secrets> secrets;
  int done = 0;
};

std::string header(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("Vault is asked as its documentation says, once a minute, and its answer is masked") {
  Fixture fixture;
  fixture.fetch(0);
  fixture.fetch(0);
  REQUIRE(fixture.http.requests.size() == 1);
  const HttpRequest& request = fixture.http.requests.front();
  CHECK(request.method == "GET");
  CHECK(request.url == "https://vault.example.com/v1/secret/data/prod/orders%20db");
  CHECK(header(request, "X-Vault-Token") == "token-of-vault");
  CHECK(fixture.done == 0);
  fixture.http.answer(200, R"({"data": {"data": {"password": "s3cret-of-db"}, "metadata": {}}})");
  CHECK(fixture.done == 2);
  CHECK(fixture.text(0) == "s3cret-of-db");
  CHECK(fixture.masker->apply("s3cret-of-db token-of-vault") == "*** ***");
  fixture.fetch(0);
  CHECK(fixture.done == 3);
  CHECK(fixture.http.requests.size() == 1);
  fixture.scheduler.at(fixture.scheduler.now() + 61 * kSecond, [] {});
  fixture.scheduler.run_next();
  fixture.fetch(0);
  CHECK(fixture.http.requests.size() == 2);
}

TEST_CASE("AWS Secrets Manager is asked by a signed request, and a part of its JSON is the secret") {
  Fixture fixture;
  ::setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", 1);
  ::setenv("AWS_SESSION_TOKEN", "session-token", 1);
  fixture.fetch(1);
  REQUIRE(fixture.http.requests.size() == 1);
  const HttpRequest& request = fixture.http.requests.front();
  CHECK(request.method == "POST");
  CHECK(request.url == "https://secretsmanager.eu-west-1.amazonaws.com/");
  CHECK(request.signing == "aws:amz:eu-west-1:secretsmanager");
  CHECK(request.user == "AKIDEXAMPLE");
  CHECK(request.password == "wJalrXUtnFEMI");
  CHECK(header(request, "X-Amz-Target") == "secretsmanager.GetSecretValue");
  CHECK(header(request, "X-Amz-Security-Token") == "session-token");
  CHECK(request.body == R"({"SecretId":"prod/queue"})");
  fixture.http.answer(200, R"({"SecretString": "{\"keys\": {\"main\": \"queue-secret\"}}"})");
  CHECK(fixture.text(1) == "queue-secret");
  CHECK(fixture.masker->apply("wJalrXUtnFEMI session-token") == "*** ***");
}

TEST_CASE("SOPS decrypts one value, and what it printed before it failed is not shown") {
  Fixture fixture;
  fixture.fetch(2);
  REQUIRE(fixture.processes.requests.size() == 1);
  CHECK(fixture.processes.requests.front().command ==
        std::vector<std::string>{"sops", "--decrypt", "--extract", R"(["mail"]["\"it\""])", "secrets.yaml"});
  fixture.processes.end(0, "mail-secret\n");
  CHECK(fixture.text(2) == "mail-secret");
  fixture.scheduler.at(fixture.scheduler.now() + 61 * kSecond, [] {});
  fixture.scheduler.run_next();
  // The same value once more is no mask of itself.
  fixture.fetch(2);
  fixture.processes.end(0, "mail-secret\n");
  CHECK(fixture.text(2) == "mail-secret");
  fixture.scheduler.at(fixture.scheduler.now() + 61 * kSecond, [] {});
  fixture.scheduler.run_next();
  fixture.fetch(2);
  fixture.processes.end(128, "mail-sec", "no key could decrypt the data key\n");
  CHECK(fixture.text(2) ==
        "ERROR secret `smtp_password` has no value: SOPS: `sops` ended with exit status 128: no key could decrypt the "
        "data key");
}

TEST_CASE("what passes by is asked again, and what does not is told without a value") {
  Fixture fixture;
  fixture.fetch(0);
  fixture.http.answer(503, "");
  CHECK(fixture.done == 0);
  REQUIRE(fixture.scheduler.run_next());
  fixture.http.answer(429, "");
  REQUIRE(fixture.scheduler.run_next());
  CHECK(fixture.http.requests.size() == 3);
  fixture.http.answer(503, "");
  CHECK(fixture.done == 1);
  CHECK(fixture.text(0) == "ERROR secret `db_password` has no value: Vault: the answer is 503");
  // A failure is not kept.
  fixture.fetch(0);
  fixture.http.answer(403, R"({"errors": ["permission denied for token-of-vault"]})");
  CHECK(fixture.text(0) ==
        "ERROR secret `db_password` has no value: Vault: the answer is 403: permission denied for ***");
  fixture.fetch(0);
  fixture.http.answer(200, R"({"data": {"data": {"user": "shop-user-secret"}}})");
  CHECK_THAT(fixture.text(0), Contains("it has no such `key`") && !Contains("shop-user-secret"));
  fixture.fetch(0);
  fixture.http.answer(200, R"({"data": {"password": "version-1-engine"}})");
  CHECK_THAT(fixture.text(0), Contains("version 2") && !Contains("version-1-engine"));
}

TEST_CASE("credentials go to no server in the clear, and what is missing is named") {
  Fixture fixture;
  ::setenv("VAULT_ADDR", "http://vault.example.com", 1);
  fixture.fetch(0);
  CHECK(fixture.http.requests.empty());
  CHECK_THAT(fixture.text(0), Contains("Vault is asked over https:// only"));
  ::setenv("VAULT_ADDR", "http://127.0.0.1:8200", 1);
  fixture.fetch(0);
  CHECK(fixture.http.requests.size() == 1);
  ::unsetenv("VAULT_TOKEN");
  Fixture without;
  ::unsetenv("VAULT_TOKEN");
  without.fetch(0);
  CHECK_THAT(without.text(0), Contains("Vault needs a token: give `token:`, or set VAULT_TOKEN"));
  without.fetch(1);
  CHECK_THAT(without.text(1), Contains("AWS needs a key"));
}

TEST_CASE("a secret that another one is asked with is fetched first") {
  Fixture fixture;
  fixture.fetch(3);
  REQUIRE(fixture.http.requests.size() == 1);
  fixture.http.answer(200, R"({"data": {"data": {"password": "the-inner-token"}}})");
  REQUIRE(fixture.http.requests.size() == 2);
  CHECK(header(fixture.http.requests.back(), "X-Vault-Token") == "the-inner-token");
  fixture.http.answer(200, R"({"data": {"data": {"k": "outer-value"}}})");
  CHECK(fixture.done == 1);
  CHECK(fixture.text(3) == "outer-value");
}

TEST_CASE("whoever asked is told also when the secrets' run is over, and nothing is touched") {
  Fixture fixture;
  fixture.fetch(0);
  const auto alive = fixture.secrets->alive();
  fixture.secrets.reset();
  CHECK(alive.expired());
  fixture.http.answer(200, R"({"data": {"data": {"password": "s3cret-of-db"}}})");
  CHECK(fixture.done == 1);
}

TEST_CASE("without a store a secret that others keep has no value") {
  Fixture fixture;
  CHECK(fixture.secrets->must_fetch({{"x", Fixture::reference(0)}}));
  CHECK_FALSE(fixture.secrets->must_fetch({{"x", Value::string("plain")}}));
  CHECK(fixture.text(0) == "ERROR secret `db_password` has no value: nobody is asked for it here");
}
