// A scenario in which a guard has to act: the world of one that goes well, and a signal that goes wrong.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "editor-support/language-server/queries/declarations.hpp"
#include "editor-support/language-server/queries/play.hpp"
#include "editor-support/language-server/queries/refactoring_places.hpp"
#include "grammar/literals.hpp"
#include "runtime/plan/time_span.hpp"

namespace rollout::language_server {
namespace {

using check::ExprId;
using check::ExprKind;
using check::kNone;
using check::SymbolKind;
using plan::Op;
using plan::Value;
using plan::ValueKind;

// One comparison of a metric with something that is known: `p95("contacts") > 600ms`.
struct Limit {
  std::string metric;  // as a scenario names it
  Op op{};
  Value value;
  check::TypeId type = kNone;
};

// As a scenario names it; arguments that only a run knows stand for any.
std::string metric_text(const CheckedModule& module, const check::Expr& use) {
  const std::string_view text = module.files[use.location.file].text;
  const bool known = std::ranges::all_of(use.children, [&](ExprId id) { return constant_of(module, id).has_value(); });
  if (known) return std::string(text.substr(use.location.span.begin, use.location.span.size()));
  std::string any;
  for (std::size_t i = 0; i < use.children.size(); ++i) any += any.empty() ? "(_" : ", _";
  return module.symbols[use.symbol].path + any + (any.empty() ? "" : ")");
}

bool is_comparison(Op op) {
  return op == Op::Greater || op == Op::GreaterEqual || op == Op::Less || op == Op::LessEqual || op == Op::Equal ||
         op == Op::NotEqual;
}

// The comparisons that all have to be true (the first of an `or`); nothing where one is of another kind.
bool collect_limits(const CheckedModule& module, ExprId id, std::vector<Limit>& limits) {
  if (id == kNone) return false;
  const check::Expr& expr = module.exprs[id];
  if (expr.kind == ExprKind::Binary && expr.op == Op::And) {
    return std::ranges::all_of(expr.children, [&](ExprId child) { return collect_limits(module, child, limits); });
  }
  if (expr.kind == ExprKind::Binary && expr.op == Op::Or) return collect_limits(module, expr.children.front(), limits);
  if (expr.kind != ExprKind::Binary || !is_comparison(expr.op) || expr.children.size() != 2) return false;
  const check::Expr* left = &module.exprs[expr.children[0]];
  if (left->kind == ExprKind::Window && !left->children.empty()) left = &module.exprs[left->children.front()];
  const auto value = constant_of(module, expr.children[1]);
  if (left->kind != ExprKind::MetricUse || left->location.file != kMainFile || !value) return false;
  limits.push_back({metric_text(module, *left), expr.op, *value, left->type});
  return true;
}

double amount_of(const Value& value) {
  const bool whole = value.kind() == ValueKind::Duration || value.kind() == ValueKind::Size;
  return whole ? static_cast<double>(value.as_integer()) : value.as_double();
}

// Another label of the enum.
std::string other_label(const CheckedModule& module, check::TypeId type, const std::string& label) {
  if (type == kNone || module.types[type].kind != check::TypeKind::Enum) return {};
  const auto& labels = module.enums[module.types[type].declaration].labels;
  const auto found = std::ranges::find_if(labels, [&](const std::string& one) { return one != label; });
  return found == labels.end() ? std::string() : *found;
}

// A value for which the comparison is true, or one for which it is false; empty where none can be told.
std::string value_for(const CheckedModule& module, const Limit& limit, bool wanted) {
  const ValueKind kind = limit.value.kind();
  const bool equality = limit.op == Op::Equal || limit.op == Op::NotEqual;
  if (kind == ValueKind::Enum || equality) {
    const bool same = (limit.op == Op::Equal) == wanted;
    if (same) return plan::to_literal(limit.value);
    if (kind == ValueKind::Enum) return other_label(module, limit.type, limit.value.as_string());
    return kind == ValueKind::Number ? plan::to_literal(Value::number(limit.value.as_double() + 1)) : std::string();
  }
  const double amount = amount_of(limit.value);
  const bool above = (limit.op == Op::Greater || limit.op == Op::GreaterEqual) == wanted;
  double chosen = above ? amount * 2 : amount / 2;
  if (above && kind == ValueKind::Ratio && chosen > 1 && amount < 1) chosen = (1 + amount) / 2;
  if (amount == 0) {
    if (!above)
      return limit.op == Op::GreaterEqual || limit.op == Op::Less ? std::string() : plan::to_literal(limit.value);
    chosen = kind == ValueKind::Duration ? 1e9 : 1;
  }
  const Value value = plan::quantity(kind, chosen);
  return value.is_missing() ? std::string() : plan::to_literal(value);
}

std::string expectation_of(const CheckedModule& module, check::ResponseId id) {
  if (id == kNone) return {};
  switch (module.responses[id].outcome) {
    case plan::OutcomeKind::Rollback: return "expect rolled back";
    case plan::OutcomeKind::Pause: return "expect paused";
    case plan::OutcomeKind::Abort: return "expect aborted";
    default: return {};
  }
}

// Where the guard watches: the place of its `watch`, where it is one of a set.
Span place_of_watch(const CheckedModule& module, const check::Guard& guard) {
  for (const check::GuardsDecl& set : module.guard_sets) {
    const bool own = std::ranges::any_of(set.items, [&](check::StepId id) {
      const auto* step = std::get_if<check::GuardStep>(&module.steps[id].body);
      return step != nullptr && &module.guards[step->guard] == &guard;
    });
    if (!own) continue;
    for (const check::Step& step : module.steps) {
      const auto* watch = std::get_if<check::WatchStep>(&step.body);
      if (watch != nullptr && watch->guards == set.symbol && step.location.file == kMainFile) return step.location.span;
    }
  }
  return guard.location.span;
}

const check::RolloutDecl* rollout_around(const CheckedModule& module, Span span) {
  const check::RolloutDecl* first = nullptr;
  for (const check::RolloutDecl& rollout : module.rollouts) {
    if (rollout.location.file != kMainFile) continue;
    if (rollout.location.span.contains(span)) return &rollout;
    if (first == nullptr) first = &rollout;
  }
  return first;
}

// The first scenario of the rollout that ends well.
std::optional<grammar::ScenarioView> good_scenario(const CheckedModule& module, const std::string& rollout) {
  for (const NodeRef node : module.trees.front().root().children(SyntaxKind::Scenario)) {
    const grammar::ScenarioView view{{node}};
    if (!view.rollout() || node.has_error()) continue;
    const auto named = grammar::path_of(*view.rollout());
    if (named.empty() || named.back() != rollout) continue;
    const auto succeeds = [](NodeRef line) { return line.text().starts_with("expect succeeded"); };
    if (std::ranges::any_of(view.lines(), succeeds)) return view;
  }
  return std::nullopt;
}

// The lines of the scenario without what it expects.
std::string lines_without_expectations(const grammar::ScenarioView& scenario) {
  std::string text;
  for (const NodeRef line : scenario.lines()) {
    if (!line.text().starts_with("expect")) text += fmt::format("  {}\n", line.text());
  }
  return text;
}

// Signals with which no guard of the file acts and every `until` is met, as far as that can be told.
std::string healthy_lines(const CheckedModule& module) {
  std::map<std::string, std::string> signals;
  const auto add = [&](ExprId condition, bool wanted) {
    std::vector<Limit> limits;
    collect_limits(module, condition, limits);
    for (const Limit& limit : limits) {
      if (std::string value = value_for(module, limit, wanted); !value.empty()) signals.emplace(limit.metric, value);
    }
  };
  for (const check::Guard& guard : module.guards) {
    if (guard.location.file == kMainFile) add(guard.condition, false);
  }
  for (const check::Step& step : module.steps) {
    const auto* hold = std::get_if<check::HoldStep>(&step.body);
    if (hold == nullptr || step.location.file != kMainFile) continue;
    for (const check::HoldCondition& condition : hold->until) add(condition.condition, true);
  }
  std::string text;
  for (const auto& [metric, value] : signals) text += fmt::format("  {} = {}\n", metric, value);
  const NodeRef root = module.trees.front().root();
  if (!root.descendants(SyntaxKind::Approve).empty()) text += "  approve all\n";
  if (!root.descendants(SyntaxKind::Checklist).empty()) text += "  tick all\n";
  return text;
}

// The stage around, for a template the first that is made of it; empty where there is none.
std::string stage_around(const CheckedModule& module, Span span) {
  for (std::uint32_t id = 0; id < module.stages.size(); ++id) {
    const check::StageDecl& stage = module.stages[id];
    const bool around = stage.body != kNone && module.blocks[stage.body].location.file == kMainFile &&
                        module.blocks[stage.body].location.span.contains(span);
    if (!around || stage.symbol == kNone) continue;
    if (module.symbols[stage.symbol].kind != SymbolKind::StageTemplate) return module.symbols[stage.symbol].name;
    const auto made = std::ranges::find(module.stages, id, &check::StageDecl::of_template);
    return made == module.stages.end() ? std::string() : module.symbols[made->symbol].name;
  }
  return {};
}

// How long the condition may have to be true until the guard acts: at once and for long, and in between; nothing stands
// for good. It should get well again, since the way back may wait for that; how soon it may depends on when it is
// looked at.
std::vector<std::optional<plan::Nanoseconds>> bad_times(const CheckedModule& module, const check::Guard& guard) {
  constexpr plan::Nanoseconds kMinute = 60LL * 1'000'000'000;
  plan::Nanoseconds held = 0;
  if (guard.for_duration != kNone) {
    if (const auto known = constant_of(module, guard.for_duration)) held = known->as_integer();
  }
  return {held + 2 * kMinute, 2 * held + 5 * kMinute, 3 * held + 20 * kMinute, std::nullopt};
}

bool needs_values(const CheckedModule& module, const check::RolloutDecl& rollout) {
  return !rollout.parameters.empty() ||
         std::ranges::any_of(module.params, [](const check::Param& param) { return param.default_value == kNone; });
}

std::string free_title(const CheckedModule& module, std::string wanted) {
  std::erase_if(wanted, [](char c) { return c == '"' || c == '\\' || c == '$' || c == '\n'; });
  const auto is_taken = [&](const std::string& title) {
    return std::ranges::any_of(module.symbols, [&](const check::Symbol& symbol) {
      return symbol.kind == SymbolKind::Scenario && symbol.name == title;
    });
  };
  std::string title = wanted;
  for (int number = 2; is_taken(title); ++number) title = fmt::format("{} ({})", wanted, number);
  return title;
}

}  // namespace

void add_scenario(const CheckedModule& module, Span selection, std::vector<Refactoring>& found) {
  const auto when = innermost(nodes_around(module, selection), SyntaxKind::When);
  if (!when || when->has_error()) return;
  const auto guard = std::ranges::find_if(module.guards, [&](const check::Guard& one) {
    return one.location.file == kMainFile && when->span().contains(one.location.span);
  });
  if (guard == module.guards.end()) return;
  std::vector<Limit> limits;
  const std::string expectation = expectation_of(module, guard->response);
  const Span watched = place_of_watch(module, *guard);
  const check::RolloutDecl* rollout = rollout_around(module, watched);
  if (expectation.empty() || rollout == nullptr || !collect_limits(module, guard->condition, limits)) return;
  const std::string stage = stage_around(module, watched);
  const std::string& name = module.symbols[rollout->symbol].name;
  const auto base = good_scenario(module, name);
  if (!base && needs_values(module, *rollout)) return;
  const std::string begin = stage.empty() ? "1m" : stage;
  std::vector<std::string> bad;
  for (const auto& time : bad_times(module, *guard)) {
    std::string lines;
    for (const Limit& limit : limits) {
      const std::string value = value_for(module, limit, true);
      if (value.empty()) return;
      lines += fmt::format("  {} = {} from {}", limit.metric, value, begin);
      if (time && stage.empty()) lines += " to " + plan::time_text(60LL * 1'000'000'000 + *time);
      if (time && !stage.empty()) lines += fmt::format(" to {} + {}", stage, plan::time_text(*time));
      lines += "\n";
    }
    bad.push_back(std::move(lines));
  }
  const std::string world = base && base->world() ? fmt::format(" in {}", base->world()->text()) : std::string();
  const std::string of = base ? std::string(base->rollout()->text()) : name;
  const std::string lines = base ? lines_without_expectations(*base) : healthy_lines(module);
  const std::string head =
      fmt::format("\n\nscenario \"{}\" of {}{} {{\n{}", free_title(module, guard->text), of, world, lines);
  const auto declarations = module.trees.front().root().child_nodes();
  const std::uint32_t place = base ? base->node.span().end : declarations.back().span().end;
  Refactoring added{"add a scenario for this guard", RefactoringKind::Rewrite, {}, {}};
  for (const std::string& signals : bad) {
    added.alternatives.push_back({edit({place, place}, fmt::format("{}{}  {}\n}}", head, signals, expectation))});
  }
  added.edits = added.alternatives.back();
  found.push_back(std::move(added));
}

std::vector<diagnostics::Edit> best_edits(const driver::CompiledFile& file, const Refactoring& refactoring) {
  for (const auto& edits : refactoring.alternatives) {
    std::string text = file.module.files[kMainFile].text;
    if (edits.size() != 1) continue;
    text.insert(edits.front().location.span.begin, edits.front().text);
    const driver::CompiledFile changed = driver::compile_source({file.path, std::move(text)});
    if (changed.has_errors) continue;
    for (const check::ScenarioDecl& scenario : changed.module.scenarios) {
      const Location& where = scenario.location;
      const std::uint32_t begin = edits.front().location.span.begin;
      const bool is_new =
          where.file == kMainFile && where.span.begin >= begin && where.span.begin < begin + edits.front().text.size();
      if (!is_new) continue;
      const auto played = play_scenario(changed, changed.module.symbols[scenario.symbol].name);
      if (played && played->passed) return edits;
    }
  }
  return refactoring.edits;
}

}  // namespace rollout::language_server
