// What the parts of lowering share while one rollout becomes a plan. Internal to this folder.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "compiler/lower/code.hpp"
#include "compiler/lower/lower.hpp"
#include "grammar/source.hpp"
#include "runtime/plan/builder.hpp"

namespace rollout::lower {

using check::CheckedModule;
using check::Expr;
using check::ExprId;
using check::ExprKind;
using check::kNone;
using check::SymbolId;
using check::SymbolKind;
using diagnostics::FileId;
using diagnostics::Location;

using plan::EffectClass;
using plan::RoutineId;
using plan::SpotId;
using plan::VariableId;

// Where the statements of a body go, and what holds for the calls in it.
struct Surroundings {
  plan::BlockId block = kNone;            // the innermost open block
  EffectClass effect_class{};             // of an action marked as a whole; Opaque: each call by itself
  RoutineId timeout = kNone;              // of the calls in it that have none of their own
  std::set<VariableId>* reads = nullptr;  // variables that the code reads, while an undo is built
  bool* calls_outside = nullptr;          // set by a call of the outside, while a check is built
};

// How much is lowered at most. Real programs need some thousand expressions; functions and actions that use each other
// twice, thirty deep, would need more than any machine has. Beyond, a plan says so instead of doing anything.
inline constexpr std::uint32_t kMostWork = 300'000;
inline constexpr std::uint32_t kMostDepth = 1'000;
// Rounds of one loop that the compiler knows.
inline constexpr std::uint32_t kMostRounds = 10'000;

struct Lowering {
  Lowering(const CheckedModule& checked, SourceTables& source_tables, std::string compiler_version)
      : module(checked), sources(source_tables), build(std::move(compiler_version)) {}

  const CheckedModule& module;
  SourceTables& sources;
  plan::PlanBuilder build;
  Surroundings in;
  SpotId spot = kNone;  // where the next instruction comes from

  std::uint32_t work = 0;   // expressions and steps so far
  std::uint32_t depth = 0;  // of those that are being lowered
  std::optional<TooLarge> too_large;

  // What a name stands for now. Symbols are unique to their declaration and nothing recurses, so expanding a
  // declaration again simply replaces what its parameters and lets stand for.
  std::map<SymbolId, Code> names;
  std::set<VariableId> settled;  // parameters and globals: never change in a run
  std::map<SymbolId, plan::RoleId> roles;
  std::map<std::string, plan::MetricId> metrics;
  std::map<std::string, plan::ChannelId> channels;
  std::map<std::uint32_t, plan::StageId> stages;  // of the rollout: by the index in CheckedModule::stages
  plan::RolloutId rollout = 0;                    // that is being lowered
  std::map<std::string, std::uint32_t> children;  // how often each path was used
  std::map<FileId, std::uint32_t> files;
  std::set<std::string> plugins = {};  // that are called

  bool is_complete() const { return sources.purpose == Purpose::Run; }
  const Expr& expr(ExprId id) const { return module.exprs[id]; }
  const check::Symbol& symbol(SymbolId id) const { return module.symbols[id]; }
  plan::Block& block() { return build.block(in.block); }
};

// Counts one expression or step, until the end of the scope as one that is being lowered.
class Counted {
 public:
  explicit Counted(Lowering& l) : lowering_(l) {
    ++l.work;
    ++l.depth;
    if (l.work > kMostWork || l.depth > kMostDepth) exceed();
  }
  ~Counted() { --lowering_.depth; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  void exceed();
  Lowering& lowering_;
};

// The first limit that the program goes beyond.
void refuse_size(Lowering& l, plan::Excess excess, std::optional<Location> place = std::nullopt);

// ---------------------------------------------------------------- places in the source (places.cpp)

SpotId spot_of(Lowering& l, const Location& location);
// The source there with blanks and line ends folded, cut at a length for messages.
std::string source_text(const CheckedModule& module, const Location& location);

// The same for a plan, and empty where the plan quotes nothing.
std::string quoted(const Lowering& l, const Location& location);

// As source_text, with the values of parameters and loop variables that the expressions name there and that are known:
// what is expanded at several places is told apart.
std::string shown_text(const Lowering& l, const Location& location, std::initializer_list<ExprId> expressions);
std::string quoted(const Lowering& l, const Location& location, std::initializer_list<ExprId> expressions);

// The instructions of routines and blocks come from `location` until the end of the scope.
class At {
 public:
  At(Lowering& l, const Location& location);
  ~At();
  At(const At&) = delete;
  At& operator=(const At&) = delete;

