#include <fmt/format.h>

#include <map>
#include <optional>

#include "runtime/command/commands.hpp"
#include "runtime/command/output.hpp"
#include "runtime/command/plugin_programs.hpp"
#include "runtime/command/preflight.hpp"
#include "runtime/command/reading.hpp"
#include "runtime/command/session.hpp"
#include "runtime/command/state_directory.hpp"
#include "runtime/console/text.hpp"
#include "runtime/engine/control.hpp"

namespace rollout::command {

namespace {

using machine::Verb;

const std::map<std::string, Verb>& verbs() {
  static const std::map<std::string, Verb> table{{"approve", Verb::Approve},
                                                 {"reject", Verb::Reject},
                                                 {"tick", Verb::Tick},
                                                 {"answer", Verb::Answer},
                                                 {"pause", Verb::Pause},
                                                 {"resume", Verb::Resume},
                                                 {"promote", Verb::Promote},
                                                 {"abort", Verb::Abort},
                                                 {"rollback", Verb::Rollback},
                                                 {"retry", Verb::Retry},
                                                 {"acknowledge", Verb::Acknowledge}};
  return table;
}

machine::PersonSaid said(Verb verb, const PersonArguments& arguments) {
  const bool all_items = verb == Verb::Tick && arguments.text.empty();
  return {.verb = verb,
          .who = arguments.who.empty() ? engine::own_speaker().name() : arguments.who,
          .gate = arguments.gate,
          .text = all_items ? "*" : arguments.text};
}

Exit tell(const StateDirectory& state, const std::string& run_id, const machine::PersonSaid& person) {
  auto answer = engine::tell(state.socket_of(run_id), person);
  if (!answer) return complain(answer.error().message);
  if (answer->accepted) {
    fmt::print("{}\n", console::escaped(answer->message));
    return Exit::Ok;
  }
  fmt::print(stderr, "rollout: refused: {}\n", console::escaped(answer->message));
  return Exit::Refused;
}

// A run that no process drives is taken up here, for what may not wait for somebody to find its terminal.
Exit take_up(const StateDirectory& state, const std::string& run_id, const RunArguments& how,
             const std::optional<machine::PersonSaid>& then) {
  auto stored = read_stored(state, run_id);
  if (!stored) return complain(stored.error().message);
  const auto programs = stored_programs(state, run_id, **stored->plan);
  if (!programs) return complain(programs.error() + ". Nothing was started");
  const SessionOptions options{how.common.format, prometheus_url(how.prometheus_url, **stored->plan), how.log_file,
                               *programs};
  return drive(state, run_id, *stored->plan, options, [&](engine::Engine& engine) -> plan::Expected<std::string> {
    auto resumed = engine.resume(run_id);
    if (!resumed || !then) return resumed;
    auto answer = engine.say(run_id, *then, engine::own_speaker());
    if (!answer) return answer.error();
    return run_id;
  });
}

// The state that a run has ended in; empty where it has not, or where a person may still take it up.
std::string how_it_ended(const StateDirectory& state, const std::string& run_id) {
  const auto stored = read_stored(state, run_id);
  if (!stored) return {};
  const auto machine = machine::Machine::restore(stored->plan, stored->snapshot);
  const bool over = machine && machine->finished() && machine->state() != machine::RunState::RollbackIncomplete;
  return over ? std::string(machine::state_name(machine->state())) : std::string{};
}

}  // namespace

Exit say(const std::string& verb, const PersonArguments& arguments) {
  auto state = open_state_directory(arguments.common.state);
  if (!state) return complain(state.error().message);
  auto run_id = find_run(*state, arguments.run);
  if (!run_id) return complain(run_id.error().message);
  const machine::PersonSaid person = said(verbs().at(verb), arguments);
  if (is_driven(*state, *run_id)) return tell(*state, *run_id, person);
  if (const std::string end = how_it_ended(*state, *run_id); !end.empty()) {
    fmt::print(stderr, "rollout: refused: `{}` has ended ({}), there is nothing left to say to it\n", *run_id, end);
    return Exit::Refused;
  }
  if (person.verb == Verb::Rollback || person.verb == Verb::Abort) {
    RunArguments how;
    how.common = arguments.common;
    return take_up(*state, *run_id, how, person);
  }
  return complain(
      fmt::format("no process drives `{}`, so nothing can be said to it; take it up with `rollout resume {}`, "
                  "or see with `rollout status {}` how it stands",
                  *run_id, *run_id, *run_id));
}

Exit resume(const PersonArguments& arguments, const RunArguments& how) {
  auto state = open_state_directory(arguments.common.state);
  if (!state) return complain(state.error().message);
  auto run_id = find_run(*state, arguments.run);
  if (!run_id) return complain(run_id.error().message);
  if (is_driven(*state, *run_id)) return tell(*state, *run_id, said(Verb::Resume, arguments));
  RunArguments session = how;
  session.common = arguments.common;
  return take_up(*state, *run_id, session, std::nullopt);
}

}  // namespace rollout::command
