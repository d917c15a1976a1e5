#include "runtime/project/project_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "compiler/diagnostics/suggest.hpp"
#include "compiler/driver/source_reader.hpp"
#include "runtime/plan/passed_variables.hpp"

// Debian builds the library with exceptions; without them only its headers will do.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace rollout::project {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 1u << 20;
constexpr std::string_view kFileName = "rollout.toml";

// What a reader of a table finds wrong first; later complaints are dropped.
class Problems {
 public:
  explicit Problems(std::string path) : path_(std::move(path)) {}

  void report(const toml::source_region& where, const std::string& message) {
    if (first_.empty()) first_ = at(where.begin) + message;
  }
  void report(const toml::node& node, const std::string& message) { report(node.source(), message); }
  std::string at(const toml::source_position& position) const {
    return fmt::format("{}:{}:{}: ", path_, position.line, position.column);
  }
  const std::string& first() const { return first_; }

 private:
  std::string path_, first_;
};

std::string quoted_list(const std::vector<std::string>& names) {
  return fmt::format("`{}`", fmt::join(names, "`, `"));
}

void report_unknown(Problems& problems, const toml::key& key, const std::string& what,
                    const std::vector<std::string>& known) {
  const auto close = diagnostics::closest(key.str(), known);
  problems.report(key.source(),
                  fmt::format("`{}` is no setting of {}; {}", key.str(), what,
                              close ? fmt::format("did you mean `{}`?", *close) : "there are " + quoted_list(known)));
}

// One setting as it stands in the file.
struct Given {
  Problems& problems;
  const toml::key& key;
  const toml::node& node;
  const fs::path& folder;  // of the project file

  std::string_view name() const { return key.str(); }
  void report(const std::string& message) const { problems.report(node, message); }
  // Something within it.
  Given within(const toml::key& inner_key, const toml::node& inner) const {
    return {problems, inner_key, inner, folder};
  }
};

std::string text_of(const Given& given) {
  const auto text = given.node.value<std::string_view>();
  if (!given.node.is_string() || text->empty()) {
    given.report(fmt::format("`{0}` is a text, for example {0} = \"...\"", given.name()));
    return {};
  }
  return std::string(*text);
}

bool flag_of(const Given& given) {
  if (!given.node.is_boolean()) given.report(fmt::format("`{}` is true or false", given.name()));
  return given.node.value_or(false);
}

// A parameter's value as `--set` takes it: quantities are texts ("15m", "5%") in TOML.
std::string literal_of(const Given& given) {
  const toml::node& node = given.node;
  if (node.is_string()) return std::string(*node.value<std::string_view>());
  if (node.is_integer()) return fmt::format("{}", *node.value<std::int64_t>());
  if (node.is_floating_point()) return fmt::format("{}", *node.value<double>());
  if (node.is_boolean()) return *node.value<bool>() ? "true" : "false";
  if (const toml::array* list = node.as_array()) {
    std::vector<plan::Value> values;
    for (const toml::node& element : *list) {
      if (element.is_string()) values.push_back(plan::Value::string(std::string(*element.value<std::string_view>())));
      if (element.is_number()) values.push_back(plan::Value::number(*element.value<double>()));
      if (element.is_boolean()) values.push_back(plan::Value::boolean(*element.value<bool>()));
    }
    if (values.size() == list->size()) return plan::to_json(plan::Value::list(std::move(values)));
  }
  given.report(
      fmt::format("`{0}` is a text, a number, true, false, or a list of these; quantities and instants are texts, as "
                  "in {0} = \"15m\"",
                  given.name()));
  return {};
}

const toml::table* table_of(const Given& given) {
  if (!given.node.is_table()) given.report(fmt::format("`{}` is a table", given.name()));
  return given.node.as_table();
}

NamedTexts texts_of(const Given& given, std::string (*text)(const Given&)) {
  NamedTexts texts;
  if (const toml::table* table = table_of(given)) {
    for (const auto& [name, value] : *table) texts.emplace_back(name.str(), text(given.within(name, value)));
  }
  return texts;
}

