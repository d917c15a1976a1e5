// What the parts of the checker share while a module is being checked. Internal to this folder.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/check/check.hpp"
#include "compiler/check/checked_module.hpp"
#include "compiler/check/describe.hpp"
#include "compiler/check/report.hpp"
#include "grammar/views.hpp"

namespace rollout::check {

using diagnostics::FileId;
using grammar::NodeRef;
using grammar::SyntaxKind;
using MaybeNode = std::optional<NodeRef>;

// Which calls of the outside may stand at a place.
enum class Calls : std::uint8_t { None, Reads, All };

// The kinds of blocks that differ in what may stand in them.
enum class Container : std::uint8_t { Steps, Check, Channel, Reply, Source };

// What may stand at the place that is being checked.
struct Place {
  std::string_view what = "a declaration";  // for messages
  Container container = Container::Steps;
  Calls calls = Calls::None;
  bool metrics = false;           // may read metrics
  bool series = false;            // inside `any(...)` and its like: a grouped metric stands for each of its series
  bool run_names = false;         // `run_id`, `stage_name`
  bool reason_name = false;       // `reason`
  bool message_names = false;     // `text`, `severity`
  bool in_rollback = false;       // an undo or a hook of a rollback: no further rollback
  bool in_undo = false;           // `undo rest`
  bool in_parallel = false;       // no stages
  bool beside = false;            // a hook, a schedule or `every D { }`: no child rollouts
  bool in_action = false;         // `return`
  bool in_source = false;         // `return absent`, `return failed("why")`
  bool in_template = false;       // the rollout is not known yet: its traffic is asked about where the template is used
  TypeId returns = kNone;         // the action's type; kNone where it has none
  std::uint32_t rollout = kNone;  // into Module::rollouts; its traffic and stages
  std::uint32_t stage_index = kNone;  // the position of the stage among the rollout's
};

struct LocalName {
  std::string name;
  SymbolId symbol = kNone;
};

// Where checking stands. Saved and restored as a whole, since declarations are checked on demand from within others.
struct Position {
  FileId file{};
  SymbolId owner = kNone;  // the declaration that is being checked
  Place place;
  std::vector<LocalName> locals;  // innermost last
  std::size_t block_begin = 0;    // the first local of the innermost block
};

enum class Progress : std::uint8_t { Waiting, Running, Done };

// Where a declared name comes from.
struct Origin {
  FileId file{};
  MaybeNode node;
  Progress progress = Progress::Done;
};

struct FileScope {
  std::string prefix;  // "kubernetes." for its symbols' paths, empty for the main file
  std::map<std::string, SymbolId, std::less<>> names;
  std::vector<SymbolId> declared;  // in source order
  bool loading = false;            // its `use` lines are being followed
};

struct Checker {
  Checker(CheckedModule& checked, const ModuleLoader& module_loader, diagnostics::Sink& diagnostics_sink)
      : module(checked), loader(module_loader), sink(diagnostics_sink) {}

  CheckedModule& module;
  const ModuleLoader& loader;
  diagnostics::Sink& sink;

  std::vector<FileScope> files;                                   // by FileId
  std::vector<ModuleScope> modules;                               // by Symbol::index of a Module
  std::map<std::string, SymbolId, std::less<>> prelude;           // natives, and the modules `http`, `command`, `log`
  std::map<std::string, FileId, std::less<>> loaded;              // "std.kubernetes", or a file's path
  std::set<std::pair<FileId, std::string>> unused;                // modules whose `use` is missing, reported already
  std::vector<Origin> origins;                                    // by SymbolId
  std::vector<std::vector<Use>> uses;                             // by SymbolId; the module's in the end
  std::vector<std::vector<ExprId>> metric_uses;                   // by SymbolId of the declaration that reads
  std::map<std::pair<SymbolId, std::uint32_t>, ExprId> settings;  // by rollout and place; kNone: being checked
  std::vector<std::uint16_t> depths;                              // by ExprId
  mutable std::map<SymbolId, std::vector<SymbolId>> reached;  // answers of reached_from, which scenarios ask for again
  Position at;
  std::uint32_t next_local = 0;
  int nesting = 0;      // of declarations that are checked on demand
  bool direct = false;  // the next expression is the whole value of a `let` or a step: a call may stand there

