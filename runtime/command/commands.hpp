#pragma once

#include <optional>
#include <string>
#include <vector>

// The verbs of `rollout`, one function each. They print for people (or, with Format::Json, for machines) and give the
// exit status.

namespace rollout::command {

// Exit statuses are stable: scripts rely on them.
enum class Exit : int {
  Ok = 0,                  // succeeded; for a verb: done
  Failed = 1,              // the rollout failed; a scenario failed
  Usage = 2,               // wrong usage, a file that does not compile, an input or output error
  RolledBack = 3,          // the rollout was rolled back, as its guards or a person decided
  RollbackIncomplete = 4,  // it could not be rolled back wholly: a person is needed
  Aborted = 5,             // it was aborted: nothing more was changed
  Unfinished = 6,          // this process stopped, the run is not at its end: `rollout resume` goes on
  Refused = 7,             // a person's answer was refused
};

enum class Format { Text, Json };

struct Common {
  std::string state;  // --state
  Format format = Format::Text;
};

// A plan and where it is to run.
struct PlanArguments {
  std::string file;                     // .rplan or .rollout
  std::string rollout;                  // which, where a .rollout has several
  std::vector<std::string> parameters;  // NAME=VALUE
  std::string environment;              // of the project file; empty: its default, or the one that the plan names
  std::string project;                  // the project file; empty: the nearest rollout.toml above the plan
};
struct SignatureArguments {
  bool require = false;
  std::vector<std::string> trusted_keys;  // files of public keys
};
struct RunArguments {
  Common common;
  PlanArguments plan;
  SignatureArguments signature;
  std::string prometheus_url;
  std::string log_file;
  std::string start_at;    // an instant: when the first stage is to be entered
  bool yes = false;        // do not ask before the start
  bool plan_only = false;  // show what it would do, then stop
};
struct TestArguments {
  std::vector<std::string> paths;  // files and folders
  std::string filter;              // part of a scenario's name
  std::string format = "text";     // text, json, junit
  bool verbose = false;            // a timeline for every scenario
  bool allow_none = false;         // files without a scenario are no error
};
struct SimulateArguments {
  std::string file;
  std::string scenario;  // its name or a part of it; empty: the first
  Format format = Format::Text;
};
struct DrillArguments {
  std::string file;
  std::string rollout;  // which, where a file has several; empty: the first with a scenario that succeeds
  Format format = Format::Text;
  bool verbose = false;  // a timeline for every stage
};
struct DoctorArguments {
  Common common;
  PlanArguments plan;  // to look at as well; its file may be empty
  std::string prometheus_url;
};
// approve, reject, tick, answer, acknowledge, pause, resume, promote, abort, rollback, retry
struct PersonArguments {
  Common common;
  std::string run, gate, text, who;
};
struct LogArguments {
  Common common;
  std::string run;
  bool follow = false;
  bool verify = false;    // only say whether the journal is whole
  std::string export_to;  // a file: the whole journal as JSON lines
  bool sign = false;      // and a signature beside it
  std::string key, password_file;
};

struct PluginArguments {
  std::string name, path;
  std::string lock_file;  // empty: the one that programs here are checked against
  Format format = Format::Text;
};

Exit run(const RunArguments& arguments);
Exit resume(const PersonArguments& arguments, const RunArguments& how);
Exit say(const std::string& verb, const PersonArguments& arguments);
Exit test(const TestArguments& arguments);
Exit simulate(const SimulateArguments& arguments);
Exit drill(const DrillArguments& arguments);
Exit doctor(const DoctorArguments& arguments);
Exit list(const Common& arguments, bool names_only);
Exit watch(const Common& arguments, const std::string& run);
Exit status(const Common& arguments, const std::string& run);
Exit log(const LogArguments& arguments);
Exit plugin_lock(const PluginArguments& arguments);
Exit plugin_list(const PluginArguments& arguments);
Exit plugin_describe(const PluginArguments& arguments);
Exit plugin_test(const PluginArguments& arguments);

}  // namespace rollout::command
