#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "compiler/driver/compile.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/load_plan.hpp"
#include "runtime/command/output.hpp"
#include "runtime/command/parameters.hpp"
#include "runtime/command/preflight.hpp"
#include "runtime/command/session.hpp"
#include "runtime/command/state_directory.hpp"
#include "runtime/console/preview.hpp"

namespace rollout::command {

namespace {

// Yes, or the reason why the run may not start.
std::optional<std::string> refusal_to_start(const RunArguments& arguments) {
  if (arguments.yes) return std::nullopt;
  if (::isatty(STDIN_FILENO) != 1) return "nobody can be asked here (no terminal); add --yes to start";
  fmt::print("\nStart this rollout? Type yes: ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "yes" || answer == "y") return std::nullopt;
  return "not started";
}

}  // namespace

Exit run(const RunArguments& arguments) {
  const auto plan = load_plan(arguments.file, arguments.rollout);
  if (plan == nullptr) return Exit::Usage;
  auto parameters = read_parameters(**plan, arguments.parameters);
  if (!parameters) return complain(parameters.error().message);
  if (arguments.common.format == Format::Text) {
    const auto terminal = driver::terminal_options(STDOUT_FILENO);
    const console::PreviewOptions options{.width = terminal.columns,
                                          .colour = terminal.colour == diagnostics::Colour::Always};
    for (const std::string& line : console::preview(*plan, *parameters, options)) fmt::print("{}\n", line);
  }
  if (arguments.plan_only) return Exit::Ok;
  const std::string url = prometheus_url(arguments);
  if (const auto problem = unreachable_source(*plan, *parameters, url)) return complain(*problem);
  auto state = open_state_directory(arguments.common.state);
  if (!state) return complain(state.error().message);
  if (const auto refusal = refusal_to_start(arguments)) return complain(*refusal);

  auto run_id = reserve_run_id(*state, (*plan)->rollout.name);
  if (!run_id) return complain(run_id.error().message);
  const SessionOptions options{arguments.common.format, url, arguments.log_file};
  return drive(*state, *run_id, *plan, options, [&](engine::Engine& engine) {
    return engine.start(plan, {.run_id = *run_id, .parameters = *parameters, .scripted_world = false});
  });
}

}  // namespace rollout::command
