#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "compiler/driver/clock.hpp"
#include "compiler/driver/compile.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/environment.hpp"
#include "runtime/command/output.hpp"
#include "runtime/command/parameters.hpp"
#include "runtime/command/plugin_foresight.hpp"
#include "runtime/command/plugin_programs.hpp"
#include "runtime/command/preflight.hpp"
#include "runtime/command/session.hpp"
#include "runtime/command/state_directory.hpp"
#include "runtime/console/preview.hpp"
#include "runtime/console/text.hpp"
#include "runtime/machine/machine.hpp"
#include "runtime/zones/zones.hpp"

namespace rollout::command {

namespace {

// Nothing, or the reason why the run may not start. Where production is touched a yes is typed too easily.
std::optional<std::string> refusal_to_start(const RunArguments& arguments, const plan::Plan& plan) {
  if (arguments.yes) return std::nullopt;
  if (::isatty(STDIN_FILENO) != 1) return "nobody can be asked here (no terminal); add --yes to start";
  const std::string& name = plan.rollout.name;
  const bool production = is_production(plan);
  if (production) {
    fmt::print("\nThis changes {}. Type the rollout's name, {}, to start it: ",
               console::escaped(plan.rollout.environment), name);
  } else {
    fmt::print("\nStart this rollout? Type yes: ");
  }
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  if (production)
    return answer == name ? std::nullopt : std::optional<std::string>("not started: that is not its name");
  if (answer == "yes" || answer == "y") return std::nullopt;
  return "not started";
}

std::optional<plan::Nanoseconds> instant_of(const std::string& text) {
  const auto value = plan::parse_literal(text, plan::ValueKind::Instant);
  return value ? std::optional(value->as_integer()) : std::nullopt;
}

// A plan is also read where its plugins are not.
Exit not_asked(const RunArguments& arguments, const std::string& why) {
  if (arguments.common.format == Format::Text) fmt::print("\nIts plugins were not asked: {}\n", console::escaped(why));
  return Exit::Ok;
}

// Asks the plugins about their calls, and shows what they say; gives the reason why the plan is not to be started.
std::optional<std::string> objection_of_plugins(const RunArguments& arguments, const plan::Plan& plan,
                                                const ParameterValues& parameters,
                                                const std::vector<plugins::Program>& programs) {
  const bool shows = arguments.common.format == Format::Text;
  const auto seen = ask_plugins(plan, parameters, programs, shows);
  if (const auto refusal = refusal_of(plan, seen)) return refusal;
  for (const std::string& line : warnings_of(plan, seen)) fmt::print(stderr, "careful: {}\n", line);
  if (!shows) return std::nullopt;
  for (const std::string& line : plan_lines(plan, seen)) fmt::print("{}\n", line);
  return std::nullopt;
}

}  // namespace

Exit run(const RunArguments& arguments) {
  const auto deployed = load_deployed(arguments.plan, arguments.signature);
  if (!deployed) return Exit::Usage;
  const auto& plan = deployed->plan;
  auto parameters = read_parameters(**plan, deployed->parameters);
  if (!parameters) return complain(parameters.error().message);
  const auto start_at = instant_of(arguments.start_at);
  if (!arguments.start_at.empty() && !start_at) {
    return complain(
        fmt::format("`--at {}` is no instant; write for example --at 2026-12-01T02:00Z", arguments.start_at));
  }
  const auto zones = zones::read_zones(**plan, driver::wall_clock());
  if (!zones) return complain(zones.error().message);
  // What makes it impossible is found before anybody is asked, and before anything is stored.
  const auto tried = machine::Machine::create(
      plan, {.run_id = "trial", .parameters = *parameters, .zones = *zones, .start_at = start_at},
      driver::wall_clock());
  if (!tried) return complain(tried.error().message + ". Nothing was started");
  if (arguments.common.format == Format::Text) {
    const auto terminal = driver::terminal_options(STDOUT_FILENO);
    const console::PreviewOptions options{.width = terminal.columns,
                                          .colour = terminal.colour == diagnostics::Colour::Always,
                                          .time = console::PreviewTime{driver::wall_clock(), *zones, start_at}};
    for (const std::string& line : console::preview(*plan, *parameters, options)) fmt::print("{}\n", line);
  }
  const auto programs = programs_beside(arguments.plan.file, **plan);
  if (arguments.plan_only && !programs) return not_asked(arguments, programs.error());
  if (!programs) return complain(programs.error() + ". Nothing was started");
  if (const auto problem = objection_of_plugins(arguments, **plan, *parameters, *programs)) {
    return complain(*problem + ". Nothing was started");
  }
  if (arguments.plan_only) return Exit::Ok;
  const std::string url = prometheus_url(arguments.prometheus_url, **plan);
  if (const auto problem = unreachable_source(*plan, *parameters, url)) {
    return complain(*problem + ". Nothing was started");
  }
  auto state = open_state_directory(arguments.common.state);
  if (!state) return complain(state.error().message);
  if (const auto refusal = refusal_to_start(arguments, **plan)) return complain(*refusal);

  auto run_id = reserve_run_id(*state, (*plan)->rollout.name);
  if (!run_id) return complain(run_id.error().message);
  const SessionOptions options{arguments.common.format, url, arguments.log_file, *programs};
  return drive(*state, *run_id, *plan, options, [&](engine::Engine& engine) {
    return engine.start(
        plan,
        {.run_id = *run_id, .parameters = *parameters, .scripted_world = false, .zones = *zones, .start_at = start_at});
  });
}

}  // namespace rollout::command
