#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/check/scenarios.hpp"
#include "grammar/literals.hpp"
#include "runtime/plan/builtins.hpp"

// The lines of scenarios: the world, the console, the parameters; and what all lines are made of.

namespace rollout::check {
namespace {

// Every argument as a constant; those that only a run knows are reported.
void fold_arguments(Checker& c, ExprId target) {
  for (std::size_t i = 0; i < c.expr(target).children.size(); ++i) {
    const ExprId child = c.expr(target).children[i];
    if (child == kNone || is_error(c, child)) continue;
    const auto value = constant_value(c, child);
    if (value && !value->is_missing()) {
      const ExprId folded = constant_expr(c, *value, c.expr(child).type, c.expr(child).location);
      c.expr(target).children[i] = folded;
    } else {
      c.report(Code::NotConstant, c.expr(child).location, "the arguments in a scenario must be known at compile time")
          .help("`_` stands for any argument");
      c.expr(target).children[i] = kNone;
    }
  }
}

bool is_callable(const Checker& c, SymbolId id) {
  const Symbol& symbol = c.symbol(id);
  switch (symbol.kind) {
    case SymbolKind::Action:
    case SymbolKind::Check:
    case SymbolKind::Channel: return true;
    case SymbolKind::Native: return c.module.natives[symbol.index].kind == NativeKind::Effect;
    case SymbolKind::Let: return symbol.type == type_id(TypeKind::Channel) || symbol.type == kErrorType;
    case SymbolKind::Module:
    case SymbolKind::Param:
    case SymbolKind::Secret:
    case SymbolKind::Fn:
    case SymbolKind::Enum:
    case SymbolKind::Record:
    case SymbolKind::Role:
    case SymbolKind::Metric:
    case SymbolKind::Source:
    case SymbolKind::Guards:
    case SymbolKind::StageTemplate:
    case SymbolKind::Stage:
    case SymbolKind::Rollout:
    case SymbolKind::World:
    case SymbolKind::Scenario:
    case SymbolKind::Argument:
    case SymbolKind::LocalLet:
    case SymbolKind::EachVariable: return false;
  }
  return false;
}

// The parameter of that name; of the file of the rollout, where the scenario stands in another one that has none.
SymbolId parameter_of(Checker& c, const ScenarioContext& context, NodeRef name) {
  const SymbolId rollout = c.module.rollouts[context.rollout].symbol;
  const FileId file = c.symbol(rollout).declared.file;
  const SymbolId here = file == c.at.file ? kNone : find_name(c, name.text());
  const bool own = file == c.at.file || (here != kNone && c.symbol(here).kind == SymbolKind::Param);
  const auto& names = c.files[static_cast<std::size_t>(file)].names;
  const auto found = names.find(name.text());
  if (own || found == names.end() || c.symbol(found->second).kind != SymbolKind::Param)
    return resolve_kind(c, name, SymbolKind::Param, "a parameter");
  use_symbol(c, found->second, c.here(name));
  if (!std::ranges::binary_search(reached_from(c, rollout), found->second)) {
    c.report(Code::NotInScenario, c.here(name),
             fmt::format("`{}` never reads `{}`, so a value for it says nothing", c.symbol(rollout).name, name.text()))
        .also(c.symbol(found->second).declared, "the parameter");
  }
  return found->second;
}

void check_with(Checker& c, ScenarioContext& context, NodeRef node, ScenarioLine& line) {
  const grammar::WithView view{{node}};
  if (!view.name()) return;
  const SymbolId id = parameter_of(c, context, *view.name());
  context.misspelt = context.misspelt || id == kNone;
  if (id == kNone) return;
  context.given.push_back(id);
  line.symbols.push_back(id);
  line.targets.push_back(kNone);
  add_constant(c, view.value(), c.symbol(id).type, fmt::format("the parameter `{}`", c.symbol(id).name), line);
  const std::string& pattern = c.module.params[c.symbol(id).index].pattern;
  const auto value = constant_value(c, line.values.back());
  if (pattern.empty() || !value || plan::matches(value->as_string(), pattern).as_bool()) return;
  c.report(Code::BadPattern, c.here(*view.value()),
           fmt::format("{} does not match the pattern of `{}`", plan::to_literal(*value), c.symbol(id).name))
      .also(c.symbol(id).declared, "the parameter");
}

// What a callable can return in a scenario: an action its type, a command or a request any JSON.
TypeId type_returned(const Checker& c, const ScenarioLine& line) {
  if (line.symbols.empty()) return type_id(TypeKind::Json);
  if (line.symbols.front() == kNone) return kNone;
  const Symbol& callable = c.symbol(line.symbols.front());
  if (callable.kind == SymbolKind::Native) return type_id(TypeKind::Json);
  return callable.kind == SymbolKind::Action ? callable.type : kNone;
}

void check_world_effect(Checker& c, ScenarioContext&, NodeRef node, ScenarioLine& line) {
  const grammar::WorldEffectView view{{node}};
  add_callable(c, view.callable(), line);
  const TypeId duration = type_id(TypeKind::Duration);
  if (const auto succeeds = grammar::as<grammar::SucceedsView>(view.succeeds()); succeeds && succeeds->duration()) {
    add_constant(c, succeeds->duration(), duration, "the time that it takes", line);
  }
  if (const auto fails = grammar::as<grammar::FailsView>(view.fails())) {
    static_cast<void>(constant_text(c, fails->reason(), "the reason of a failure"));
    if (fails->times()) add_count(c, fails->times(), "how often it fails", line);
  }
  if (const auto returns = grammar::as<grammar::ReturnsView>(view.returns())) {
    const TypeId type = type_returned(c, line);
    for (const NodeRef value : returns->values()) add_constant(c, value, type, "what it returns", line);
  }
  if (view.from()) add_point(c, view.from(), line);
  if (view.to()) add_point(c, view.to(), line);
}

void check_console(Checker& c, ScenarioContext&, NodeRef node, ScenarioLine& line) {
  const grammar::ConsoleLineView view{{node}};
  add_point(c, view.point(), line);
  static_cast<void>(constant_text(c, view.reason(), "a reason"));
  static_cast<void>(constant_text(c, view.by(), "the name of a person"));
}

void check_crash(Checker& c, ScenarioContext&, NodeRef node, ScenarioLine& line) {
  const grammar::CrashView view{{node}};
  add_point(c, view.at(), line);
  if (view.for_duration()) {
    add_constant(c, view.for_duration(), type_id(TypeKind::Duration), "the time that the runtime is down", line);
  }
}

void check_starts(Checker& c, ScenarioContext&, NodeRef node, ScenarioLine& line) {
  add_constant(c, grammar::StartsView{{node}}.instant(), type_id(TypeKind::Instant), "the start of a scenario", line);
}

void check_signal_line(Checker& c, ScenarioContext&, NodeRef node, ScenarioLine& line) {
  check_signal(c, node, line);
}
void check_person_line(Checker& c, ScenarioContext& context, NodeRef node, ScenarioLine& line) {
  check_person(c, context, node, line);
}
void check_expectation_line(Checker& c, ScenarioContext& context, NodeRef node, ScenarioLine& line) {
  check_expectation(c, context, node, line);
}

struct LineRow {
  SyntaxKind syntax;
  void (*check)(Checker&, ScenarioContext&, NodeRef, ScenarioLine&);
};

constexpr auto kLines = std::to_array<LineRow>({
    {SyntaxKind::Signal, check_signal_line},
    {SyntaxKind::WorldEffect, check_world_effect},
    {SyntaxKind::ConsoleLine, check_console},
    {SyntaxKind::With, check_with},
    {SyntaxKind::Starts, check_starts},
    {SyntaxKind::Crash, check_crash},
    {SyntaxKind::ApproveLine, check_person_line},
    {SyntaxKind::RejectLine, check_person_line},
    {SyntaxKind::AnswerLine, check_person_line},
    {SyntaxKind::TickLine, check_person_line},
    {SyntaxKind::AcknowledgeLine, check_person_line},
    {SyntaxKind::ExpectTraffic, check_expectation_line},
    {SyntaxKind::ExpectEnd, check_expectation_line},
    {SyntaxKind::ExpectBecause, check_expectation_line},
    {SyntaxKind::ExpectBlind, check_expectation_line},
    {SyntaxKind::ExpectBefore, check_expectation_line},
    {SyntaxKind::ExpectReached, check_expectation_line},
    {SyntaxKind::ExpectCalled, check_expectation_line},
    {SyntaxKind::ExpectNotified, check_expectation_line},
    {SyntaxKind::ExpectOutcome, check_expectation_line},
});

// `graduated[2]`: the second time that the stage is entered.
std::uint32_t occurrence_of(Checker& c, MaybeNode index) {
  if (!index) return 1;
  const ExprId number = check_constant(c, index, type_id(TypeKind::Number), "which entry of the stage");
  const auto value = constant_value(c, number);
  if (!value) return 1;
  if (value->as_double() >= 1 && value->as_double() <= 1000) return static_cast<std::uint32_t>(value->as_double());
  c.report(Code::OutOfRange, c.here(*index),
           fmt::format("entries of a stage are counted from 1, and this is {}", plan::to_literal(*value)));
  return 1;
}

// The stage that a point begins with; false where it begins with a duration.
bool check_point_stage(Checker& c, NodeRef term, ScenarioPoint& point) {
  const grammar::IndexView index{{term}};
  const bool indexed = term.is(SyntaxKind::Index);
  const MaybeNode path = indexed ? index.object() : MaybeNode(term);
  const bool is_name = path && path->is(SyntaxKind::NameExpression);
  const bool is_path = path && path->is(SyntaxKind::Member) && begins_with_rollout(c, *path);
  if (!is_name && !is_path) return false;
  // A `let` with a duration may begin a point as well.
  if (is_name && !indexed && !has_stage(c, path->text()) && find_name(c, path->text()) != kNone) return false;
  point.stage = stage_path(c, *path);
  if (point.stage.empty()) return true;
  point.base = ScenarioPoint::Base::StageEntry;
  if (indexed) point.occurrence = occurrence_of(c, index.index());
  return true;
}

ExprId offset_of(Checker& c, std::span<const NodeRef> terms) {
  const TypeId duration = type_id(TypeKind::Duration);
  ExprId sum = kNone;
  for (const NodeRef term : terms) {
    const ExprId part = check_constant(c, term, duration, "a point in time");
    if (is_error(c, part)) return part;
    if (sum == kNone) {
      sum = part;
      continue;
    }
    Expr expr;
    expr.kind = ExprKind::Binary;
    expr.op = plan::Op::Add;
    expr.type = duration;
    expr.location = c.here(term);
    expr.children = {sum, part};
    sum = add_expr(c, std::move(expr));
  }
  const auto value = constant_value(c, sum);
  return sum != kNone && value ? constant_expr(c, *value, duration, c.expr(sum).location) : sum;
}

}  // namespace

void add_point(Checker& c, MaybeNode node, ScenarioLine& line) {
  ScenarioPoint point;
  const auto view = grammar::as<grammar::PointView>(node);
  if (view) {
    std::vector<NodeRef> terms = view->terms();
    if (const auto stage = view->end_of()) {
      point.stage = stage_path(c, *stage);
      if (!point.stage.empty()) point.base = ScenarioPoint::Base::StageEnd;
    } else if (!terms.empty() && check_point_stage(c, terms.front(), point)) {
      terms.erase(terms.begin());
    }
    point.offset = offset_of(c, terms);
  }
  line.points.push_back(std::move(point));
}

void add_constant(Checker& c, MaybeNode node, TypeId type, std::string_view what, ScenarioLine& line) {
  line.values.push_back(check_constant(c, node, type, what));
}

void add_count(Checker& c, MaybeNode node, std::string_view what, ScenarioLine& line) {
  add_constant(c, node, type_id(TypeKind::Number), what, line);
  const auto value = constant_value(c, line.values.back());
  if (!value || (value->as_double() >= 0 && value->as_double() == std::floor(value->as_double()))) return;
  c.report(Code::OutOfRange, c.here(*node),
           fmt::format("{} must be a whole number, and this is {}", what, plan::to_literal(*value)));
}

void add_target(Checker& c, NodeRef node, SymbolId symbol, ScenarioLine& line) {
  line.symbols.push_back(symbol);
  line.targets.push_back(kNone);
  if (symbol == kNone || !node.is(SyntaxKind::Call)) return;
  CallSite site = call_site(c, node, symbol);
  site.any_allowed = true;
  site.fills_defaults = c.symbol(symbol).kind == SymbolKind::Metric;
  const ExprId target = check_use(c, node, symbol, site);
  if (is_error(c, target) && c.expr(target).kind == ExprKind::Error) return;
  fold_arguments(c, target);
  line.targets.back() = target;
}

// The name of a rollout that the scenario's own `requires`.
bool is_requirement(const Checker& c, NodeRef node) {
  if (c.at.place.rollout == kNone) return false;
  const auto& requirements = c.module.rollouts[c.at.place.rollout].requirements;
  return std::ranges::find(requirements, node.text()) != requirements.end();
}

void add_callable(Checker& c, MaybeNode node, ScenarioLine& line) {
  if (!node) return;
  if (const auto run = grammar::as<grammar::RunView>(node)) {
    if (run->command()) {
      // Its text is a pattern: `*` stands for anything here, so only its inserts are looked at.
      for (const NodeRef insert : run->command()->descendants(SyntaxKind::Insert)) {
        c.report(Code::NotConstantText, c.here(insert), "the command of a scenario is constant text")
            .help("`*` stands for anything");
      }
    }
    return;
  }
  if (is_requirement(c, *node)) {
    line.symbols.push_back(kNone);
    line.targets.push_back(kNone);
    return;
  }
  SymbolId symbol = resolve(c, *node, "an action, a check or a channel");
  if (symbol != kNone) use_symbol(c, symbol, c.here(*node));
  if (symbol != kNone && !is_callable(c, symbol)) {
    Report report = c.report(Code::WrongKindOfName, c.here(*node),
                             fmt::format("`{}` is {}, where an action, a check or a channel is needed",
                                         c.symbol(symbol).name, kind_phrase(c.symbol(symbol).kind)));
    if (c.symbol(symbol).kind == SymbolKind::Metric)
      report.help(fmt::format("a metric has a signal: `{} = missing`", node->text()));
    symbol = kNone;
  }
  add_target(c, *node, symbol, line);
}

void add_stage(Checker& c, MaybeNode path, ScenarioLine& line) {
  if (path) line.paths.push_back(stage_path(c, *path));
}

std::optional<ScenarioLine> check_scenario_line(Checker& c, ScenarioContext& context, NodeRef node) {
  const auto row = std::ranges::find(kLines, node.kind(), &LineRow::syntax);
  if (row == kLines.end()) return std::nullopt;
  ScenarioLine line{node, {}, {}, {}, {}, {}, c.here(node)};
  row->check(c, context, node, line);
  return line;
}

}  // namespace rollout::check
