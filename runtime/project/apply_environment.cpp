#include "runtime/project/apply_environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compiler/diagnostics/suggest.hpp"
#include "runtime/plan/passed_variables.hpp"

namespace rollout::project {

namespace {

using plan::Id;
using plan::Plan;

constexpr std::string_view kNone = "none";

template <typename Row>
Row* find_row(std::vector<Row>& rows, std::string_view name) {
  const auto row = std::ranges::find(rows, name, &Row::name);
  return row == rows.end() ? nullptr : &*row;
}

template <typename Row>
std::vector<std::string> names_of(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

// A name that the plan does not have: a slip for one that nothing else in the environment speaks of, or another plan's.
template <typename Row>
std::optional<std::string> slip(std::string_view what, const std::string& name, const std::vector<Row>& rows,
                                const std::vector<std::string>& spoken_of) {
  const auto close = diagnostics::closest(name, names_of(rows));
  if (!close || std::ranges::find(spoken_of, *close) != spoken_of.end()) return std::nullopt;
  return fmt::format("`{}` is no {} of this plan; did you mean `{}`?", name, what, *close);
}

// A routine that gives the text.
plan::RoutineId add_text_routine(Plan& plan, const std::string& text) {
  const auto constant = static_cast<Id>(plan.constants.size());
  plan.constants.push_back(plan::Value::string(text));
  const auto begin = static_cast<std::uint32_t>(plan.code.size());
  plan.code.push_back({.op = plan::Op::Constant, .b = constant});
  plan.code.push_back({.op = plan::Op::Return});
  plan.routines.push_back({begin, begin + 2, plan::ValueKind::String, plan::to_literal(plan.constants.back())});
  return static_cast<plan::RoutineId>(plan.routines.size() - 1);
}

std::optional<std::string> apply_secrets(Plan& plan, const Environment& environment) {
  std::vector<std::string> spoken_of;
  for (const SecretReference& secret : environment.secrets) spoken_of.push_back(secret.name);
  for (const SecretReference& secret : environment.secrets) {
    plan::Secret* row = find_row(plan.secrets, secret.name);
    if (row == nullptr) {
      if (auto problem = slip("secret", secret.name, plan.secrets, spoken_of)) return problem;
      continue;
    }
    row->provider = secret.provider;
    row->argument = add_text_routine(plan, secret.argument);
    row->configuration.clear();
    for (const auto& [name, text] : secret.configuration) {
      row->configuration.push_back({name, add_text_routine(plan, text)});
    }
  }
  return std::nullopt;
}

std::optional<std::string> apply_channels(Plan& plan, const Environment& environment) {
  std::vector<std::string> spoken_of;
  for (const auto& [name, target] : environment.channels) spoken_of.push_back(name);
  // Each takes the place of what was written in the plan, whatever the others become.
  const std::vector<plan::Channel> written = plan.channels;
  for (const auto& [name, target] : environment.channels) {
    plan::Channel* row = find_row(plan.channels, name);
    if (row == nullptr) {
      if (auto problem = slip("channel", name, plan.channels, spoken_of)) return problem;
      continue;
    }
    plan::Channel stands_in{.name = name, .kept = {}, .copies = {}};
    if (target != kNone) {
      const auto other = std::ranges::find(written, target, &plan::Channel::name);
      if (other == written.end()) {
        return fmt::format(
            "`{}` cannot stand in for the channel `{}`: the plan has no such channel; it is `none` or one of `{}`",
            target, name, fmt::join(names_of(written), "`, `"));
      }
      stands_in = *other;
      stands_in.name = name;
    }
    *row = std::move(stands_in);
  }
  return std::nullopt;
}

}  // namespace

plan::Expected<std::shared_ptr<const plan::VerifiedPlan>, std::string> with_environment(
    const plan::VerifiedPlan& plan, const Environment& environment, const std::string& project_path) {
  Plan changed = *plan;
  const auto problem = [&](const std::string& message) {
    return fmt::format("{}: environment `{}`: {}", project_path, environment.name, message);
  };
  if (auto wrong = apply_secrets(changed, environment)) return problem(*wrong);
  if (auto wrong = apply_channels(changed, environment)) return problem(*wrong);
  changed.rollout.environment = environment.name;
  changed.environment = {.name = environment.name,
                         .description = environment.description,
                         .production = environment.production,
                         .prometheus_url = environment.prometheus_url,
                         .variables = {}};
  for (const auto& [name, value] : environment.variables) changed.environment.variables.push_back({name, value});
  for (const std::string& name : environment.passed)
    changed.environment.variables.push_back({plan::passed_entry(name), {}});
  auto verified = plan::verify(std::move(changed));
  if (!verified) return problem(verified.error().message);
  return *verified;
}

std::vector<std::string> settings_of(const Plan& plan, const Environment& environment,
                                     const std::vector<std::string>& already_set) {
  std::vector<std::string> settings;
  for (const auto& [name, value] : environment.parameters) {
    const bool set =
        std::ranges::any_of(already_set, [&](const std::string& one) { return one.starts_with(name + "="); });
    const bool known = std::ranges::find(plan.parameters, name, &plan::Parameter::name) != plan.parameters.end();
    if (!set && known) settings.push_back(fmt::format("{}={}", name, value));
  }
  return settings;
}

}  // namespace rollout::project
