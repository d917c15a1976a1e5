#include "runtime/command/plugin_foresight.hpp"

#include <fmt/format.h>

#include "runtime/console/text.hpp"

namespace rollout::command {

namespace {

// "`pool.shift` (shop.rollout:12)".
std::string call_text(const plan::Plan& plan, const plugins::PlannedCall& call) {
  const std::string name = console::escaped(call.plugin + "." + call.operation);
  if (call.spot >= plan.spots.size()) return fmt::format("`{}`", name);
  const plan::Spot& spot = plan.spots[call.spot];
  const std::string file = spot.file < plan.files.size() ? console::escaped(plan.files[spot.file].path) : "";
  return fmt::format("`{}` ({}:{})", name, file, spot.line);
}

}  // namespace

std::vector<plugins::Foresight> ask_plugins(const plan::Plan& plan, const ParameterValues& parameters,
                                            const std::vector<plugins::Program>& programs, bool with_plans) {
  std::vector<plugins::Foresight> seen;
  if (programs.empty()) return seen;
  const plan::KnownValues values(plan, parameters, plan::Defaults::Assumed);
  const auto calls = plugins::planned_calls(plan, values);
  for (const plugins::Program& program : programs) seen.push_back(plugins::foresee(program, calls, with_plans));
  return seen;
}

std::string note_line(const plan::Plan& plan, const plugins::CallNote& note) {
  return fmt::format("{}: {}", call_text(plan, note.call), note.text);
}

std::optional<std::string> refusal_of(const plan::Plan& plan, const std::vector<plugins::Foresight>& seen) {
  std::vector<std::string> refused;
  for (const plugins::Foresight& one : seen) {
    if (!one.problem.empty()) return fmt::format("plugin `{}` {}", one.plugin, one.problem);
    for (const plugins::CallNote& note : one.notes) {
      if (note.error) refused.push_back(note_line(plan, note));
    }
  }
  if (refused.empty()) return std::nullopt;
  return fmt::format("a plugin refuses the arguments of {}", fmt::join(refused, ", and of "));
}

std::vector<std::string> warnings_of(const plan::Plan& plan, const std::vector<plugins::Foresight>& seen) {
  std::vector<std::string> lines;
  for (const plugins::Foresight& one : seen) {
    for (const plugins::CallNote& note : one.notes) {
      if (!note.error) lines.push_back(note_line(plan, note));
    }
  }
  return lines;
}

std::vector<std::string> plan_lines(const plan::Plan& plan, const std::vector<plugins::Foresight>& seen) {
  std::vector<std::string> lines;
  for (const plugins::Foresight& one : seen) {
    for (const plugins::CallPlan& call : one.plans) {
      if (lines.empty()) lines = {"", "What its plugins would do"};
      lines.push_back("  " + call_text(plan, call.call));
      for (const std::string& line : call.lines) lines.push_back("    " + line);
    }
  }
  return lines;
}

}  // namespace rollout::command
