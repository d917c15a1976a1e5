#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/value.hpp"

// The plan: everything that a run needs, as flat tables with ids. The compiler builds it, format.hpp writes and reads
// it, verify.hpp is the only way to a runnable one, the machine executes it. No pointers, no text to be parsed again.
//
// Two kinds of code. A *routine* is straight-line expression code that computes one value; it never jumps, so it always
// ends. A *block* is a list of statements that may only jump forward inside itself and ends in `End`; other blocks are
// run as nested frames, and the graph of "block runs block" has no cycle. Actions, checks, channels and templates are
// expanded at each place where they are used, so every variable is one static slot and nothing recurses.

namespace rollout::plan {

enum class Op : std::uint8_t {
#define EXPRESSION(name, pops, pushes, operand, text) name,
#define STATEMENT(name, operand, terminator, text) name,
#include "runtime/plan/opcodes.def"
#undef EXPRESSION
#undef STATEMENT
};

enum class Builtin : std::uint8_t {
#define BUILTIN(name, text, least, most, doc) name,
#include "runtime/plan/builtins.def"
#undef BUILTIN
};

// How a fold over the series of a grouped metric takes those for which its condition is unknown. Known: then there is
// no number; Least: as false; Most: as true.
enum class SeriesCount : std::uint8_t { Known, Least, Most };
// Which series are named. NotTrue: false or unknown.
enum class SeriesChoice : std::uint8_t { True, False, NotTrue };

enum class ContextValue : std::uint8_t { Reason, StageName, RunId, Text, Severity, Now, Share };
enum class Aggregate : std::uint8_t { Average, Minimum, Maximum, Sum, Count, Quantile, Rate };

// Indexes into the plan's tables. kNone marks "there is none".
using Id = std::uint32_t;
inline constexpr Id kNone = 0xffffffff;
using RoutineId = Id;
using BlockId = Id;
using VariableId = Id;
using MetricId = Id;
using EffectId = Id;
using GuardId = Id;
using ResponseId = Id;
using StageId = Id;
using RolloutId = Id;  // 0: the main one; n: Plan::children[n - 1]
using ConstantId = Id;
using GateId = Id;
using HoldId = Id;
using NotificationId = Id;
using ChannelId = Id;
using RoleId = Id;
using SpotId = Id;

// One instruction: 16 bytes, the operands' meaning is in opcodes.def.
struct Instruction {
  Op op{};
  std::uint8_t flags = 0;
  std::uint16_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;  // a second id where the instruction takes one
  SpotId spot = kNone;  // the source it comes from
  bool operator==(const Instruction&) const = default;
};

// A place in the source: what a run-time message shows. Lines and columns count from 1.
struct Spot {
  std::uint32_t file = 0;  // index into Plan::files
  std::uint32_t line = 0, column = 0, end_line = 0, end_column = 0;
  std::string text;  // the source text there, at most 200 bytes, for messages on a machine without the source
  bool operator==(const Spot&) const = default;
};

struct SourceDigest {
  std::string path;    // as the compiler was given it, relative
  std::string sha256;  // hexadecimal
  bool operator==(const SourceDigest&) const = default;
};

struct Routine {
  std::uint32_t begin = 0, end = 0;  // in Plan::code; the last instruction is Return
  ValueKind kind = ValueKind::Any;   // what it leaves; Any where only the run can know
  std::string text;                  // the source of the expression, for messages and the live view
  bool operator==(const Routine&) const = default;
};

struct Variable {
  std::string name;
  ValueKind kind = ValueKind::Any;
  bool operator==(const Variable&) const = default;
};

struct Parameter {
  std::string name, documentation;
  VariableId variable = kNone;
  ValueKind kind = ValueKind::String;
  std::vector<std::string> labels;  // of an enum
  RoutineId default_value = kNone;  // kNone: must be given
  std::string pattern;              // ECMAScript regular expression, empty: any
  bool operator==(const Parameter&) const = default;
};

// Named arguments of something outside: each value is computed when it is used.
struct Argument {
  std::string name;
  RoutineId value = kNone;
  bool operator==(const Argument&) const = default;
};

enum class SecretProvider : std::uint8_t { Environment, File, Vault, AwsSecrets, Sops };
struct Secret {
  std::string name;
  SecretProvider provider{};
  RoutineId argument = kNone;                // the variable's name, the file's path, what the provider calls it
  std::vector<Argument> configuration = {};  // of the providers that are asked: key, address, token, region, ...
  bool operator==(const Secret&) const = default;
};

struct Role {
  std::string name;
  RoutineId members = kNone;  // a list of strings
  bool operator==(const Role&) const = default;
};

enum class MetricProvider : std::uint8_t {
  Prometheus,
  HttpNumber,
  CommandNumber,
  LogCount,
  File,
  Probe,
  Check,
  Source,
  None
};

// A metric with its arguments fixed. Its arguments are computed once, when the run is created.
struct Metric {
  std::string name;         // as written at the use: p95("contacts")
  std::string declaration;  // the declared name, "p95"; a module's with its path
  std::vector<Value>
      arguments;  // of the declaration, constants; what scenarios match on (missing: only known at run time)
  MetricProvider provider{};
  std::vector<Argument> configuration;  // of the provider: query, url, at, command, ...
  ValueKind kind = ValueKind::Number;   // of a sample
  double scale = 1;                     // raw number times scale gives ns, bytes, 1.0 = 100 %, ...; from `unit`
  std::vector<std::string> labels;      // of an enum
  std::vector<Value> label_values;      // what the provider's answer must be for each label: Number or String
  std::vector<std::string> by = {};     // grouped: the labels of the source whose values tell its series apart
  RoutineId every = kNone, stale_after = kNone, over = kNone;  // kNone: 15s, max(3 * every, 60s), every
  RoutineId baseline = kNone;
  ConstantId absent = kNone;  // the value that no data means
  BlockId check = kNone;      // Probe and Check: the check's block; Source: the block that returns the value of now
  // Source: the block that returns a list for slots gone by (kNone: it has no past), and the variables that say which
  // slots: from, from + step, ... to.
  BlockId past = kNone;
  VariableId past_from = kNone, past_to = kNone, past_step = kNone;
  SpotId spot = kNone;
  bool operator==(const Metric&) const = default;
};

enum class OutcomeKind : std::uint8_t { None, Continue, Pause, RollbackTo, Rollback, Abort };

// What a guard, an `else` or a step does: steps first (notifications and calls), then at most one outcome.
struct Response {
  OutcomeKind outcome{};
  RoutineId reason = kNone;
  BlockId steps = kNone;  // notifications, calls, asks, lets and ifs; may hold Outcome statements itself
  StageId stage = kNone;  // RollbackTo
  bool retry = false;     // RollbackTo ... and retry
  RoutineId at_most = kNone, after = kNone;
  HoldId until = kNone;          // Pause: resumes when its conditions hold
  RoutineId within = kNone;      // Pause ... until ... within
  ResponseId otherwise = kNone;  // the `else` of a retry or a pause
  SpotId spot = kNone;
  bool operator==(const Response&) const = default;
};

struct Guard {
  RoutineId condition = kNone;
  RoutineId for_duration = kNone;    // kNone: fires at the first true slot
  std::uint32_t of_m = 0, of_n = 0;  // for M of N samples; 0: not that form
  ResponseId response = kNone, blind = kNone;
  RoutineId repeat_every = kNone;
  RoutineId observed = kNone, threshold = kNone;  // both sides where the condition is one comparison, for the live view
  RoutineId series = kNone;                       // the series that speak for it, where it asks about series
  std::vector<MetricId> metrics;  // read by the condition, ascending; their shortest cadence is the guard's
  std::string text;               // `p95("contacts") > 600ms for 10m`
  SpotId spot = kNone;
  bool operator==(const Guard&) const = default;
};

struct HoldCondition {
  RoutineId condition = kNone, for_duration = kNone;
  std::vector<MetricId> metrics;
  std::string text;
  RoutineId series = kNone;  // the series that speak against it, where it asks about series
  bool operator==(const HoldCondition&) const = default;
};

struct Hold {
  RoutineId least = kNone, most = kNone;  // most kNone: exactly `least`
  std::vector<HoldCondition> until;       // all must hold; empty: none asked
  ResponseId otherwise = kNone;
  std::string text;
  SpotId spot = kNone;
  bool operator==(const Hold&) const = default;
};

enum class GateKind : std::uint8_t { Approve, Checklist, Ask };
struct GateItem {
  RoutineId text = kNone;
  RoleId role = kNone;
  RoutineId needed = kNone;  // N of role; kNone: 1
  BlockId check = kNone;     // ticked by this check on its own
  bool operator==(const GateItem&) const = default;
};
struct GateAnswer {
  std::string text;
  ResponseId response = kNone;
  bool operator==(const GateAnswer&) const = default;
};
struct Gate {
  GateKind kind{};
  RoutineId text = kNone;
  RoleId role = kNone;
  RoutineId needed = kNone;  // N of role; kNone: 1
  RoutineId within = kNone;
  ResponseId otherwise = kNone;
  std::vector<GateItem> items;
  std::vector<GateAnswer> answers;
  SpotId spot = kNone;
  bool operator==(const Gate&) const = default;
};

// What may be assumed of something that changes the world and was interrupted. Opaque: nothing, a person decides.
enum class EffectClass : std::uint8_t { Opaque, ReadOnly, Idempotent, Irreversible };

enum class EffectKind : std::uint8_t { Process, Shell, Http, Mail, Plugin };

// One call of the outside. Arguments by kind: Process: command (list), env (map), stdin, cwd, exit (list); Shell:
// script, env, cwd, exit; Http: method, url, query (map), headers (map), bearer, user, password, aws (map), json, body,
// form (map); Mail: server, from, to, subject, text, user, password; Plugin: plugin (a row of Plan::plugins), method
// (call, read, measure), operation, args (any JSON), secrets (map). All optional but command, script, url; server, from
// and to; plugin, method and operation.
struct Effect {
  EffectKind kind{};
  EffectClass effect_class{};
  std::string text;  // as written: run `kubectl get pods`
  std::vector<Argument> arguments;
  VariableId result = kNone;
  RoutineId timeout = kNone;  // kNone: 1m
  SpotId spot = kNone;
  bool operator==(const Effect&) const = default;
};

enum class Severity : std::uint8_t { Info, Warning, Critical };

struct Channel {
  std::string name;                // as the author calls it: ops
  BlockId block = kNone;           // runs with text, severity and run_id in context; kNone: terminal and journal only
  BlockId acknowledged = kNone;    // returns whether somebody has answered
  std::vector<VariableId> kept;    // variables of the sending that `acknowledged` reads: kept for each notification,
  std::vector<VariableId> copies;  // and put back into these, one for one, when the answer is asked for
  bool operator==(const Channel&) const = default;
};

struct Notification {
  ChannelId channel = kNone;
  RoutineId text = kNone;
  Severity severity{};
  RoutineId acknowledge_within = kNone;
  ResponseId otherwise = kNone;
  SpotId spot = kNone;
  bool operator==(const Notification&) const = default;
};

enum class BlockKind : std::uint8_t {
  Rollout,
  Stage,
  Action,
  Step,
  Within,
  Check,
  Verify,
  Branch,
  Branches,
  If,
  Each,
  Every,
  Hook,
  Undo,
  Response,
  Channel,
  Traffic,
  Source,
};

// A part of `sample`: how often guards and holds are evaluated while the block is of that age.
struct Cadence {
  RoutineId every = kNone;
  RoutineId for_duration = kNone;  // kNone: from there on
  bool operator==(const Cadence&) const = default;
};

// A block and everything that lives as long as it does.
struct Block {
  BlockKind kind{};
  std::string name;                  // stage, action ("kubernetes.set_image"), check, hook; the step's source text
  std::uint32_t begin = 0, end = 0;  // its code; the last instruction is End
  std::vector<GuardId> guards;       // armed while the block runs, in source order
  std::vector<BlockId> companions;   // `every D { }` blocks
  BlockId undo = kNone;              // replaces what would be undone inside
  bool undo_continues = false;       // a failing undo of this block does not stop the rollback (`else continue`)
  BlockId probe = kNone;             // "has it already taken effect?", a check
  EffectClass effect_class{};        // Action and Step: of everything inside
  ResponseId otherwise = kNone;      // `else` of the step
  RoutineId timeout = kNone;         // each attempt
  RoutineId within = kNone;          // the whole, retries included
  std::uint32_t retries = 0;         // N more
  RoutineId retry_every = kNone;
  RoutineId every = kNone;             // Every: its period
  RoutineId warmup = kNone;            // its guards start that much later
  std::vector<Cadence> sampling = {};  // Rollout and Stage: `sample`; empty: that of the block around it
  StageId stage = kNone;               // Stage blocks
  RolloutId rollout = kNone;           // Rollout blocks: whose they are
  VariableId result = kNone;           // Action: `return`
  std::vector<Argument> arguments;     // Action, Check, Channel: what it was called with, for scenarios and records
  std::vector<VariableId> captures;    // variables that `undo` reads: kept as they were when the block ended
  bool external = false;               // Check: calls something beyond metrics, parameters and functions
  std::uint32_t at_most = 0;           // Branches: so many at a time; 0: all
  SpotId spot = kNone;
  bool operator==(const Block&) const = default;
};

struct Weekdays {
  std::uint8_t mask = 0x7f;  // bit 0: Monday
  bool operator==(const Weekdays&) const = default;
};
struct Window {
  Nanoseconds from = 0, to = 0;  // since midnight; to <= from crosses it
  std::string zone;              // an IANA name, "UTC"
  Weekdays days;
  bool operator==(const Window&) const = default;
};
struct Freeze {
  Nanoseconds from = 0, to = 0;  // instants
  std::string reason;
  bool operator==(const Freeze&) const = default;
};

struct Stage {
  std::string name, documentation;  // a child's stage has the path of the child before it
  BlockId block = kNone;
  std::vector<Window> windows;
  RolloutId rollout = 0;  // that it belongs to
  bool operator==(const Stage&) const = default;
};

enum class HookKind : std::uint8_t {
  Start,
  StageEntered,
  StageDone,
  Pause,
  Resume,
  RollingBack,
  Rollback,
  RollbackIncomplete,
  Fallback,
  Success,
  Failure,
};
struct Hook {
  HookKind kind{};
  BlockId block = kNone;
  bool operator==(const Hook&) const = default;
};

enum class Anchor : std::uint8_t { Start, Success, Rollback, Failure };
struct Schedule {
  Anchor anchor{};
  RoutineId offset = kNone;  // may be negative before the start
  RoutineId every = kNone, for_duration = kNone;
  bool always = false;
  BlockId block = kNone;
  std::string text;
  bool operator==(const Schedule&) const = default;
};

struct Setting {
  std::string name;
  RoutineId value = kNone;
  std::string reason;
  bool operator==(const Setting&) const = default;
};
struct NamedText {
  std::string name, text;
  bool operator==(const NamedText&) const = default;
};

struct Rollout {
  std::string path;          // of a child, as seen from the main rollout: `ireland.cart("eu")`; empty for the main one
  RolloutId parent = kNone;  // of a child: the rollout that runs it, always a smaller id
  std::string name, documentation, owner, description, service, environment, exclusive;
  std::vector<NamedText> links, contacts;
  std::vector<Setting> settings;
  std::vector<Window> windows;
  std::vector<Freeze> freezes;
  std::vector<std::string> requirements;
  BlockId block = kNone;        // its guards, steps and stages
  std::vector<StageId> stages;  // in order
  BlockId traffic_via = kNone;  // reads the context value `share`
  RoutineId rollback_within = kNone;
  RoutineId rollback_expires = kNone;
  StageId expires_after_stage = kNone;
  bool expires_at_end = false;  // `after end of STAGE`
  ResponseId expired = kNone;
  ResponseId on_failure = kNone;  // kNone: rollback
  RoutineId missing_for = kNone;  // kNone: 5m
  ResponseId on_missing = kNone;  // kNone: pause
  RoutineId baseline_over = kNone;
  std::vector<Hook> hooks;
  std::vector<Schedule> schedules;
  SpotId spot = kNone;
  bool operator==(const Rollout&) const = default;
};

struct EnvironmentVariable {
  std::string name, value;
  bool operator==(const EnvironmentVariable&) const = default;
};

// What stands around a run: the environment of a project that it was started in. Empty in a plan that was only
// compiled; secrets and channels of the environment stand in the plan's own rows.
struct RunEnvironment {
  std::string name, description;
  bool production = false;
  std::string prometheus_url;                  // where a metric's `url` does not say; empty: as the process knows it
  std::vector<EnvironmentVariable> variables;  // of commands, besides what they inherit
  bool operator==(const RunEnvironment&) const = default;
};

// A plugin that the plan calls, as it was locked: the run starts only with the very program and schema.
struct Plugin {
  std::string name, version;
  std::string path;        // of the program: absolute, or relative to the folder of the lock file
  std::string executable;  // SHA-256 of the program's file, hexadecimal
  std::string schema;      // SHA-256 of what it says that it can do, hexadecimal
  bool operator==(const Plugin&) const = default;
};

// What a plugin may touch beside what every program needs, where its schema says it; of those that say nothing there is
// no row. Paths are absolute, below the home folder (`~/...`), or relative to the program's folder.
struct PluginAccess {
  std::string plugin;              // its name
  std::vector<std::string> reads;  // files, and folders with all in them: also executed
  std::vector<std::string> writes;
  std::vector<std::int64_t> connects;  // TCP ports
  bool operator==(const PluginAccess&) const = default;
};

// One plan holds one rollout and all that it runs as children, one row for each use.
struct Plan {
  std::string compiler_version;
  std::vector<SourceDigest> files;
  std::vector<Spot> spots;
  std::vector<Value> constants;  // no Secret, no Any
  std::vector<Instruction> code;
  std::vector<Routine> routines;
  std::vector<Variable> variables;
  std::vector<Parameter> parameters;
  std::vector<Secret> secrets;
  std::vector<Role> roles;
  std::vector<Metric> metrics;
  std::vector<Effect> effects;
  std::vector<Response> responses;
  std::vector<Guard> guards;
  std::vector<Hold> holds;
  std::vector<Gate> gates;
  std::vector<Channel> channels;
  std::vector<Notification> notifications;
  std::vector<Block> blocks;
  std::vector<Stage> stages;
  std::vector<Id>
      globals;  // routine/variable pairs flattened: variable, routine, ...: module `let`s, in order, at creation
  Rollout rollout;
  std::vector<Rollout> children;
  RunEnvironment environment;
  std::vector<Plugin> plugins;              // each name once; in the file only where there are some
  std::vector<PluginAccess> plugin_access;  // as above
  bool operator==(const Plan&) const = default;
};

// The row of a rollout; the id must be in range.
inline const Rollout& rollout_row(const Plan& plan, RolloutId id) {
  return id == 0 ? plan.rollout : plan.children[id - 1];
}
inline std::size_t rollout_count(const Plan& plan) {
  return plan.children.size() + 1;
}

// What a plan has more of than a runtime takes, and so what would mend it.
struct Excess {
  enum class Kind : std::uint8_t { Rows, Metrics, Rounds, Depth, Size };
  Kind kind = Kind::Rows;
  std::string what;                          // plural: "metrics"
  std::uint64_t counted = 0;                 // 0 where counting ended beyond the limit
  std::uint64_t most = 0;                    //
  std::optional<Spot> place = std::nullopt;  // of the row that is too large; none: the plan as a whole
  std::string path = {};                     // of the place's file
};

struct PlanError {
  std::string message;                          // what was observed and why it matters, one line
  std::uint64_t offset = 0;                     // byte in the file, 0 where none
  std::optional<Excess> excess = std::nullopt;  // where the plan is right, and too large
};

// A value or the reason why there is none.
template <typename T, typename E = PlanError>
class Expected {
 public:
  Expected(T value) : value_(std::move(value)) {}
  Expected(E error) : error_(std::move(error)) {}
  explicit operator bool() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const E& error() const { return error_; }

 private:
  std::optional<T> value_;
  E error_{};
};

class VerifiedPlan;
// Checks everything that the machine relies on, in one pass over code and tables. The only way to a VerifiedPlan.
Expected<std::shared_ptr<const VerifiedPlan>> verify(Plan plan);

// A plan that the machine may run: every id is in range, every routine keeps its stack balanced and well-kinded, every
// jump is forward and inside its block, no block runs itself, sizes are within the limits of verify.hpp.
class VerifiedPlan {
 public:
  const Plan& operator*() const { return plan_; }
  const Plan* operator->() const { return &plan_; }

 private:
  friend Expected<std::shared_ptr<const VerifiedPlan>> verify(Plan plan);
  explicit VerifiedPlan(Plan plan) : plan_(std::move(plan)) {}
  Plan plan_;
};

}  // namespace rollout::plan
