#include "runtime/project/project_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace rollout::project {
namespace {

std::string problem_of(std::string_view text) {
  const auto project = read_project(text, "rollout.toml");
  return project ? std::string() : project.error();
}

}  // namespace

TEST_CASE("a project file says what stands behind the names in each environment") {
  const auto project = read_project(R"(default-environment = "staging"

[environments.staging]
description = "the copy that testers see"
prometheus = "http://prometheus.staging:9090"
parameters = { replicas = 2, soak = "5m", debug = true, hosts = ["a", "b"], factor = 0.25 }
variables.KUBECONFIG = "/etc/rollout/staging.kubeconfig"
pass = ["AWS_*", "GITHUB_TOKEN"]
secrets.token = { env = "STAGING_TOKEN" }
secrets."slack.webhook_url" = { file = "/run/secrets/slack" }
secrets.vaulted = { vault = "prod/orders", key = "password", address = "https://vault.example.com" }
channels = { pager = "ops", ops = "none" }

[environments.live]
require-signature = true
trust = ["keys/release.pub", "/etc/keys/other.pub"]

[environments.production-like]
production = false
)",
                                    "/srv/shop/rollout.toml");
  REQUIRE(project);
  CHECK(project->default_environment == "staging");
  REQUIRE(project->environments.size() == 3);
  const auto find = [&](std::string_view name) -> const Environment& {
    return *std::ranges::find(project->environments, name, &Environment::name);
  };
  const Environment& staging = find("staging");
  CHECK(staging.description == "the copy that testers see");
  CHECK_FALSE(staging.production);
  CHECK(staging.prometheus_url == "http://prometheus.staging:9090");
  CHECK(
      NamedTexts(staging.parameters) ==
      NamedTexts{{"debug", "true"}, {"factor", "0.25"}, {"hosts", R"(["a","b"])"}, {"replicas", "2"}, {"soak", "5m"}});
  CHECK(staging.passed == std::vector<std::string>{"AWS_*", "GITHUB_TOKEN"});
  CHECK(staging.variables == NamedTexts{{"KUBECONFIG", "/etc/rollout/staging.kubeconfig"}});
  REQUIRE(staging.secrets.size() == 3);
  CHECK(staging.secrets[0].name == "slack.webhook_url");
  CHECK(staging.secrets[0].provider == plan::SecretProvider::File);
  CHECK(staging.secrets[1].argument == "STAGING_TOKEN");
  CHECK(staging.secrets[2].provider == plan::SecretProvider::Vault);
  CHECK(staging.secrets[2].argument == "prod/orders");
  CHECK(staging.secrets[2].configuration == NamedTexts{{"address", "https://vault.example.com"}, {"key", "password"}});
  CHECK(staging.channels == NamedTexts{{"ops", "none"}, {"pager", "ops"}});
  CHECK(find("live").production);
  CHECK(find("live").require_signature);
  CHECK(find("live").trusted_keys == std::vector<std::string>{"/srv/shop/keys/release.pub", "/etc/keys/other.pub"});
  CHECK_FALSE(find("production-like").production);
}

TEST_CASE("what is wrong in a project file is said at its line, with what would be right") {
  struct Row {
    std::string_view text, message;
  };
  const Row row = GENERATE(values<Row>({
      {"[environments.a]\nprometeus = \"x\"\n",
       "rollout.toml:2:1: `prometeus` is no setting of an environment; did you mean `prometheus`?"},
      {"enviroments = 1\n", "rollout.toml:1:1: `enviroments` is no setting of a project; did you mean `environments`?"},
      {"zebra = 1\n",
       "rollout.toml:1:1: `zebra` is no setting of a project; there are `default-environment`, `environments`"},
      {"[environments.a]\nprometheus = 9090\n",
       "rollout.toml:2:14: `prometheus` is a text, for example prometheus = \"...\""},
      {"[environments.a]\nproduction = \"yes\"\n", "rollout.toml:2:14: `production` is true or false"},
      {"[environments.a]\nvariables.DB_PASSWORD = \"hunter2\"\n",
       "rollout.toml:2:11: `DB_PASSWORD` looks like a credential"},
      {"[environments.a]\nvariables.DB_PASSWORD = \"hunter2\"\n",
       "pass it on as it is with `pass = [\"DB_PASSWORD\"]`"},
      {"[environments.a]\npass = \"AWS_*\"\n",
       "rollout.toml:2:8: `pass` is a list of names, for example pass = [\"AWS_*\"]"},
      {"[environments.a]\npass = [\"AWS_*\", \"*\"]\n", "rollout.toml:2:18: `*` is no name of an environment variable"},
      {"[environments.a]\npass = [\"A*\"]\n", "behind three letters or more"},
      {"[environments.a]\npass = [\"A=1\"]\n", "`A=1` is no name"},
      {"[environments.a]\nsecrets.token = \"hunter2\"\n",
       "rollout.toml:2:17: a secret says where it is, never what it is: token = { env = \"VARIABLE\" }"},
      {"[environments.a]\nsecrets.token = { value = \"hunter2\" }\n", "a secret says where it is, never what it is"},
      {"[environments.a]\nsecrets.token = { vault = \"a\" }\n", "{ vault = \"path\", key = \"...\" }"},
      {"[environments.a]\nsecrets.token = { env = \"a\", key = \"b\" }\n", "a secret says where it is"},
      {"[environments.a]\nparameters.soak = 2026-01-01\n",
       "`soak` is a text, a number, true, false, or a list of these"},
      {"[environments.a]\ntrust = []\n", "`trust` is a list of files"},
      {"[environments]\na = 1\n", "rollout.toml:2:5: `a` is a table"},
      {"default-environment = \"b\"\n[environments.a]\n",
       "rollout.toml:1:23: there is no environment `b` in this file"},
      {"[environments.a\n", "rollout.toml:1:16: "},
      {"a = 1\na = 2\n", "rollout.toml:2:"},
  }));
  const std::string problem = problem_of(row.text);
  CAPTURE(row.text, problem);
  CHECK(problem.find(row.message) != std::string::npos);
  CHECK(problem.find("hunter2") == std::string::npos);
}

TEST_CASE("a project file is looked for from the plan upwards, up to the repository") {
  namespace fs = std::filesystem;
  const fs::path root = fs::temp_directory_path() / "rollout-project-test";
  fs::remove_all(root);
  fs::create_directories(root / "repository/.git");
  fs::create_directories(root / "repository/services/shop");
  std::ofstream(root / "rollout.toml") << "";
  CHECK_FALSE(find_project_file((root / "repository/services/shop").string()));
  std::ofstream(root / "repository/rollout.toml") << "";
  const std::string file = (root / "repository/rollout.toml").string();
  CHECK(find_project_file((root / "repository/services/shop").string()) == file);
  CHECK(find_project_file((root / "repository").string()) == file);

  SECTION("one that everybody may write to is refused") {
    fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
    const auto project = read_project_file(file);
    REQUIRE_FALSE(project);
    CHECK(project.error().find("everybody may write to it") != std::string::npos);
  }
  SECTION("one that is not there is named") {
    const auto project = read_project_file((root / "other.toml").string());
    REQUIRE_FALSE(project);
    CHECK(project.error().find("other.toml") != std::string::npos);
  }
  fs::remove_all(root);
}

}  // namespace rollout::project
