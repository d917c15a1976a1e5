#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/diagnostics/diagnostic.hpp"
#include "grammar/syntax_tree.hpp"
#include "runtime/plan/plan.hpp"

// What a program means: every name resolved, every expression typed, every clause in its place. Flat tables with ids;
// each part knows the source that it comes from. Made by check.hpp, read by lowering, lints, the prover and the
// language server. Where the source was wrong, types are `Error` and optional parts are absent; a module without errors
// is complete.

namespace rollout::check {

using diagnostics::Location;
using plan::Value;

inline constexpr std::uint32_t kNone = 0xffffffff;

// ---------------------------------------------------------------- types

enum class TypeKind : std::uint8_t {
  Error,  // follows a mistake that was reported; fits everything, silently
  Bool,
  Number,
  Ratio,
  Duration,
  Size,
  NumberRate,
  RatioRate,
  SizeRate,
  TimeOfDay,
  Instant,
  String,
  Command,
  List,          // of `element`
  Map,           // string to `element`
  Enum,          // `declaration` indexes Module::enums
  Record,        // `declaration` indexes Module::records
  Json,          // known only at run time
  RunResult,     // { exit: number, stdout: string, stderr: string, json: json, elapsed: duration }
  HttpResult,    // { status: number, headers: map, text: string, json: json, elapsed: duration }
  Secret,        // a string that must not be seen
  MetricSource,  // what a provider's function gives, only as the source of a metric
  Channel,       // what `notify` sends to
  Nothing,       // an action without a type
};
using TypeId = std::uint32_t;
struct Type {
  TypeKind kind = TypeKind::Error;
  TypeId element = kNone;
  std::uint32_t declaration = kNone;
  bool operator==(const Type&) const = default;
};

// ---------------------------------------------------------------- names

using SymbolId = std::uint32_t;
enum class SymbolKind : std::uint8_t {
  Module,
  Param,
  Secret,
  Let,
  Fn,
  Enum,
  Record,
  Role,
  Metric,
  Source,
  Check,
  Action,
  Channel,
  Guards,
  StageTemplate,
  Stage,
  Rollout,
  World,
  Scenario,
  Argument /* of a declaration */,
  LocalLet,
  EachVariable,
  Native /* provider or executor function */,
};
struct Symbol {
  SymbolKind kind{};
  std::string name;  // as declared
  std::string path;  // with its module: kubernetes.set_image; equal to name in the main file
  TypeId type = kNone;
  std::uint32_t index = 0;  // into the table of its kind below; for Argument: its position; for LocalLet: unique number
  Location declared;        // the name in its declaration
  std::string documentation;
};

// ---------------------------------------------------------------- expressions

using ExprId = std::uint32_t;
enum class ExprKind : std::uint8_t {
  Error,
  Constant,     // value
  Name,         // symbol: Param, Secret, Let, LocalLet, Argument, EachVariable, Role (its members)
  Context,      // context
  Unary,        // op Negate or Not; children 1
  Binary,       // op Add .. Divide, Equal .. GreaterEqual, And, Or, Above, Below (children: ratio, x); children 2
  InRange,      // children: value, low, high
  InList,       // children: value, list
  IsMissing,    // children 1 (a metric use makes MetricMissing); `negated` for `is not missing`
  Field,        // text; children 1
  Index,        // children: container, index
  List,         // children
  Map,          // labels are the keys; children
  Record,       // labels are all fields in declaration order; children (defaults filled in); type names the record
  Concatenate,  // a string with inserts; children (constants for its texts)
  Command,      // words; each child is one argument (a Concatenate or a Constant string)
  Builtin,      // builtin; children
  FnCall,       // symbol: Fn; children: all arguments in declaration order, defaults filled in
  MetricUse,    // symbol: Metric; children: all arguments in declaration order
  CheckUse,     // symbol: Check; children likewise: a three-valued bool
  Window,       // aggregate; children: a MetricUse, the duration, for Quantile also the ratio
  Baseline,     // children: a MetricUse
  Series,       // op AnySeries, AllSeries, CountSeries or ShareSeries; children: the condition, then the first use of a
                // grouped metric in it
  Call,  // symbol: Action, Channel, Source or Native; children: arguments in declaration order. `labels` are their
         // names. Native effects (run, shell, http.get ...) and provider functions (prometheus.query) are Native calls.
};
struct Expr {
  ExprKind kind = ExprKind::Error;
  TypeId type = kNone;
  Location location;
  std::vector<ExprId> children;  // kNone: an optional argument that was not given
  std::vector<std::string> labels;
  SymbolId symbol = kNone;
  Value value;
  std::string text;
  plan::Op op{};
  plan::Builtin builtin{};
  plan::Aggregate aggregate{};
  plan::ContextValue context{};
  bool negated = false;
};

// Functions that the runtime carries out itself; the table is natives.def (module, name, parameters with types, result,
// effect class), e.g. prometheus.query, http.number, http.get, command.number, probe, run, shell.
enum class NativeKind : std::uint8_t { Effect, MetricSource, SecretProvider };
struct NativeParameter {
  std::string name;
  TypeId type = kNone;
  bool required = true;
  bool secret = false;  // may receive a secret
};
struct Native {
  std::string module, name;  // "http", "get"; module empty: prelude
  NativeKind kind{};
  plan::EffectKind effect{};        // Effect
  plan::MetricProvider provider{};  // MetricSource; `file` is one too, where a metric is wanted
  plan::EffectClass effect_class{};
  std::vector<NativeParameter> parameters;
  TypeId result = kNone;
};

// ---------------------------------------------------------------- steps

using StepId = std::uint32_t;
using BlockId = std::uint32_t;     // into Module::blocks
using ResponseId = std::uint32_t;  // into Module::responses
using GuardId = std::uint32_t;     // into Module::guards

struct Block {
  std::vector<StepId> steps;
  BlockId undo = kNone;  // the block's own `undo { }`
  Location location;
};

struct Tail {  // clauses after a step
  ExprId timeout = kNone, retry = kNone /* N more */, retry_every = kNone, within = kNone;
  BlockId undo = kNone;
  ResponseId otherwise = kNone;
};

struct Who {
  ExprId needed = kNone;  // N of
  SymbolId role = kNone;
};

struct LetStep {
  SymbolId symbol = kNone;
  ExprId value = kNone;
  plan::EffectClass modifier{};
  bool has_modifier = false;
};
struct EffectStep {
  ExprId call = kNone;
  plan::EffectClass modifier{};
  bool has_modifier = false;
};  // a Call
struct TrafficStep {
  ExprId share = kNone;
  ExprId ramp_to = kNone, ramp_by = kNone, ramp_every = kNone;
};
struct HoldCondition {
  ExprId condition = kNone, for_duration = kNone;
  std::string text;
  Location location;
};
struct HoldStep {
  ExprId least = kNone, most = kNone;
  std::vector<HoldCondition> until;
};
// Named: `verify CHECK(...)` and each of `verify all of [...]` is a CheckUse; `verify "name" { require ... }` is a
// block.
struct VerifyStep {
  std::vector<ExprId> checks;
  bool all_of = false;
  std::string name;
  BlockId block = kNone;
};
struct ApproveStep {
  ExprId text = kNone;
  Who who;
  ExprId within = kNone;
};
struct ChecklistItem {
  ExprId text = kNone;
  Who who;
  ExprId check = kNone;
  Location location;
};
struct ChecklistStep {
  ExprId text = kNone;
  Who who;
  ExprId within = kNone;
  std::vector<ChecklistItem> items;
};
struct Answer {
  std::string text;
  ResponseId response = kNone;
};
struct AskStep {
  SymbolId role = kNone;
  ExprId text = kNone;
  ExprId within = kNone;
  std::vector<Answer> answers;
};
struct NotifyStep {
  ExprId channel = kNone;
  ExprId text = kNone;
  plan::Severity severity{};
  ExprId acknowledge_within = kNone;
  ResponseId otherwise = kNone;
};
struct IfStep {
  ExprId condition = kNone;
  BlockId then = kNone, otherwise = kNone;
};
struct EachStep {
  SymbolId variable = kNone;
  ExprId in = kNone, in_to = kNone /* a range */;
  BlockId body = kNone;
  bool parallel = false;
  ExprId at_most = kNone;
};
struct ParallelStep {
  std::vector<BlockId> branches;
};
struct WithinStep {
  ExprId limit = kNone;
  BlockId body = kNone;
};
struct RecurStep {
  ExprId every = kNone;
  BlockId body = kNone;
};
struct ChildStep {
  SymbolId rollout = kNone;
  std::vector<ExprId> arguments;
};
struct RequireStep {
  ExprId condition = kNone;
  ExprId message = kNone;
  std::string text;
};
struct ReturnStep {
  enum class Kind : std::uint8_t { Value, Absent, Failed } kind{};  // of a source: `absent`, `failed("why")`
  ExprId value = kNone;                                             // Failed: why
};
struct UndoRestStep {};
struct OutcomeStep {
  ResponseId response = kNone;
};
struct GuardStep {
  GuardId guard = kNone;
};  // `when ...`
struct WatchStep {
  SymbolId guards = kNone;
  std::vector<ExprId> arguments;
};  // `watch budget(...)`
struct StageStep {
  std::uint32_t stage = kNone;
};  // into Module::stages

using StepBody = std::variant<LetStep, EffectStep, TrafficStep, HoldStep, VerifyStep, ApproveStep, ChecklistStep,
                              AskStep, NotifyStep, IfStep, EachStep, ParallelStep, WithinStep, RecurStep, ChildStep,
                              RequireStep, ReturnStep, UndoRestStep, OutcomeStep, GuardStep, WatchStep, StageStep>;
struct Step {
  StepBody body;
  Tail tail;
  Location location;
};

struct Response {
  plan::OutcomeKind outcome{};
  ExprId reason = kNone;        // a string
  BlockId steps = kNone;        // a reply block, or the single ask, notify or call
  std::uint32_t stage = kNone;  // rollback to: into Module::stages
  bool retry = false;
  ExprId at_most = kNone, after = kNone;
  std::optional<HoldCondition> until;
  ExprId within = kNone;
  ResponseId otherwise = kNone;
  Location location;
};

struct Guard {
  ExprId condition = kNone, for_duration = kNone;
  ExprId of_m = kNone, of_n = kNone;
  ResponseId response = kNone, blind = kNone;
  ExprId repeat_every = kNone;
  std::string text;  // source from after `when` to before `then`, blanks folded
  Location location;
};

// ---------------------------------------------------------------- declarations

struct Param {
  SymbolId symbol = kNone;
  ExprId default_value = kNone;
  std::string pattern;
};
struct SecretDecl {
  SymbolId symbol = kNone;
  ExprId source = kNone;
};  // a Native call of env or file
struct LetDecl {
  SymbolId symbol = kNone;
  ExprId value = kNone;
};  // a channel's or source's let holds its Call
struct Argument {
  SymbolId symbol = kNone;
  ExprId default_value = kNone;
};  // a declared parameter of something
struct FnDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;
  ExprId body = kNone;
};
struct EnumDecl {
  std::string name;
  std::vector<std::string> labels;
  std::vector<Value> values;
};  // values: Number, String or missing
struct RecordDecl {
  std::string name;
  std::vector<std::string> fields;
  std::vector<TypeId> types;
  std::vector<ExprId> defaults;
};
struct RoleDecl {
  SymbolId symbol = kNone;
  ExprId members = kNone;
};
struct MetricDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;
  std::vector<std::string> labels;  // `by`
  ExprId source = kNone;  // a Call of a Native MetricSource (probe(check): child 0 is a CheckUse) or of a Source
  ExprId every = kNone, over = kNone, stale_after = kNone, baseline = kNone, absent = kNone;
  double scale = 1;  // raw number of the source times this gives the type's base (ns, bytes, 1.0)
};
struct SourceDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;
  BlockId body = kNone;
  BlockId past = kNone;                                            // kNone: it has none
  SymbolId past_from = kNone, past_to = kNone, past_step = kNone;  // its names, LocalLets
};
struct CheckDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;
  BlockId body = kNone;
  bool external = false;
};
struct ActionDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;
  BlockId body = kNone;  // its `undo` is the body block's
  BlockId probe = kNone;
  plan::EffectClass effect_class{};
  bool has_class = false;
};
struct ChannelDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;
  BlockId body = kNone, acknowledged = kNone;
};
struct GuardsDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;
  std::vector<StepId> items;
};  // GuardStep, WatchStep
struct Cadence {
  ExprId every = kNone, for_duration = kNone;  // a part of `sample`; no `for`: from there on
};
struct StageDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;   // a template's
  std::uint32_t of_template = kNone;  // `stage canary = step(...)`: into Module::stages
  std::vector<ExprId> arguments;      // for it
  BlockId body = kNone;
  std::vector<plan::Window> windows;
  ExprId warmup = kNone;
  std::vector<Cadence> sampling;
};
struct HookDecl {
  plan::HookKind kind{};
  BlockId body = kNone;
};
struct ScheduleDecl {
  plan::Anchor anchor{};
  ExprId offset = kNone;
  ExprId every = kNone, for_duration = kNone;
  bool always = false;
  BlockId body = kNone;
  std::string text;
};
struct SettingDecl {
  std::string name;
  ExprId value = kNone;
  std::string reason;
};