  Location here(NodeRef node) const { return {at.file, node.span()}; }
  // Notes what a name in the text stands for.
  void note(NodeRef name, SymbolId id) { module.names.push_back({id, here(name)}); }
  Report report(Code code, Location where, std::string message) { return {sink, code, where, std::move(message)}; }
  Symbol& symbol(SymbolId id) { return module.symbols[id]; }
  const Symbol& symbol(SymbolId id) const { return module.symbols[id]; }
  Expr& expr(ExprId id) { return module.exprs[id]; }
  const Expr& expr(ExprId id) const { return module.exprs[id]; }
  TypeKind kind_of(ExprId id) const { return module.type_of(id).kind; }
};

// Puts checking somewhere else until the end of the scope.
class Elsewhere {
 public:
  Elsewhere(Checker& c, FileId file, SymbolId owner) : c_(c), saved_(std::move(c.at)), direct_(c.direct) {
    c.at = {};
    c.at.file = file;
    c.at.owner = owner;
    c.direct = false;
  }
  ~Elsewhere() {
    c_.at = std::move(saved_);
    c_.direct = direct_;
  }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;

 private:
  Checker& c_;
  Position saved_;
  bool direct_;
};

// A block of names; what is declared in it ends with it. The place may be changed meanwhile.
class BlockScope {
 public:
  explicit BlockScope(Checker& c) : c_(c), locals_(c.at.locals.size()), begin_(c.at.block_begin), place_(c.at.place) {
    c.at.block_begin = locals_;
  }
  ~BlockScope() {
    c_.at.locals.resize(locals_);
    c_.at.block_begin = begin_;
    c_.at.place = place_;
  }
  BlockScope(const BlockScope&) = delete;
  BlockScope& operator=(const BlockScope&) = delete;

