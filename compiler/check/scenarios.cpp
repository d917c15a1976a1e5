#include "compiler/check/scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "grammar/literals.hpp"

// Scenarios: each against its rollout, world first, and what they leave open.

namespace rollout::check {
namespace {

void collect_gate(const Checker& c, Gates& gates, ExprId text, SymbolId role, std::vector<std::string> parts,
                  bool asks) {
  const auto value = constant_value(c, text);
  if (!value || value->kind() != plan::ValueKind::String)
    gates.open_texts = true;
  else
    gates.texts.push_back({value->as_string(), std::move(parts), role, asks});
}

// Every question of the program: which of them a rollout reaches matters less than whether there is one at all.
Gates collect_gates(const Checker& c) {
  Gates gates;
  for (const Step& step : c.module.steps) {
    if (const auto* approve = std::get_if<ApproveStep>(&step.body)) {
      collect_gate(c, gates, approve->text, approve->who.role, {}, false);
    } else if (const auto* list = std::get_if<ChecklistStep>(&step.body)) {
      std::vector<std::string> items;
      for (const ChecklistItem& item : list->items) {
        const auto text = constant_value(c, item.text);
        if (text)
          items.push_back(text->as_string());
        else
          gates.open_texts = true;
      }
      collect_gate(c, gates, list->text, list->who.role, std::move(items), false);
    } else if (const auto* ask = std::get_if<AskStep>(&step.body)) {
      std::vector<std::string> answers;
      answers.reserve(ask->answers.size());
      for (const Answer& answer : ask->answers) answers.push_back(answer.text);
      collect_gate(c, gates, ask->text, ask->role, std::move(answers), true);
    }
  }
  return gates;
}

MaybeNode find_world(Checker& c, ScenarioDecl& scenario, NodeRef name) {
  const SymbolId world = resolve_kind(c, name, SymbolKind::World, "a world");
  if (world == kNone) return std::nullopt;
  scenario.world = world;
  return c.origins[world].node;
}

void check_arguments_of_rollout(Checker& c, ScenarioDecl& scenario, NodeRef node) {
  const auto arguments = check_arguments(c, call_site(c, node, scenario.rollout), parameters_of(c, scenario.rollout));
  for (const ExprId argument : arguments) {
    const auto value = argument == kNone ? std::nullopt : constant_value(c, argument);
    if (value) {
      scenario.arguments.push_back(constant_expr(c, *value, c.expr(argument).type, c.expr(argument).location));
      continue;
    }
    scenario.arguments.push_back(kNone);
    if (argument == kNone || is_error(c, argument)) continue;
    c.report(Code::NotConstant, c.expr(argument).location,
             "the arguments of a scenario's rollout must be known at compile time");
  }
}

void report_missing_params(Checker& c, const ScenarioDecl& scenario, const ScenarioContext& context) {
  std::vector<std::string> missing;
  // All of the file that is run are asked for, of others those that the rollout reads.
  const auto needed = [&](SymbolId param) {
    const FileId file = c.symbol(param).declared.file;
    if (file == c.at.file) return true;
    return file == c.symbol(scenario.rollout).declared.file &&
           std::ranges::binary_search(reached_from(c, scenario.rollout), param);
  };
  for (const Param& param : c.module.params) {
    if (param.symbol == kNone || param.default_value != kNone || c.symbol(param.symbol).type == kErrorType) continue;
    if (!needed(param.symbol)) continue;
    const bool given = std::ranges::find(context.given, param.symbol) != context.given.end();
    if (!given) missing.push_back(c.symbol(param.symbol).name);
  }
  if (missing.empty() || context.misspelt) return;
  c.report(Code::MissingArgument, scenario.location,
           fmt::format("this scenario gives no value to `{}`", fmt::join(missing, "`, `")))
      .help(fmt::format("add `with {} = ...`, or give the parameter a default", missing.front()));
}

// ---------------------------------------------------------------- metrics without a signal

// A metric as it is read: with its arguments where they are known.
struct Reading {
  SymbolId metric = kNone;
  std::optional<std::vector<Value>> arguments;
};

Reading reading_of(const Checker& c, ExprId use) {
  const Expr& expr = c.expr(use);
  Reading reading;
  reading.metric = expr.symbol;
  std::vector<Value> arguments;
  for (const ExprId child : expr.children) {
    auto value = child == kNone ? std::nullopt : constant_value(c, child);
    if (!value) return reading;
    arguments.push_back(std::move(*value));
  }
  reading.arguments = std::move(arguments);
  return reading;
}

std::string reading_text(const Checker& c, const Reading& reading) {
  const Symbol& symbol = c.symbol(reading.metric);
  const auto& parameters = c.module.metrics[symbol.index].parameters;
  if (!reading.arguments || parameters.empty()) return symbol.path;
  bool usual = true;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Value& value = (*reading.arguments)[i];
    const auto by_default = constant_value(c, parameters[i].default_value);
    usual = usual && by_default && *by_default == value;
    texts.push_back(plan::to_literal(value));
  }
  return usual ? symbol.path + "()" : fmt::format("{}({})", symbol.path, fmt::join(texts, ", "));
}

// A value for all series of a grouped metric, where the scenario names none of them.
void report_nameless_series(Checker& c, const ScenarioDecl& scenario) {
  const auto is_signal = [&](const ScenarioLine& line) {
    return line.node.is(SyntaxKind::Signal) && !line.symbols.empty() && line.symbols.front() != kNone;
  };
  for (const ScenarioLine& line : scenario.lines) {
    if (!is_signal(line)) continue;
    const SymbolId metric = line.symbols.front();
    const auto& labels = c.module.metrics[c.symbol(metric).index].labels;
    const auto value = grammar::SignalView{{line.node}}.value();
    if (labels.empty() || !value || value->is(SyntaxKind::MissingValue)) continue;
    const bool named = std::ranges::any_of(scenario.lines, [&](const ScenarioLine& other) {
      return is_signal(other) && other.symbols.front() == metric && !grammar::SignalView{{other.node}}.series().empty();
    });
    if (named) continue;
    const std::string& name = c.symbol(metric).name;
    std::vector<std::string> examples;
    examples.reserve(labels.size());
    for (const std::string& label : labels) examples.push_back(fmt::format("\"{}-1\"", label));
    c.report(Code::BadSignal, line.location,
             fmt::format("`{}` is grouped by `{}`, and this scenario names none of its series", name,
                         fmt::join(labels, "`, `")))
        .help(fmt::format("say of which series: `{}[{}] = ...`", name, fmt::join(examples, ", ")));
  }
}

bool covers(const Checker& c, const ScenarioLine& line, const Reading& reading) {
  if (!line.node.is(SyntaxKind::Signal) || line.symbols.empty() || line.symbols.front() != reading.metric) return false;
  const ExprId target = line.targets.front();
  if (target == kNone || !reading.arguments) return true;
  const auto& pattern = c.expr(target).children;
  for (std::size_t i = 0; i < pattern.size() && i < reading.arguments->size(); ++i) {
    if (pattern[i] == kNone) continue;
    const auto value = constant_value(c, pattern[i]);
    if (value && !(*value == (*reading.arguments)[i])) return false;
  }
  return true;
}

// A probe of a check that reads nothing but metrics is computed from their signals.
bool needs_signal(const Checker& c, SymbolId metric) {
  const MetricDecl& declaration = c.module.metrics[c.symbol(metric).index];
  if (is_error(c, declaration.source)) return false;
  const Expr& source = c.expr(declaration.source);
  if (source.kind != ExprKind::Call || c.symbol(source.symbol).kind != SymbolKind::Native) return true;
  if (c.module.natives[c.symbol(source.symbol).index].provider != plan::MetricProvider::Probe) return true;
  const Expr& check = c.expr(source.children.front());
  return check.kind != ExprKind::CheckUse || c.module.checks[c.symbol(check.symbol).index].external;
}

void report_missing_signals(Checker& c, const ScenarioDecl& scenario) {
  std::vector<std::string> missing;
  for (const SymbolId owner : reached_from(c, scenario.rollout)) {
    for (const ExprId use : c.metric_uses[owner]) {
      const Reading reading = reading_of(c, use);
      if (c.symbol(reading.metric).type == kErrorType || !needs_signal(c, reading.metric)) continue;
      const bool covered =
          std::ranges::any_of(scenario.lines, [&](const ScenarioLine& line) { return covers(c, line, reading); });
      std::string text = reading_text(c, reading);
      if (!covered && std::ranges::find(missing, text) == missing.end()) missing.push_back(std::move(text));
    }
  }
  if (missing.empty()) return;
  c.report(Code::MetricWithoutSignal, scenario.location,
           fmt::format("no signal for `{}`: {} missing in this scenario", fmt::join(missing, "`, `"),
                       missing.size() == 1 ? "it is" : "they are"))
      .note("what is missing is unknown to guards and conditions; after a while they are blind and the run pauses")
      .help(fmt::format("give it a value, or say that it is meant: `{} = missing`", missing.front()));
}

void check_scenario(Checker& c, const Gates& gates, std::uint32_t index) {
  ScenarioDecl scenario = c.module.scenarios[index];
  const Origin origin = c.origins[scenario.symbol];
  const Elsewhere elsewhere(c, origin.file, scenario.symbol);
  c.at.place.what = "a scenario";
  const grammar::ScenarioView view{{*origin.node}};
  scenario.location = c.symbol(scenario.symbol).declared;
  if (!view.rollout()) return;
  scenario.rollout = resolve_kind(c, *view.rollout(), SymbolKind::Rollout, "a rollout");
  if (scenario.rollout == kNone) return;
  check_arguments_of_rollout(c, scenario, *view.rollout());
  ScenarioContext context{.rollout = c.symbol(scenario.rollout).index, .gates = gates};
  c.at.place.rollout = context.rollout;
  std::vector<NodeRef> lines;
  if (view.world()) {
    const MaybeNode world = find_world(c, scenario, *view.world());
    if (world) lines = grammar::WorldView{{*world}}.lines();
  }
  const auto own = view.lines();
  lines.insert(lines.end(), own.begin(), own.end());
  for (const NodeRef node : lines) {
    if (auto line = check_scenario_line(c, context, node)) scenario.lines.push_back(std::move(*line));
  }
  report_missing_params(c, scenario, context);
  report_missing_signals(c, scenario);
  report_nameless_series(c, scenario);
  c.module.scenarios[index] = std::move(scenario);
}

void report_duplicate_titles(Checker& c) {
  std::map<std::string, SymbolId> first;
  for (const ScenarioDecl& scenario : c.module.scenarios) {
    const Symbol& symbol = c.symbol(scenario.symbol);
    const auto [found, added] = first.emplace(symbol.name, scenario.symbol);
    if (added || c.symbol(found->second).declared.file != symbol.declared.file) continue;
    c.report(Code::DuplicateName, symbol.declared, fmt::format("there are two scenarios \"{}\"", symbol.name))
        .label("named again")
        .also(c.symbol(found->second).declared, "first here");
  }
}

}  // namespace

void check_scenarios(Checker& c) {
  report_duplicate_titles(c);
  const Gates gates = collect_gates(c);
  for (std::uint32_t i = 0; i < c.module.scenarios.size(); ++i) check_scenario(c, gates, i);
  // A scenario that was wrong from the start has no rollout and is left out.
  std::erase_if(c.module.scenarios, [](const ScenarioDecl& scenario) { return scenario.rollout == kNone; });
}

}  // namespace rollout::check