struct RolloutDecl {
  SymbolId symbol = kNone;
  std::vector<Argument> parameters;
  std::string owner, description, service, environment, exclusive;
  std::vector<plan::NamedText> links, contacts;
  std::vector<SettingDecl> settings;
  std::vector<plan::Window> windows;
  std::vector<plan::Freeze> freezes;
  std::vector<std::string> requirements;
  ExprId traffic_via = kNone;  // a Call of an Action whose parameter `share` is kNone
  ExprId rollback_within = kNone, rollback_expires = kNone;
  std::uint32_t expires_after_stage = kNone;
  bool expires_at_end = false;
  ResponseId expired = kNone, on_failure = kNone, on_missing = kNone;
  ExprId missing_for = kNone, baseline_over = kNone, warmup = kNone;
  std::vector<Cadence> sampling;
  BlockId body = kNone;               // steps and stages in source order
  std::vector<std::uint32_t> stages;  // into Module::stages, in order
  std::vector<HookDecl> hooks;
  std::vector<ScheduleDecl> schedules;
  Location location;
};

// Scenarios are checked against the rollout and kept as syntax with resolved names; values are folded constants.
struct ScenarioPoint {
  enum class Base : std::uint8_t { Start, StageEntry, StageEnd } base{};
  std::string stage;
  std::uint32_t occurrence = 1;
  ExprId offset = kNone;
};
struct ScenarioLine {
  grammar::NodeRef node;              // the line's node; lowering reads its clauses through the views
  std::vector<SymbolId> symbols;      // names in it, in source order: metric, callable, stage, channel, role
  std::vector<ExprId> values;         // its expressions beyond those of targets and points, in source order: folded
                                      // constants, typed as the place demands
  std::vector<ScenarioPoint> points;  // its points, in source order
  std::vector<std::string> paths;  // of stages and child rollouts that it names beyond its points, as plans call them
  // One for each of `symbols`: what is named, with constant arguments in declaration order (a MetricUse, a CheckUse or
  // a Call), an argument of kNone standing for any (`_`); kNone where the name stands without parentheses. A command
  // (`` run `...` ``) has no symbol: its text is in the node.
  std::vector<ExprId> targets;
  Location location;
};
struct ScenarioDecl {
  SymbolId symbol = kNone;  // its name is the scenario's text
  SymbolId rollout = kNone;
  std::vector<ExprId> arguments;  // of the rollout
  SymbolId world = kNone;
  std::vector<ScenarioLine> lines;  // the world's first
  Location location;
};