 private:
  Checker& c_;
  std::size_t locals_, begin_;
  Place place_;
};

// ---------------------------------------------------------------- modules and names

// Loads the main file and everything that it uses, and declares their names.
void load_main(Checker& c, grammar::SourceFile source);
// Follows one `use`; afterwards its name is declared in the file.
void load_use(Checker& c, FileId file, NodeRef node);
// Declares everything of a file that has a name, without looking at types and values.
void collect_declarations(Checker& c, FileId file);
SymbolId add_symbol(Checker& c, Symbol symbol, const Origin& origin);
// Adds the name to the file's; a second one of the same name is reported.
void declare(Checker& c, FileId file, SymbolId symbol);
SymbolId declare_local(Checker& c, SymbolKind kind, NodeRef name, TypeId type);

// The symbol of a name where checking stands: locals, then the file, then the prelude. Says nothing; kNone where
// unknown.
SymbolId find_name(const Checker& c, std::string_view name);
SymbolId find_local(const Checker& c, std::string_view name);
// A name of a module; kNone where it has none of that name.
SymbolId find_member(const Checker& c, SymbolId module, std::string_view name);
// What a NameExpression, a chain of Members on one, a QualifiedName or a Name token stands for; reports what is
// unknown. `wanted` is for the message: "a metric".
SymbolId resolve(Checker& c, NodeRef node, std::string_view wanted, std::optional<SymbolKind> kind = std::nullopt);
// As resolve, for a symbol of one kind; reports another kind.
SymbolId resolve_kind(Checker& c, NodeRef node, SymbolKind kind, std::string_view wanted);
// Whether the name stands in text that could not be read: what is not found may well be declared there.
bool is_in_broken_text(const Checker& c, std::string_view name);
std::vector<std::string> visible_names(const Checker& c);
// Notes that the declaration being checked uses the symbol, and checks the symbol's own declaration if that is due.
void use_symbol(Checker& c, SymbolId symbol, Location where);
// The context value of that name where it is in scope here.
std::optional<plan::ContextValue> find_context(const Checker& c, std::string_view name);
void report_unknown_name(Checker& c, NodeRef name, std::string_view wanted,
                         std::optional<SymbolKind> kind = std::nullopt);

// ---------------------------------------------------------------- types

inline constexpr TypeId type_id(TypeKind kind) {
  return static_cast<TypeId>(kind);
}
inline constexpr TypeId kErrorType = type_id(TypeKind::Error);

void add_basic_types(CheckedModule& module);
TypeId intern(Checker& c, Type type);
TypeId list_of(Checker& c, TypeId element);
TypeId map_of(Checker& c, TypeId element);
// The type that the syntax names; reports what is unknown. `owner` names an `enum { }` written in place.
TypeId check_type(Checker& c, MaybeNode node, std::string_view owner);
// As in the source: "duration", "[string]".
std::string type_text(const Checker& c, TypeId type);
// For messages: "a duration".
std::string type_phrase(const Checker& c, TypeId type);
// Whether a value of the type may stand where `wanted` is asked for.
bool fits(const Checker& c, TypeId type, TypeId wanted);
bool is_secret(const Checker& c, TypeId type);
plan::ValueKind value_kind(const Checker& c, TypeId type);
TypeId type_of_kind(plan::ValueKind kind);
// Whether the value has a literal text, so that `${...}` can print it.
bool is_printable(const Checker& c, TypeId type);
bool is_error(const Checker& c, ExprId expr);
// Makes an Enum of EnumValue nodes; its index in Module::enums.
std::uint32_t check_enum(Checker& c, std::string name, std::span<const NodeRef> values);
// An argument list of a declaration; declares each as a local.
std::vector<Argument> check_parameters(Checker& c, std::span<const NodeRef> fields);

// ---------------------------------------------------------------- expressions

ExprId add_expr(Checker& c, Expr expr);
ExprId error_expr(Checker& c, Location where);
ExprId constant_expr(Checker& c, Value value, TypeId type, Location where);
// The expression by itself. `want` guides labels of enums and empty lists, it is not enforced.
ExprId check_expression(Checker& c, MaybeNode node, TypeId want = kNone);
// The expression as a value of `want`; anything else is reported: "`what` is a duration, not a number".
ExprId check_as(Checker& c, MaybeNode node, TypeId want, std::string_view what);
// As check_as, where the value may be a call of the outside: of a `let` or a step.
ExprId check_direct(Checker& c, MaybeNode node, TypeId want = kNone);
// As check_as; kNone where there is no node.
ExprId check_optional(Checker& c, MaybeNode node, TypeId want, std::string_view what);
// Reports where the expression does not fit.
void demand(Checker& c, ExprId expr, NodeRef node, TypeId want, std::string_view what);
ExprId check_quantity(Checker& c, NodeRef node);
ExprId check_string(Checker& c, NodeRef literal);
ExprId check_command(Checker& c, NodeRef literal);
ExprId check_name(Checker& c, NodeRef node, TypeId want);
ExprId check_member(Checker& c, NodeRef node, TypeId want);
ExprId check_call(Checker& c, NodeRef node, TypeId want);
ExprId check_run(Checker& c, NodeRef node);
ExprId check_and_or(Checker& c, NodeRef node);
ExprId check_not(Checker& c, NodeRef node);
ExprId check_comparison(Checker& c, NodeRef node);
ExprId check_sum(Checker& c, NodeRef node, TypeId want);
ExprId check_product(Checker& c, NodeRef node, TypeId want);
ExprId check_relative(Checker& c, NodeRef node, TypeId want);
ExprId check_negation(Checker& c, NodeRef node, TypeId want);
// The text of a string literal without inserts; with inserts it is reported, `what` naming the place.
std::string constant_text(Checker& c, MaybeNode literal, std::string_view what);
// What to write instead of a bare number where a value with a unit is wanted: "5%"; empty where there is nothing.
std::string with_unit(const Checker& c, std::string_view number, TypeId want, std::string_view time_unit);

// Whether the node is the name `settings` where it stands for the rollout's table.
bool is_settings(const Checker& c, MaybeNode object);
ExprId check_settings(Checker& c, NodeRef node);
ExprId check_setting_member(Checker& c, NodeRef object, NodeRef name);
// Nothing where the key is not a constant text: then it is an element of the whole table.
std::optional<ExprId> check_setting_index(Checker& c, NodeRef object, NodeRef index);
// The value of a `setting` clause of the rollout, checked once, wherever it is read first.
ExprId setting_value(Checker& c, SymbolId rollout, NodeRef node);

// One parameter of anything that is called.
struct Parameter {
  std::string name;
  TypeId type = kNone;
  ExprId default_value = kNone;
  bool required = true;
  bool secret = false;      // may receive a secret
  SymbolId symbol = kNone;  // of its declaration; natives and records have none
};
struct CallSite {
  std::string callee;  // `set_image`, without backticks
  Location location;   // for what is missing
  std::vector<NodeRef> arguments;
  Location declared{};          // of what is called
  std::string_view supplied{};  // a parameter that the construct itself gives
  bool any_allowed = false;     // of a scenario: `_` may stand for an argument
  bool fills_defaults = true;   // else what is not given stays open
  bool parentheses = false;     // the name was called
  bool direct = false;          // a call of the outside may stand here
  TypeId want = kNone;
};
// The arguments in the order of the parameters, defaults filled in; kNone for what is optional and not given.
std::vector<ExprId> check_arguments(Checker& c, const CallSite& site, std::span<const Parameter> parameters);
std::vector<Parameter> parameters_of(const Checker& c, SymbolId symbol);
// The use of a symbol with arguments (none for a bare name): FnCall, MetricUse, CheckUse, Record or Call.
ExprId check_use(Checker& c, NodeRef node, SymbolId symbol, const CallSite& site);
CallSite call_site(Checker& c, NodeRef node, SymbolId symbol, TypeId want = kNone);
// A call of a builtin or of a function over metrics; nothing where the name is neither.
std::optional<ExprId> check_builtin_call(Checker& c, NodeRef node, std::string_view name);
// `any(...)`, `all(...)`, `share(...)`, and `count(...)` of a condition: asked of every series of a grouped metric.
bool is_series_function(NodeRef call, std::string_view name);
ExprId check_series_function(Checker& c, NodeRef call, std::string_view name);
// Whether the name is that of a builtin or of a function over metrics.
bool is_builtin_name(std::string_view name);

void add_natives(Checker& c);

// The value where it is known at compile time.
std::optional<Value> constant_value(const Checker& c, ExprId expr);
// As check_as, but the value must be known now; the result is a Constant.
ExprId check_constant(Checker& c, MaybeNode node, TypeId want, std::string_view what);
void demand_constant_range(Checker& c, ExprId expr, double least, double most, std::string_view message,
                           std::string_view help);
// `A..B` or a single value; both of the wanted type, and A not above B where both are constants.
struct Bounds {
  ExprId low = kNone, high = kNone;
};
Bounds check_bounds(Checker& c, MaybeNode node, TypeId want, std::string_view what);

// ---------------------------------------------------------------- declarations

// Checks what others must know of the symbol's declaration, once: its type and parameters, for values the value.
void ensure_checked(Checker& c, SymbolId symbol);
// The rest of it: the bodies of checks, actions, metrics, rollouts and so on.
void check_body(Checker& c, SymbolId symbol);
// Whether a metric may be of that type.
bool can_be_metric(TypeKind kind);
void check_source_signature(Checker& c, SymbolId symbol, NodeRef node);
void check_source_body(Checker& c, SymbolId symbol, NodeRef node);
// Whether every way through the block ends in a `return`.
bool always_returns(const Checker& c, BlockId block);
// `return absent` and `return failed("why")`, the outcomes of a source beside a value; false where it is neither.
bool check_source_outcome(Checker& c, NodeRef value, ReturnStep& step);
// Makes the arguments of a declaration visible in its body.
void open_arguments(Checker& c, std::span<const Argument> arguments);
void check_metric_signature(Checker& c, SymbolId symbol, NodeRef node);
void check_metric_body(Checker& c, SymbolId symbol, NodeRef node);
void check_rollout(Checker& c, SymbolId symbol, NodeRef node);
// Everything about the rollout but its steps; `items` are those of its body.
void check_headers(Checker& c, RolloutDecl& rollout, std::span<const NodeRef> items);
void check_scenarios(Checker& c);
// Declarations that use themselves, over any number of others.
void report_cycles(Checker& c);
void report_unprotected_changes(Checker& c);
// Actions whose `return` needs what a passing `probe` leaves out.
void report_skipped_returns(Checker& c);
// What is written out in an `aws:` and cannot sign a request.
void report_aws_parts(Checker& c);
// Every declaration that the given one uses, directly or not, itself included; ascending.
const std::vector<SymbolId>& reached_from(const Checker& c, SymbolId symbol);
// Whether the value never changes once a run is created.
bool fixed_at_creation(const Checker& c, ExprId id);
void not_yet(Checker& c, Location where, std::string_view construct, std::string help = {});

// ---------------------------------------------------------------- steps

// The steps of a body, in a scope of its own.
BlockId check_block(Checker& c, MaybeNode body);
// The steps into the block, without a scope; used where a body mixes steps with other items, which are passed over.
void check_items(Checker& c, std::span<const NodeRef> items, Block& block);
// The clauses behind a step.
Tail check_tail(Checker& c, NodeRef node);
BlockId add_block(Checker& c, Block block);
StepId add_step(Checker& c, StepBody body, Tail tail, Location where);
BlockId check_check_body(Checker& c, MaybeNode body);
BlockId check_undo_block(Checker& c, MaybeNode body);
ResponseId check_response(Checker& c, MaybeNode node);
ResponseId add_response(Checker& c, Response response);
// An outcome and its clauses; false where the node is none.
bool check_outcome(Checker& c, NodeRef node, Response& response);
GuardId check_guard(Checker& c, NodeRef node);
HoldCondition check_condition(Checker& c, NodeRef node);
Who check_who(Checker& c, MaybeNode node);
// A check by its name, with or without arguments; a CheckUse or an error.
ExprId check_check_name(Checker& c, MaybeNode node);
plan::EffectClass effect_class_of(MaybeNode modifier);
// Whether the condition reads a metric, or a check.
bool reads_metric(const Checker& c, ExprId expr);
// The stage's index into Module::stages by its name in the rollout at hand; reports what is unknown.
std::uint32_t find_stage(Checker& c, NodeRef name);
// Source text with blanks and line ends folded.
std::string folded_text(const Checker& c, FileId file, grammar::Span span);
// A stage of a rollout, by name only.
std::uint32_t declare_stage(Checker& c, NodeRef node);
// The stage's own clauses and steps.
void check_stage(Checker& c, std::uint32_t stage, NodeRef node);
std::optional<plan::Window> check_window(Checker& c, NodeRef node);
// Whether each stage can be entered at all, and the last one before its window closes.
void check_openings(Checker& c, const RolloutDecl& rollout);
// The parts of `sample every D for D, every D`.
std::vector<Cadence> check_sampling(Checker& c, NodeRef node);

// How one kind of step is checked.
struct StepRow {
  SyntaxKind syntax;
  void (*check)(Checker&, NodeRef, Block&);
  bool in_check, in_channel, in_reply;  // beside the blocks of rollouts and actions, which take all
};
std::span<const StepRow> gate_steps();
std::span<const StepRow> flow_steps();

}  // namespace rollout::check
