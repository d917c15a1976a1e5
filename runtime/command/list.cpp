#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "runtime/command/commands.hpp"
#include "runtime/command/output.hpp"
#include "runtime/command/state_directory.hpp"
#include "runtime/plan/value.hpp"

namespace rollout::command {

namespace {

std::string run_json(const journal::RunRow& run, bool driven) {
  using plan::Value;
  return plan::to_json(Value::map({{"run", Value::string(run.run_id)},
                                   {"rollout", Value::string(run.rollout)},
                                   {"state", Value::string(run.state)},
                                   {"driven", Value::boolean(driven)},
                                   {"created", Value::string(plan::instant_text(run.created))},
                                   {"updated", Value::string(plan::instant_text(run.updated))},
                                   {"plan", Value::string(run.plan_id)}}));
}

}  // namespace

Exit list(const Common& arguments, bool names_only) {
  auto state = open_state_directory(arguments.state);
  if (!state) return complain(state.error().message);
  std::vector<std::string> problems;
  const std::vector<journal::RunRow> runs = all_runs(*state, problems);
  if (names_only) {
    for (const auto& run : runs) fmt::print("{}\n", run.run_id);
  } else if (arguments.format == Format::Json) {
    std::string text = "[";
    for (const auto& run : runs) {
      text += (text.size() > 1 ? ",\n " : "") + run_json(run, is_driven(*state, run.run_id));
    }
    fmt::print("{}]\n", text);
  } else if (runs.empty()) {
    fmt::print("no runs in {}; start one with `rollout run FILE`\n", state->path);
  } else {
    std::size_t width = 3;
    for (const auto& run : runs) width = std::max(width, run.run_id.size());
    fmt::print("{:<{}}  {:<19}  {:<20}  {}\n", "RUN", width, "STATE", "CREATED", "DRIVEN BY A PROCESS");
    for (const auto& run : runs) {
      fmt::print("{:<{}}  {:<19}  {:<20}  {}\n", run.run_id, width, run.state,
                 plan::instant_text(run.created / 1'000'000'000 * 1'000'000'000),
                 is_driven(*state, run.run_id) ? "yes" : "no");
    }
  }
  for (const std::string& problem : problems) complain(problem);
  return problems.empty() ? Exit::Ok : Exit::Usage;
}

}  // namespace rollout::command