// One declaration that uses another.
struct Use {
  SymbolId target = kNone;
  Location where;
};

// A name in the text, exactly that word, and what it stands for. Declarations are not in it (Symbol::declared is).
struct ResolvedName {
  SymbolId symbol = kNone;
  Location where;
  bool operator==(const ResolvedName& other) const {
    return symbol == other.symbol && where.file == other.where.file && where.span == other.where.span;
  }
};

// What a Module symbol's `index` points to.
struct ModuleScope {
  std::string name;                         // "kubernetes": where natives of the module are found
  std::optional<diagnostics::FileId> file;  // none where it only holds natives
  bool unknown = false;  // there is no such module, which was reported: whatever is looked up in it is silent
};

// One file with everything that it uses, standard library included.
struct CheckedModule {
  diagnostics::Files files;                // 0 is the main file
  std::vector<grammar::SyntaxTree> trees;  // by FileId
  std::vector<Type> types;
  std::vector<Symbol> symbols;
  std::vector<Expr> exprs;
  std::vector<Step> steps;
  std::vector<Block> blocks;
  std::vector<Response> responses;
  std::vector<Guard> guards;
  std::vector<Native> natives;
  std::vector<Param> params;
  std::vector<SecretDecl> secrets;
  std::vector<LetDecl> lets;
  std::vector<FnDecl> fns;
  std::vector<EnumDecl> enums;
  std::vector<RecordDecl> records;
  std::vector<RoleDecl> roles;
  std::vector<MetricDecl> metrics;
  std::vector<SourceDecl> sources;
  std::vector<CheckDecl> checks;
  std::vector<ActionDecl> actions;
  std::vector<ChannelDecl> channels;
  std::vector<GuardsDecl> guard_sets;
  std::vector<StageDecl> stages;
  std::vector<RolloutDecl> rollouts;
  std::vector<ScenarioDecl> scenarios;
  std::vector<std::vector<Use>> uses;  // by SymbolId of the declaration that uses; those of modules are not in it
  std::vector<ResolvedName> names;     // in no order; a name that is checked more than once may be repeated
  std::vector<ModuleScope> modules;    // by Symbol::index of a Module
  std::vector<plan::Plugin> plugins;   // that the files use, in the order of their names
  std::vector<plan::PluginAccess> plugin_access;  // of those that say it

  const Type& type_of(ExprId expr) const { return types[exprs[expr].type]; }
};

}  // namespace rollout::check
