#include "runtime/command/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "compiler/diagnostics/suggest.hpp"
#include "runtime/command/load_plan.hpp"
#include "runtime/command/output.hpp"
#include "runtime/project/apply_environment.hpp"

namespace rollout::command {

namespace {

struct Chosen {
  std::string project;  // path of the project file
  project::Environment environment;
};
// Nothing: there is no project file, or it has no environments.
using MaybeChosen = plan::Expected<std::optional<Chosen>, std::string>;

MaybeChosen choose(const project::ProjectFile& file, const std::string& wanted) {
  if (file.environments.empty()) return std::optional<Chosen>();
  std::vector<std::string> names;
  for (const project::Environment& each : file.environments) names.push_back(each.name);
  const std::string& name = wanted.empty() ? file.default_environment : wanted;
  // Whoever does not say where could mean any of them, and one may be production.
  if (name.empty()) {
    return fmt::format("{} has the environments {}: say with --env in which to run", file.path, fmt::join(names, ", "));
  }
  const auto found = std::ranges::find(file.environments, name, &project::Environment::name);
  if (found != file.environments.end()) return std::optional(Chosen{file.path, *found});
  const auto close = diagnostics::closest(name, names);
  return fmt::format(
      "{} has no environment `{}`; {}", file.path, name,
      close ? fmt::format("did you mean `{}`?", *close) : fmt::format("there are {}", fmt::join(names, ", ")));
}

MaybeChosen choose(const PlanArguments& arguments) {
  std::string path = arguments.project;
  if (path.empty()) {
    const auto found = project::find_project_file(std::filesystem::path(arguments.file).parent_path().string());
    if (!found) return std::optional<Chosen>();
    path = *found;
  }
  const auto file = project::read_project_file(path);
  if (!file) return file.error();
  return choose(*file, arguments.environment);
}

SignaturePolicy policy_of(const SignatureArguments& signature, const std::string& name,
                          const std::optional<Chosen>& chosen) {
  SignaturePolicy policy{signature.require || !signature.trusted_keys.empty(), signature.trusted_keys, name};
  if (!chosen) return policy;
  policy.required |= chosen->environment.require_signature;
  if (policy.keys.empty()) policy.keys = chosen->environment.trusted_keys;
  return policy;
}

}  // namespace

bool is_production(const plan::Plan& plan) {
  return plan.environment.name.empty() ? project::is_production_name(plan.rollout.environment)
                                       : plan.environment.production;
}

std::optional<DeployedPlan> load_deployed(const PlanArguments& arguments, const SignatureArguments& signature) {
  const auto failed = [](const std::string& message) {
    complain(message);
    return std::nullopt;
  };
  auto chosen = choose(arguments);
  if (!chosen) return failed(chosen.error());
  // A name alone is an environment too, of which nothing more is known.
  if (!*chosen && !arguments.environment.empty()) {
    chosen->emplace(Chosen{"--env", project::named_environment(arguments.environment)});
  }
  const std::string name = *chosen ? (*chosen)->environment.name : std::string();
  const auto plan = load_plan(arguments.file, arguments.rollout, policy_of(signature, name, *chosen));
  if (plan == nullptr) return std::nullopt;
  DeployedPlan deployed{plan, arguments.parameters};
  if (!*chosen) return deployed;

  const auto& [project, environment] = **chosen;
  const auto changed = project::with_environment(*plan, environment, project);
  if (!changed) return failed(changed.error());
  deployed.plan = *changed;
  for (std::string& setting : project::settings_of(**deployed.plan, environment, arguments.parameters)) {
    deployed.parameters.push_back(std::move(setting));
  }
  return deployed;
}

}  // namespace rollout::command
