#include "runtime/project/apply_environment.hpp"

#include <catch2/catch.hpp>

#include "runtime/plan/builder.hpp"
#include "runtime/plan/evaluate.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/plan/passed_variables.hpp"

namespace rollout::project {
namespace {

using plan::BlockKind;
using plan::PlanBuilder;

// Two secrets, two channels with a block each, a parameter.
std::shared_ptr<const plan::VerifiedPlan> shop() {
  PlanBuilder build;
  for (const char* name : {"token", "slack.webhook_url"}) {
    build.add(plan::Secret{name, plan::SecretProvider::Environment, build.string_routine(name), {}});
  }
  for (const char* name : {"ops", "pager"}) {
    const plan::BlockId sends = build.begin_block(BlockKind::Source, name);
    build.end_block();
    build.add(plan::Channel{.name = name, .block = sends, .kept = {}, .copies = {}});
  }
  plan::Parameter soak;
  soak.name = "soak";
  soak.variable = build.variable("soak", plan::ValueKind::Duration);
  soak.kind = plan::ValueKind::Duration;
  soak.default_value = build.duration_routine(plan::kMinute);
  build.add(soak);
  const plan::BlockId main = build.begin_block(BlockKind::Rollout, "shop");
  build.end_block();
  build.rollout().name = "shop";
  build.rollout().block = main;
  build.rollout().environment = "production";
  auto verified = plan::verify(build.finish());
  INFO((verified ? std::string() : verified.error().message));
  REQUIRE(verified);
  return *verified;
}

std::string argument_of(const plan::VerifiedPlan& plan, std::size_t secret) {
  return plan::evaluate(*plan, plan->secrets[secret].argument, {}).as_string();
}

}  // namespace

TEST_CASE("an environment's secrets, channels and variables take the place of the plan's own") {
  Environment staging;
  staging.name = "staging";
  staging.prometheus_url = "http://127.0.0.1:1";
  staging.variables = {{"KUBECONFIG", "/k"}};
  staging.passed = {"AWS_*"};
  staging.secrets = {{"token", plan::SecretProvider::Vault, "prod/token", {{"key", "value"}}}};
  staging.channels = {{"ops", "none"}, {"pager", "ops"}};
  const auto before = shop();
  const auto after = with_environment(*before, staging, "rollout.toml");
  INFO((after ? std::string() : after.error()));
  REQUIRE(after);
  const plan::Plan& plan = ***after;
  CHECK(plan.rollout.environment == "staging");
  CHECK(plan.environment.name == "staging");
  CHECK(plan.environment.prometheus_url == "http://127.0.0.1:1");
  REQUIRE(plan.environment.variables.size() == 2);
  CHECK(plan.environment.variables[0].value == "/k");
  CHECK(plan::passed_pattern(plan.environment.variables[0].name) == std::nullopt);
  CHECK(plan::passed_pattern(plan.environment.variables[1].name) == "AWS_*");
  CHECK(plan.environment.variables[1].value.empty());
  CHECK(plan.secrets[0].provider == plan::SecretProvider::Vault);
  CHECK(argument_of(**after, 0) == "prod/token");
  REQUIRE(plan.secrets[0].configuration.size() == 1);
  CHECK(plan.secrets[0].configuration[0].name == "key");
  CHECK(plan.secrets[1] == (**before).secrets[1]);
  // What stands in for the pager is the channel as it was written, though it is silent itself.
  CHECK(plan.channels[0].block == plan::kNone);
  CHECK(plan.channels[1].block == (**before).channels[0].block);
  CHECK(plan.channels[1].name == "pager");
  // It is what the journal keeps, so it must survive.
  const auto read = plan::read_plan(plan::write_plan(plan));
  REQUIRE(read);
  CHECK(*read == plan);
}

TEST_CASE("names of other plans are passed over, slips are not") {
  struct Row {
    std::string_view secret, channel, target;  // empty: none
    std::string_view message;                  // empty: it fits
  };
  const Row row = GENERATE(values<Row>({
      {"database_password", "", "", ""},
      {"tokn", "", "", "`tokn` is no secret of this plan; did you mean `token`?"},
      {"", "pagr", "none", "`pagr` is no channel of this plan; did you mean `pager`?"},
      {"", "ops", "slack", "`slack` cannot stand in for the channel `ops`"},
      {"", "everybody", "none", ""},
  }));
  Environment environment;
  environment.name = "staging";
  if (!row.secret.empty()) {
    environment.secrets.push_back({std::string(row.secret), plan::SecretProvider::Environment, "X", {}});
  }
  if (!row.channel.empty()) environment.channels.emplace_back(row.channel, row.target);
  const auto after = with_environment(*shop(), environment, "rollout.toml");
  CAPTURE(row.message);
  CHECK(static_cast<bool>(after) == row.message.empty());
  if (!after) CHECK(after.error().find(row.message) != std::string::npos);
}

TEST_CASE("an environment's parameters give way to those on the command line") {
  Environment staging;
  staging.parameters = {{"soak", "5m"}, {"of_another_plan", "1"}};
  CHECK(settings_of(**shop(), staging, {}) == std::vector<std::string>{"soak=5m"});
  CHECK(settings_of(**shop(), staging, {"soak=1h"}).empty());
}

}  // namespace rollout::project
