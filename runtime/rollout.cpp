// The command `rollout`: its verbs and options. What each verb does is in runtime/command/.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "compiler/driver/shell/completion.hpp"
#include "compiler/driver/shell/describe.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/manual.hpp"
#include "runtime/command/output.hpp"

namespace {

using namespace rollout::command;
namespace shell = rollout::shell;

constexpr const char* kExitStatuses =
    "Exit status: 0 succeeded, 1 failed, 2 usage, compile or I/O error, 3 rolled back, 4 rollback incomplete,\n"
    "5 aborted, 6 stopped before the end (resume it), 7 the answer was refused.";

void add_state(CLI::App& verb, Common& common) {
  verb.add_option("--state", common.state,
                  "Directory of the runs (default: $ROLLOUT_STATE, else ~/.local/state/rollout)");
}

void add_format(CLI::App& verb, Format& format) {
  CLI::CheckedTransformer names(std::map<std::string, Format>{{"text", Format::Text}, {"json", Format::Json}});
  verb.add_option("--format", format, "text or json")->transform(names.description("{text,json}"))->type_name("TEXT");
}

void add_how_to_run(CLI::App& verb, RunArguments& how) {
  verb.add_option("--prometheus", how.prometheus_url,
                  "Address of Prometheus (default: $PROMETHEUS_URL, else http://127.0.0.1:9090)");
  verb.add_option("--log", how.log_file, "Write the runtime's own log to this file");
}

CLI::Option* add_plan(CLI::App& verb, PlanArguments& plan, const char* what) {
  CLI::Option* file = verb.add_option("FILE", plan.file, what);
  verb.add_option("--set", plan.parameters, "A parameter's value: NAME=VALUE, repeatable")->type_name("NAME=VALUE");
  verb.add_option("--rollout", plan.rollout, "Which rollout, where the file has several");
  verb.add_option("--env,--environment", plan.environment,
                  "Where it runs: an environment of the project file, and what a signature has to be for")
      ->type_name("NAME");
  verb.add_option("--project", plan.project,
                  "The project file (default: the nearest rollout.toml, from the plan upwards)")
      ->type_name("FILE");
  return file;
}

struct PersonVerb {
  const char *name, *summary, *gate_help, *text_help, *examples;
};

// `text_help` null: the verb takes only a gate (or nothing); `gate_help` null: it takes only a reason.
constexpr PersonVerb kPersonVerbs[] = {
    {"approve", "Approve what a rollout asks for", "What is approved, as the rollout names it", nullptr,
     "rollout approve portal_api-7 \"Go / no-go\" --by dana"},
    {"reject", "Refuse what a rollout asks for", "What is refused", "Why",
     "rollout reject portal_api-7 \"Go / no-go\" \"error budget is spent\" --by kim"},
    {"tick", "Tick an item of a checklist", "The checklist, or * for all", "The item, or nothing for all",
     "rollout tick portal_api-7 \"Before deployment\" \"On-call engineer available\" --by dana"},
    {"answer", "Answer a question that a rollout asks", "The question", "The answer",
     "rollout answer portal_api-7 \"Keep the canary?\" yes --by dana"},
    {"acknowledge", "Acknowledge a notification that asked for it", "The channel that it came through", nullptr,
     "rollout acknowledge portal_api-7 pager --by dana"},
    {"pause", "Stop steps and promotion; guards go on watching", nullptr, "Why",
     "rollout pause portal_api-7 \"looking at the logs\" --by dana"},
    {"promote", "End the running hold now, or say that a step in doubt has happened", nullptr, "Why",
     "rollout promote portal_api-7 \"verified by hand\" --by dana"},
    {"abort", "Stop and change nothing more", nullptr, "Why", "rollout abort portal_api-7 --by dana"},
    {"rollback", "Undo what was done, or take an incomplete rollback up again", nullptr, "Why",
     "rollout rollback portal_api-7 \"customers report errors\" --by dana"},
    {"retry", "Run the step again that failed or whose outcome is unknown", nullptr, "Why",
     "rollout retry portal_api-7 --by dana"},
};

struct Verbs {
  RunArguments run;
  TestArguments test;
  SimulateArguments simulate;
  DrillArguments drill;
  DoctorArguments doctor;
  Common list, status, watch;
  bool names_only = false;
  std::string status_run, watch_run, shell;
  LogArguments log;
  PersonArguments resume;
  RunArguments resume_how;
  PersonArguments person;
  PluginArguments plugin;
};

void add_run(CLI::App& app, Verbs& verbs) {
  CLI::App* run = app.add_subcommand("run", "Execute a rollout");
  add_plan(*run, verbs.run.plan, "A plan (.rplan) or a program (.rollout)")->required();
  run->add_option("--at", verbs.run.start_at, "Plan the start for this instant, as in 2026-12-01T02:00Z")
      ->type_name("INSTANT");
  run->add_flag("--require-signature", verbs.run.signature.require,
                "Only a plan that a trusted key has signed, with its signature beside it");
  run->add_option("--trust", verbs.run.signature.trusted_keys,
                  "A public key of minisign, repeatable (default: all in ~/.config/rollout/trusted)")
      ->type_name("KEY.pub");
  run->add_flag("-y,--yes", verbs.run.yes, "Start without asking");
  run->add_flag("--plan", verbs.run.plan_only, "Show what it would do, and stop");
  add_state(*run, verbs.run.common);
  add_format(*run, verbs.run.common.format);
  add_how_to_run(*run, verbs.run);
  run->footer(
      fmt::format("Examples:\n  rollout run portal-api.rollout --set version=v1.0.0-rc.1\n"
                  "  rollout run portal-api.rollout --env staging --plan\n"
                  "  rollout run portal-api.rplan --yes --format json\n\n{}",
                  kExitStatuses));
}

void add_scenarios(CLI::App& app, Verbs& verbs) {
  CLI::App* test = app.add_subcommand("test", "Run scenarios on the virtual clock");
  test->add_option("FILES", verbs.test.paths, "Programs, or folders that hold some")->required();
  test->add_option("--filter", verbs.test.filter, "Only scenarios whose name contains this");
  test->add_flag("--allow-none", verbs.test.allow_none, "Files without a scenario are no error, as before a commit");
  test->add_option("--format", verbs.test.format, "text, json or junit")
      ->check(CLI::IsMember({"text", "json", "junit"}));
  test->add_flag("-v,--verbose", verbs.test.verbose, "Show the timeline of every scenario");
  test->footer(
      "Examples:\n  rollout test portal-api.rollout\n  rollout test examples --format junit > report.xml\n\n"
      "Exit status: 0 all pass, 1 one fails, 2 a file does not compile, or no scenario was found.");

  CLI::App* simulate = app.add_subcommand("simulate", "Draw a scenario as a timeline");
  simulate->add_option("FILE", verbs.simulate.file, "A program (.rollout)")->required();
  simulate->add_option("SCENARIO", verbs.simulate.scenario, "The scenario's name or a part of it (default: the first)");
  add_format(*simulate, verbs.simulate.format);
  simulate->footer("Example:\n  rollout simulate portal-api.rollout \"latency spike\"");
}

void add_rehearsing(CLI::App& app, Verbs& verbs) {
  CLI::App* drill = app.add_subcommand("drill", "Rehearse the way back from every stage, on the virtual clock");
  drill->add_option("FILE", verbs.drill.file, "A program (.rollout) with a scenario in which it succeeds")->required();
  drill->add_option("--rollout", verbs.drill.rollout, "Which rollout, where the file has several");
  drill->add_flag("-v,--verbose", verbs.drill.verbose, "Show the timeline of every stage");
  add_format(*drill, verbs.drill.format);
  drill->footer(
      "Example:\n  rollout drill portal-api.rollout\n\n"
      "Exit status: 0 every stage leads back, 1 one does not, 2 a file does not compile, or no scenario succeeds.");

  CLI::App* doctor =
      app.add_subcommand("doctor", "Look for what would make a run fail: journals, clock, sources, commands");
  add_plan(*doctor, verbs.doctor.plan, "A plan (.rplan) or a program (.rollout) to look at as well");
  doctor->add_option("--prometheus", verbs.doctor.prometheus_url,
                     "Address of Prometheus (default: $PROMETHEUS_URL, else http://127.0.0.1:9090)");
  add_state(*doctor, verbs.doctor.common);
  add_format(*doctor, verbs.doctor.common.format);
  doctor->footer(
      "Examples:\n  rollout doctor\n  rollout doctor portal-api.rollout --set version=v2\n\n"
      "Exit status: 0 nothing stands in the way, 1 something does, 2 wrong usage or a file that does not compile.");
}

void add_reading(CLI::App& app, Verbs& verbs) {
  CLI::App* list = app.add_subcommand("list", "List runs, newest first");
  add_state(*list, verbs.list);
  list->add_flag("--names", verbs.names_only, "Only the names of the runs, one a line");
  add_format(*list, verbs.list.format);

  CLI::App* status = app.add_subcommand("status", "Show where a run stands: stage, traffic, guards, who must answer");
  status->add_option("RUN", verbs.status_run, "The run (default: the only unfinished one)");
  add_state(*status, verbs.status);
  add_format(*status, verbs.status.format);

  CLI::App* watch = app.add_subcommand("watch", "Show a run live that another process drives, until its end");
  watch->add_option("RUN", verbs.watch_run, "The run (default: the only unfinished one)");
  add_state(*watch, verbs.watch);
  add_format(*watch, verbs.watch.format);
  watch->footer(fmt::format("Example:\n  rollout watch portal_api-7\n\n{}", kExitStatuses));

  CLI::App* log = app.add_subcommand("log", "Show what happened in a run, from its journal");
  log->add_option("RUN", verbs.log.run, "The run (default: the only unfinished one)");
  log->add_flag("--verify", verbs.log.verify, "Only say whether every entry is there and in its chain");
  log->add_option("--export", verbs.log.export_to, "Write all entries to this file, as lines of JSON with their links")
      ->type_name("FILE");
  log->add_flag("--sign", verbs.log.sign, "And a signature in minisign's format to FILE.minisig");
  log->add_option("--key", verbs.log.key, "A secret key of minisign (default: ~/.minisign/minisign.key)");
  log->add_option("--password-file", verbs.log.password_file, "A file with the key's password (default: ask for it)");
  log->add_flag("-f,--follow", verbs.log.follow, "Go on as new entries come");
  log->footer(
      "Examples:\n  rollout log portal_api-7\n  rollout log portal_api-7 --verify\n"
      "  rollout log portal_api-7 --export portal_api-7.jsonl --sign\n\n"
      "Exit status: 0 done, 1 the journal is damaged (--verify), 2 wrong usage, or something cannot be read or "
      "written.");
  add_state(*log, verbs.log.common);
  add_format(*log, verbs.log.common.format);
}

void add_people(CLI::App& app, Verbs& verbs) {
  CLI::App* resume = app.add_subcommand("resume", "End a pause; or take a run up again that no process drives");
  resume->add_option("RUN", verbs.resume.run, "The run (default: the only unfinished one)");
  resume->add_option("REASON", verbs.resume.text, "Why");
  resume->add_option("--by", verbs.resume.who, "Who says it (default: your login name)");
  add_state(*resume, verbs.resume.common);
  add_format(*resume, verbs.resume.common.format);
  add_how_to_run(*resume, verbs.resume_how);
  resume->footer("Example:\n  rollout resume portal_api-7");

  for (const PersonVerb& person : kPersonVerbs) {
    CLI::App* verb = app.add_subcommand(person.name, person.summary);
    verb->add_option("RUN", verbs.person.run, "The run (default: the only unfinished one)");
    if (person.gate_help != nullptr) verb->add_option("WHAT", verbs.person.gate, person.gate_help);
    if (person.text_help != nullptr) verb->add_option("TEXT", verbs.person.text, person.text_help);
    verb->add_option("--by", verbs.person.who, "Who says it (default: your login name)");
    add_state(*verb, verbs.person.common);
    verb->footer(fmt::format("Example:\n  {}", person.examples));
  }
}

void add_lock_file(CLI::App& verb, PluginArguments& arguments) {
  verb.add_option("--lock", arguments.lock_file,
                  "The lock file (default: rollout.plugins.lock here, or beside the project's rollout.toml)")
      ->type_name("FILE");
  add_format(verb, arguments.format);
}

void add_plugin(CLI::App& app, Verbs& verbs) {
  CLI::App* plugin = app.add_subcommand("plugin", "Lock, list, describe and test plugins");
  plugin->require_subcommand(1);
  plugin->footer(
      "Examples:\n  rollout plugin lock acme_router ./plugins/acme_router\n"
      "  rollout plugin describe acme_router\n  rollout plugin test ./plugins/acme_router");

  CLI::App* lock = plugin->add_subcommand("lock", "Ask a plugin what it can do, and write that and its digest down");
  lock->add_option("NAME", verbs.plugin.name, "The name, as in `use plugin \"NAME\"`")->required();
  lock->add_option("PATH", verbs.plugin.path, "Its program")->required();
  add_lock_file(*lock, verbs.plugin);
  lock->footer("Example:\n  rollout plugin lock acme_router ./plugins/acme_router");

  CLI::App* list = plugin->add_subcommand("list", "List the plugins that are locked, and whether they are as locked");
  add_lock_file(*list, verbs.plugin);
  list->footer("Example:\n  rollout plugin list");

  CLI::App* describe = plugin->add_subcommand("describe", "Print a locked plugin as the module that programs use");
  describe->add_option("NAME", verbs.plugin.name, "The plugin")->required();
  add_lock_file(*describe, verbs.plugin);
  describe->footer("Example:\n  rollout plugin describe acme_router");

  CLI::App* test = plugin->add_subcommand("test", "Try out whether a plugin keeps the rules of the protocol");
  test->add_option("PATH", verbs.plugin.path, "Its program")->required();
  add_format(*test, verbs.plugin.format);
  test->footer(
      "Operations run only where the plugin's schema has an `example` for them.\n\n"
      "Example:\n  rollout plugin test ./plugins/acme_router\n\n"
      "Exit status: 0 every rule is kept, 1 one is broken, 2 wrong usage.");
}

Exit plugin(const CLI::App& verb, const PluginArguments& arguments) {
  const std::string name = verb.get_subcommands().front()->get_name();
  if (name == "lock") return plugin_lock(arguments);
  if (name == "list") return plugin_list(arguments);
  return name == "describe" ? plugin_describe(arguments) : plugin_test(arguments);
}

void add_shell(CLI::App& app, Verbs& verbs) {
  CLI::App* completion = app.add_subcommand("completion", "Print what teaches a shell to complete this command");
  completion->add_option("SHELL", verbs.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer(
      "Examples:\n  source <(rollout completion bash)\n  rollout completion zsh > ~/.zfunc/_rollout\n"
      "  rollout completion fish > ~/.config/fish/completions/rollout.fish");
  // For the build: the page is made of the same tables as `--help`.
  app.add_subcommand("manual", "Print the manual page")->group("");
}

Exit dispatch(const CLI::App& app, Verbs& verbs) {
  const CLI::App* verb = app.get_subcommands().front();
  const std::string name = verb->get_name();
  if (name == "run") return run(verbs.run);
  if (name == "test") return test(verbs.test);
  if (name == "simulate") return simulate(verbs.simulate);
  if (name == "drill") return drill(verbs.drill);
  if (name == "doctor") return doctor(verbs.doctor);
  if (name == "list") return list(verbs.list, verbs.names_only);
  if (name == "watch") return watch(verbs.watch, verbs.watch_run);
  if (name == "completion") {
    fmt::print("{}", shell::completion_script(shell::describe(app), verbs.shell).value_or(""));
    return Exit::Ok;
  }
  if (name == "manual") {
    fmt::print("{}", shell::manual_page(shell::describe(app), manual_text()));
    return Exit::Ok;
  }
  if (name == "plugin") return plugin(*verb, verbs.plugin);
  if (name == "status") return status(verbs.status, verbs.status_run);
  if (name == "log") return log(verbs.log);
  if (name == "resume") return resume(verbs.resume, verbs.resume_how);
  return say(name, verbs.person);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error of the write, told like a full disk
  CLI::App app{"rollout: run, test and steer software rollouts", "rollout"};
  app.set_version_flag("--version", ROLLOUT_VERSION);
  app.require_subcommand(1);
  app.footer(
      fmt::format("Examples:\n  rollout test portal-api.rollout\n  rollout run portal-api.rollout --set version=v2\n"
                  "  rollout approve portal_api-7 \"Go / no-go\"\n\n{}",
                  kExitStatuses));
  Verbs verbs;
  add_run(app, verbs);
  add_scenarios(app, verbs);
  add_rehearsing(app, verbs);
  add_reading(app, verbs);
  add_people(app, verbs);
  add_plugin(app, verbs);
  add_shell(app, verbs);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::Usage);
  }
  return static_cast<int>(dispatch(app, verbs));
}