 private:
  Lowering& lowering_;
  SpotId outer_;
};

// ---------------------------------------------------------------- names and expressions

ValueKind value_kind(const CheckedModule& module, check::TypeId type);
Code lower_expression(Lowering& l, ExprId id);
// A routine of the code; `text` is shown where its value is asked about. Constants share one.
RoutineId routine_of(Lowering& l, const Code& code, std::string text);
RoutineId lower_routine(Lowering& l, ExprId id);
// kNone where there is no expression.
RoutineId lower_optional(Lowering& l, ExprId id);
// The number that the expression is, where it is known already.
std::optional<double> constant_number(Lowering& l, ExprId id);
std::uint32_t constant_count(Lowering& l, ExprId id);

// Questions about the series of grouped metrics (series.cpp).
Code lower_series(Lowering& l, const Expr& expr);
// A comparison of a number of series with something else; nothing where the comparison is none.
std::optional<Code> lower_series_comparison(Lowering& l, const Expr& expr, SpotId spot);
// A list of lists of the series that speak for (against) a condition, one for each question about series in it; kNone
// where it asks none.
RoutineId series_behind(Lowering& l, ExprId condition, bool against);
// The metrics whose samples the code reads, ascending, each once.
std::vector<plan::MetricId> metrics_read(Lowering& l, const Code& code);

Code name_code(Lowering& l, SymbolId symbol, SpotId spot);
Code load_code(Lowering& l, VariableId variable, SpotId spot);
plan::RoleId role_of(Lowering& l, SymbolId symbol);
// The parameters of the rollout that is being lowered.
void declare_module_parameters(Lowering& l);
void declare_rollout_parameters(Lowering& l, const std::vector<check::Argument>& parameters);

// The arguments of one use of a declaration, in its order; `share` stands for one that the construct itself supplies.
struct Arguments {
  std::vector<std::string> names;
  std::vector<Code> values;
};
Arguments lower_arguments(Lowering& l, const std::vector<check::Argument>& parameters, const std::vector<ExprId>& given,
                          const Code* share = nullptr);
// The parameters stand for the values themselves.
void substitute(Lowering& l, const std::vector<check::Argument>& parameters, const Arguments& arguments);
// As substitute in an open block: what only the run knows is kept in variables of the block. Gives the routines of all
// arguments.
std::vector<plan::Argument> bind_in_block(Lowering& l, const std::vector<check::Argument>& parameters,
                                          const Arguments& arguments);

// Code that belongs to no block of the run until the end of the scope: of channels, and of checks that metrics ask.
class Apart {
 public:
  explicit Apart(Lowering& l) : lowering_(l), outer_(l.in) { l.in = {}; }
  ~Apart() { lowering_.in = outer_; }
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;

 private:
  Lowering& lowering_;
  Surroundings outer_;
};

// What makes two uses of a declaration the same: equal values, or equal ways to compute them.
std::string identity(Lowering& l, const std::string& what, const Arguments& arguments);

// ---------------------------------------------------------------- metrics and checks

plan::MetricId metric_of(Lowering& l, const Expr& use);
// The check as a metric of true and false, for conditions.
plan::MetricId check_metric_of(Lowering& l, const Expr& use);
// The check with its arguments as a block of its own.
plan::BlockId lower_check(Lowering& l, const Expr& use);
// A body of requirements without a declaration: of `verify "name" { }`, of `probe { }`.
plan::BlockId lower_check_body(Lowering& l, check::BlockId body, std::string name, const Location& location);

// ---------------------------------------------------------------- blocks and steps

// Opens a block; what is emitted goes into it until the end of the scope.
class InBlock {
 public:
  InBlock(Lowering& l, plan::BlockKind kind, std::string name, const Location& location);
  ~InBlock();
  InBlock(const InBlock&) = delete;
  InBlock& operator=(const InBlock&) = delete;
  plan::BlockId id() const { return id_; }

