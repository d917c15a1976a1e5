// The project file `rollout.toml`: which environments there are, and what stands behind the names of a plan in each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/plan/plan.hpp"

namespace rollout::project {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;  // in the order of the file

// Where a secret is to be had.
struct SecretReference {
  std::string name;  // as the plan declares it: `token`; one of a module with its name before it: `slack.webhook_url`
  plan::SecretProvider provider{};
  std::string argument;      // the variable's name, the file's path, what the provider calls it
  NamedTexts configuration;  // of a provider that is asked: key, address, region, ...
};

// One table `[environments.NAME]`.
struct Environment {
  std::string name;
  std::string description;
  bool production = false;          // unless said: whether the name begins with `prod`, or is `live`
  std::string prometheus_url;       // empty: as without a project file
  NamedTexts parameters;            // values as `--set` takes them
  NamedTexts variables;             // environment variables of commands
  std::vector<std::string> passed;  // names of variables that commands get as they are; `AWS_*` are all that begin so
  std::vector<SecretReference> secrets;
  NamedTexts channels;  // a channel's name, and whose place it takes: another channel's, or `none`
  bool require_signature = false;
  std::vector<std::string> trusted_keys;  // files of public keys; relative ones were looked up beside the project file
};

struct ProjectFile {
  std::string path;
  std::string default_environment;  // without --env; empty: one has to be named
  std::vector<Environment> environments;
};

// Whether an environment of this name is production, where nobody has said so.
bool is_production_name(std::string_view name);
// An environment of which nothing but its name is known.
Environment named_environment(const std::string& name);

// Reads the text of a project file. An error is for people and names the line: "rollout.toml:3:1: ...".
plan::Expected<ProjectFile, std::string> read_project(std::string_view text, const std::string& path);

// The nearest `rollout.toml` in the folder or above it; nothing where there is none. A folder with `.git` is the last
// that is looked into.
std::optional<std::string> find_project_file(const std::string& folder);

// Reads the file. One that others may write to is refused: it says where credentials go.
plan::Expected<ProjectFile, std::string> read_project_file(const std::string& path);

}  // namespace rollout::project
