// Values of a developer's machine in a rollout of the production environment.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/constants.hpp"
#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"

namespace rollout::lints {
namespace {

using check::RolloutDecl;
using diagnostics::Code;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

bool is_production(const std::string& text) {
  const std::string name = lower(text);
  return name == "production" || name == "prod";
}

// The words that people leave where a secret has to go.
bool is_of_development(const std::string& text) {
  const std::string value = lower(text);
  return value.starts_with("dev-") || value == "changeme" || value == "change-me";
}

}  // namespace

void development_value(const LintInput& input, diagnostics::Sink& sink) {
  for (const RolloutDecl& rollout : input.module.rollouts) {
    if (!input.is_own(rollout.location)) continue;
    const auto text_of = [&](const check::SettingDecl& setting) -> std::string {
      const auto value = check::constant_value(input.module, setting.value);
      return value && value->kind() == plan::ValueKind::String ? value->as_string() : std::string();
    };
    const auto said =
        std::ranges::find_if(rollout.settings, [&](const auto& one) { return is_production(text_of(one)); });
    if (!is_production(rollout.environment) && said == rollout.settings.end()) continue;
    for (const check::SettingDecl& setting : rollout.settings) {
      const std::string text = text_of(setting);
      if (!is_of_development(text)) continue;
      check::Report report(
          sink, Code::DevelopmentValue, input.module.exprs[setting.value].location,
          fmt::format("the setting \"{}\" has a development value, \"{}\", in production", setting.name, text));
      if (is_production(rollout.environment)) {
        report.note(fmt::format("the rollout's environment is \"{}\"", rollout.environment));
      } else {
        report.also(input.module.exprs[said->value].location, "says that this is production");
      }
      report.help("name where the production value comes from, for example `secret ... = env(\"...\")`");
    }
  }
}

}  // namespace rollout::lints