// Variables are shown and kept in journals, so a credential among them is a mistake.
std::string variable_of(const Given& given) {
  const toml::key& key = given.key;
  const std::string name(given.name());
  if (plan::looks_like_credential(name)) {
    given.problems.report(
        key.source(),
        fmt::format("`{0}` looks like a credential, and variables are kept in journals: pass it on as it is with `pass "
                    "= [\"{0}\"]`, or declare a `secret` in the plan, give it to the command with `env:`, and say "
                    "under `secrets` where it is",
                    key.str()));
  }
  if (name.empty() || name.find('=') != std::string::npos) {
    given.problems.report(key.source(), fmt::format("`{}` cannot be the name of an environment variable", key.str()));
  }
  return text_of(given);
}

// Names, or how names begin: `AWS_*`. One that is nearly everything would undo the allow-list.
std::vector<std::string> passed_of(const Given& given) {
  std::vector<std::string> names;
  const toml::array* list = given.node.as_array();
  if (list == nullptr) given.report("`pass` is a list of names, for example pass = [\"AWS_*\"]");
  if (list == nullptr) return names;
  for (const toml::node& node : *list) {
    const Given one = given.within(given.key, node);
    std::string name = text_of(one);
    if (!plan::is_passed_pattern(name)) {
      one.report(fmt::format(
          "`{}` is no name of an environment variable; a `*` may stand at its end, behind three letters or more",
          name));
    }
    names.push_back(std::move(name));
  }
  return names;
}

// Where secrets are: the first word of the table, and what else may and must stand in it.
struct ProviderRow {
  std::string_view name;
  plan::SecretProvider provider;
  std::string_view required;  // empty: nothing
  std::vector<std::string_view> optional;
};
const std::vector<ProviderRow>& providers() {
  using plan::SecretProvider;
  static const std::vector<ProviderRow> rows = {
      {"env", SecretProvider::Environment, "", {}},
      {"file", SecretProvider::File, "", {}},
      {"vault", SecretProvider::Vault, "key", {"mount", "address", "namespace"}},
      {"aws_secrets", SecretProvider::AwsSecrets, "", {"key", "region", "address"}},
      {"sops", SecretProvider::Sops, "key", {}},
  };
  return rows;
}

// The row of the provider that the table names, and whether everything else in it belongs to that row.
const ProviderRow* provider_of(const toml::table& table) {
  const auto row = std::ranges::find_if(providers(), [&](const ProviderRow& one) { return table.contains(one.name); });
  if (row == providers().end() || (!row->required.empty() && !table.contains(row->required))) return nullptr;
  const bool fits = std::ranges::all_of(table, [&](const auto& entry) {
    const std::string_view name = entry.first.str();
    return name == row->name || name == row->required || std::ranges::find(row->optional, name) != row->optional.end();
  });
  return fits ? &*row : nullptr;
}

SecretReference secret_of(const Given& given) {
  SecretReference secret;
  secret.name = given.name();
  const toml::table* table = given.node.as_table();
  const ProviderRow* row = table == nullptr ? nullptr : provider_of(*table);
  if (row == nullptr) {
    given.report(
        fmt::format("a secret says where it is, never what it is: {0} = {{ env = \"VARIABLE\" }}, {{ file "
                    "= \"/path\" }}, {{ vault = \"path\", key = \"...\" }}, {{ aws_secrets = \"name\" }} or {{ "
                    "sops = \"file\", key = \"...\" }}",
                    given.name()));
    return secret;
  }
  secret.provider = row->provider;
  for (const auto& [name, value] : *table) {
    std::string text = text_of(given.within(name, value));
    if (name.str() == row->name) {
      secret.argument = std::move(text);
    } else {
      secret.configuration.emplace_back(name.str(), std::move(text));
    }
  }
  return secret;
}

std::vector<SecretReference> secrets_of(const Given& given) {
  std::vector<SecretReference> secrets;
  if (const toml::table* table = table_of(given)) {
    for (const auto& [name, value] : *table) secrets.push_back(secret_of(given.within(name, value)));
  }
  return secrets;
}

std::vector<std::string> keys_of(const Given& given) {
  std::vector<std::string> files;
  const toml::array* list = given.node.as_array();
  if (list == nullptr || list->empty()) {
    given.report(fmt::format("`{0}` is a list of files, for example {0} = [\"keys/release.pub\"]", given.name()));
    return files;
  }
  for (const toml::node& file : *list) {
    files.push_back((given.folder / text_of(given.within(given.key, file))).string());
  }
  return files;
}