 private:
  Lowering& lowering_;
  Surroundings outer_;
  At at_;
  plan::BlockId id_;
};

// The steps of a body into the open block, and its undo onto it.
void lower_body(Lowering& l, check::BlockId body);
void lower_step(Lowering& l, const check::Step& step);
// The body as a block of its own.
plan::BlockId lower_block(Lowering& l, plan::BlockKind kind, std::string name, check::BlockId body,
                          const Location& location);
// The undo of `owner`, with the variables that it needs.
void lower_undo(Lowering& l, plan::BlockId owner, check::BlockId undo);

// A call as a step: into `result` where it has one.
struct CallSite {
  ExprId call = kNone;
  VariableId result = kNone;
  EffectClass modifier{};
  bool has_modifier = false;
  const check::Tail* tail = nullptr;
};
void lower_call(Lowering& l, const CallSite& site);
// The `traffic via` block of the rollout.
plan::BlockId lower_traffic_via(Lowering& l, ExprId call);
bool has_clauses(const check::Tail& tail);
void set_clauses(Lowering& l, plan::BlockId block, const check::Tail& tail);

// Steps that wait for people, and notifications (gates.cpp).
void lower_approve(Lowering& l, const check::Step& step, const check::ApproveStep& approve);
void lower_checklist(Lowering& l, const check::Step& step, const check::ChecklistStep& checklist);
void lower_ask(Lowering& l, const check::Step& step, const check::AskStep& ask);
void lower_notify(Lowering& l, const check::Step& step, const check::NotifyStep& notify);
// The channel that an expression names (channels.cpp).
plan::ChannelId channel_of(Lowering& l, ExprId id);
// How a channel is called by one that calls it directly: `slack.channel("#ops")`.
std::string direct_channel_name(const std::string& path, const std::vector<Code>& arguments);
// Steps of steps (control.cpp).
// The step fails when it is reached, and says why.
void emit_failure(Lowering& l, const std::string& why);
// Runs the body as a block of its own.
void run_block(Lowering& l, plan::BlockKind kind, std::string name, check::BlockId body, const Location& location);
// The source up to the body, as the name of what has one.
std::string head_text(const Lowering& l, const check::Step& step, check::BlockId body);
void lower_if(Lowering& l, const check::Step& step, const check::IfStep& condition);
void lower_each(Lowering& l, const check::Step& step, const check::EachStep& each);
void lower_parallel(Lowering& l, const check::Step& step, const check::ParallelStep& parallel);
void lower_within(Lowering& l, const check::Step& step, const check::WithinStep& within);
void lower_recur(Lowering& l, const check::Step& step, const check::RecurStep& recur);
// Traffic, holds and verifications (waits.cpp).
void lower_traffic(Lowering& l, const check::Step& step, const check::TrafficStep& traffic);
void lower_hold(Lowering& l, const check::Step& step, const check::HoldStep& hold);
void lower_verify(Lowering& l, const check::Step& step, const check::VerifyStep& verify);

// A child rollout, written out where it is used (rollout.cpp).
void lower_child(Lowering& l, const check::Step& step, const check::ChildStep& child);
// A stage of the rollout, where it stands (rollout.cpp).
void lower_stage(Lowering& l, std::uint32_t stage);

// ---------------------------------------------------------------- guards and responses

// A condition over time as `written`, with the values of parameters in their place.
std::string watched_text(const Lowering& l, ExprId condition, ExprId for_duration, const std::string& written);
void lower_guard(Lowering& l, check::GuardId guard);
void lower_watch(Lowering& l, const check::WatchStep& watch);
plan::HoldCondition lower_condition(Lowering& l, const check::HoldCondition& condition);
// kNone where there is no response.
plan::ResponseId lower_response(Lowering& l, check::ResponseId response);

}  // namespace rollout::lower