// One setting of an environment, by its name.
struct Setting {
  std::string_view name;
  void (*read)(const Given& given, Environment& into);
};
constexpr Setting kSettings[] = {
    {"description", [](const Given& given, Environment& into) { into.description = text_of(given); }},
    {"production", [](const Given& given, Environment& into) { into.production = flag_of(given); }},
    {"prometheus", [](const Given& given, Environment& into) { into.prometheus_url = text_of(given); }},
    {"parameters", [](const Given& given, Environment& into) { into.parameters = texts_of(given, literal_of); }},
    {"variables", [](const Given& given, Environment& into) { into.variables = texts_of(given, variable_of); }},
    {"pass", [](const Given& given, Environment& into) { into.passed = passed_of(given); }},
    {"secrets", [](const Given& given, Environment& into) { into.secrets = secrets_of(given); }},
    {"channels", [](const Given& given, Environment& into) { into.channels = texts_of(given, text_of); }},
    {"require-signature", [](const Given& given, Environment& into) { into.require_signature = flag_of(given); }},
    {"trust", [](const Given& given, Environment& into) { into.trusted_keys = keys_of(given); }},
};

Environment environment_of(const Given& given) {
  Environment environment = named_environment(std::string(given.name()));
  const toml::table* table = table_of(given);
  if (table == nullptr) return environment;
  for (const auto& [key, value] : *table) {
    const auto setting = std::ranges::find(kSettings, key.str(), &Setting::name);
    if (setting != std::end(kSettings)) {
      setting->read(given.within(key, value), environment);
      continue;
    }
    std::vector<std::string> known;
    for (const Setting& each : kSettings) known.emplace_back(each.name);
    report_unknown(given.problems, key, "an environment", known);
  }
  return environment;
}

}  // namespace

bool is_production_name(std::string_view name) {
  return name.starts_with("prod") || name.starts_with("Prod") || name == "live";
}

Environment named_environment(const std::string& name) {
  Environment environment;
  environment.name = name;
  environment.production = is_production_name(name);
  return environment;
}

plan::Expected<ProjectFile, std::string> read_project(std::string_view text, const std::string& path) {
  Problems problems(path);
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    return problems.at(parsed.error().source().begin) + std::string(parsed.error().description());
  }
  ProjectFile project;
  project.path = path;
  const fs::path folder = fs::path(path).parent_path();
  const toml::node* default_node = nullptr;
  for (const auto& [key, value] : parsed.table()) {
    const Given given{problems, key, value, folder};
    if (given.name() == "default-environment") {
      project.default_environment = text_of(given);
      default_node = &value;
    } else if (given.name() == "environments") {
      const toml::table* environments = table_of(given);
      if (environments == nullptr) continue;
      for (const auto& [name, environment] : *environments) {
        project.environments.push_back(environment_of(given.within(name, environment)));
      }
    } else {
      report_unknown(problems, key, "a project", {"default-environment", "environments"});
    }
  }
  if (default_node != nullptr && std::ranges::find(project.environments, project.default_environment,
                                                   &Environment::name) == project.environments.end()) {
    problems.report(*default_node,
                    fmt::format("there is no environment `{}` in this file", project.default_environment));
  }
  if (!problems.first().empty()) return problems.first();
  return project;
}

std::optional<std::string> find_project_file(const std::string& folder) {
  std::error_code error;
  fs::path here = fs::absolute(folder.empty() ? "." : folder, error).lexically_normal();
  for (; !error; here = here.parent_path()) {
    const fs::path file = here / kFileName;
    if (fs::exists(file, error)) return file.string();
    if (fs::exists(here / ".git", error) || here == here.parent_path()) return std::nullopt;
  }
  return std::nullopt;
}

plan::Expected<ProjectFile, std::string> read_project_file(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) {
    const bool others = info.st_uid != ::geteuid() && info.st_uid != 0 && ::geteuid() != 0;
    if (others || (info.st_mode & S_IWOTH) != 0) {
      return fmt::format(
          "{}: {}, and it says where credentials go; name a file of yours with --project, or mend its {}", path,
          others ? "belongs to somebody else" : "everybody may write to it", others ? "owner" : "mode");
    }
  }
  const auto text = driver::read_bytes(path, kMostBytes);
  if (!text) return text.error().message;
  return read_project(*text, path);
}

}  // namespace rollout::project
