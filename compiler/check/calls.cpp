#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/checker.hpp"

// Uses of declared names, with or without arguments, and which of them may stand where.

namespace rollout::check {
namespace {

ExprId wrong_kind(Checker& c, NodeRef node, SymbolId id, std::string_view help) {
  const Symbol& symbol = c.symbol(id);
  c.report(Code::WrongKindOfName, c.here(node),
           fmt::format("`{}` is {}, not a value", symbol.name, kind_phrase(symbol.kind)))
      .also(symbol.declared, "declared here")
      .help(std::string(help));
  return error_expr(c, c.here(node));
}

ExprId name_expr(Checker& c, NodeRef node, SymbolId id, const CallSite& site) {
  const Symbol& symbol = c.symbol(id);
  if (site.parentheses) {
    c.report(Code::WrongKindOfName, site.location,
             fmt::format("`{}` is {} and takes no arguments", symbol.name, kind_phrase(symbol.kind)))
        .also(symbol.declared, "declared here");
    return error_expr(c, c.here(node));
  }
  Expr expr;
  expr.kind = ExprKind::Name;
  expr.type = symbol.kind == SymbolKind::Role ? list_of(c, type_id(TypeKind::String)) : c.symbol(id).type;
  expr.location = c.here(node);
  expr.symbol = id;
  return add_expr(c, std::move(expr));
}

// An expression of `kind` with all arguments of the symbol.
ExprId use_expr(Checker& c, NodeRef node, SymbolId id, const CallSite& site, ExprKind kind, TypeId type) {
  const std::vector<Parameter> parameters = parameters_of(c, id);
  Expr expr;
  expr.kind = kind;
  expr.type = type;
  expr.location = c.here(node);
  expr.symbol = id;
  expr.children = check_arguments(c, site, parameters);
  if (kind == ExprKind::Call || kind == ExprKind::Record) {
    for (const Parameter& parameter : parameters) expr.labels.push_back(parameter.name);
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const ExprId child = expr.children[i];
    const bool missing =
        child == kNone && parameters[i].required && !site.any_allowed && parameters[i].name != site.supplied;
    if (missing || (child != kNone && is_error(c, child))) expr.type = kErrorType;
  }
  return add_expr(c, std::move(expr));
}

// A grouped metric has a value for each of its series; reports where one value is asked for.
bool may_stand_alone(Checker& c, NodeRef node, SymbolId id) {
  const auto& labels = c.module.metrics[c.symbol(id).index].labels;
  if (labels.empty() || c.at.place.series) return true;
  const std::string& name = c.symbol(id).name;
  c.report(
       Code::GroupedMetric, c.here(node),
       fmt::format("`{}` is grouped by `{}`: it has a value for each series, not one", name, fmt::join(labels, "`, `")))
      .also(c.symbol(id).declared, "declared here")
      .note("a grouped metric is compared inside `any(...)`, `all(...)`, `count(...)` or `share(...)`")
      .help(fmt::format("say of how many it must hold: `any({} ...)`, `all({} ...)`, `share({} ...) > 50%`", name, name,
                        name));
  return false;
}

ExprId use_metric(Checker& c, NodeRef node, SymbolId id, const CallSite& site) {
  if (!c.at.place.metrics && !site.any_allowed) {
    c.report(Code::MetricNotHere, c.here(node),
             fmt::format("`{}` is a metric, and {} cannot read one", c.symbol(id).name, c.at.place.what))
        .also(c.symbol(id).declared, "declared here")
        .note("metrics have values only while a run goes on: in guards, holds, checks and steps");
    return error_expr(c, c.here(node));
  }
  if (!site.any_allowed && !may_stand_alone(c, node, id)) return error_expr(c, c.here(node));
  const ExprId use = use_expr(c, node, id, site, ExprKind::MetricUse, c.symbol(id).type);
  if (site.any_allowed || is_error(c, use)) return use;
  for (const ExprId argument : c.expr(use).children) {
    if (fixed_at_creation(c, argument)) continue;
    c.report(Code::NotConstant, c.expr(argument).location, "the arguments of a metric are fixed when a run starts")
        .help("use a literal, a `param`, a `let` of the module or an argument");
    return error_expr(c, c.here(node));
  }
  if (c.at.owner != kNone) c.metric_uses[c.at.owner].push_back(use);
  return use;
}

bool changes(const Checker& c, SymbolId id) {
  const Symbol& symbol = c.symbol(id);
  if (symbol.kind == SymbolKind::Action)
    return c.module.actions[symbol.index].effect_class != plan::EffectClass::ReadOnly;
  const Native& native = c.module.natives[symbol.index];
  // A command in a check is taken to read: what it does cannot be seen.
  const bool is_request = native.effect == plan::EffectKind::Http || native.effect == plan::EffectKind::Mail ||
                          native.effect == plan::EffectKind::Plugin;
  return is_request && native.effect_class != plan::EffectClass::ReadOnly;
}

// Whether a call of the outside may stand here; reports why not.
bool may_call(Checker& c, NodeRef node, SymbolId id, const CallSite& site) {
  const std::string& name = c.symbol(id).path;
  if (site.any_allowed) return true;
  if (c.at.place.calls == Calls::None) {
    c.report(Code::CallNotHere, c.here(node), fmt::format("`{}` cannot be called in {}", name, c.at.place.what))
        .note("it reaches outside, so it belongs into a step, a check, an action or a channel");
    return false;
  }
  if (!site.direct) {
    c.report(Code::NestedCall, c.here(node),
             fmt::format("`{}` reaches outside and cannot stand inside an expression", name))
        .help(fmt::format("bind its result first: `let result = {}`",
                          node.text().size() < 60 ? node.text() : std::string_view("...")));
    return false;
  }
  if (c.at.place.calls == Calls::Reads && changes(c, id)) {
    c.report(Code::CheckChanges, c.here(node),
             fmt::format("{} only reads, and `{}` changes something", c.at.place.what, name))
        .help("say `readonly` before the call where it does not");
    return false;
  }
  return true;
}

bool is_kind(const Checker& c, TypeId type, TypeKind kind) {
  return type != kNone && c.module.types[type].kind == kind;
}

// A shell would read whatever an insert brings along, so a script is fixed and values come in through its environment.
void check_script(Checker& c, ExprId script) {
  if (script == kNone || is_error(c, script) || constant_value(c, script)) return;
  c.report(Code::ShellInsert, c.expr(script).location, "a script takes no inserts: the shell would run what they hold")
      .help("write `$NAME` in the script and pass the value: `shell(\"...\", env: { \"NAME\": value })`");
  c.expr(script).type = kErrorType;
}

ExprId use_native(Checker& c, NodeRef node, SymbolId id, const CallSite& site) {
  const NativeKind kind = c.module.natives[c.symbol(id).index].kind;
  const std::string path = c.symbol(id).path;
  if (!site.parentheses && !node.is(SyntaxKind::Run)) {
    c.report(Code::WrongKindOfName, c.here(node), fmt::format("`{}` is a function and needs arguments", path));
    return error_expr(c, c.here(node));
  }
  if (kind == NativeKind::Effect && !may_call(c, node, id, site)) return error_expr(c, c.here(node));
  if (kind == NativeKind::MetricSource && !is_kind(c, site.want, TypeKind::MetricSource)) {
    c.report(Code::NotASource, c.here(node), fmt::format("`{}` is the source of a metric, not a value", path))
        .help(fmt::format("declare one: `metric name: number = {}(...)`", path));
    return error_expr(c, c.here(node));
  }
  // `file("samples.csv")` of a metric has the name of a secret's source.
  if (path == "file" && is_kind(c, site.want, TypeKind::MetricSource)) {
    return use_expr(c, node, id, site, ExprKind::Call, type_id(TypeKind::MetricSource));
  }
  const bool in_secret = c.at.owner != kNone && c.symbol(c.at.owner).kind == SymbolKind::Secret;
  if (kind == NativeKind::SecretProvider && !(in_secret && site.direct)) {
    c.report(Code::NotASource, c.here(node),
             fmt::format("`{}` gives a secret and stands only in `secret name = {}(...)`", path, path));
    return error_expr(c, c.here(node));
  }
  const ExprId call = use_expr(c, node, id, site, ExprKind::Call, c.symbol(id).type);
  if (path == "shell") check_script(c, c.expr(call).children.front());
  return call;
}

ExprId use_source(Checker& c, NodeRef node, SymbolId id, const CallSite& site) {
  if (site.parentheses && is_kind(c, site.want, TypeKind::MetricSource)) {
    return use_expr(c, node, id, site, ExprKind::Call, type_id(TypeKind::MetricSource));
  }
  const std::string& path = c.symbol(id).path;
  c.report(Code::NotASource, c.here(node), fmt::format("`{}` is the source of a metric, not a value", path))
      .also(c.symbol(id).declared, "declared here")
      .help(fmt::format("declare one: `metric name: {} = {}(...)`", type_text(c, c.symbol(id).type), path));
  return error_expr(c, c.here(node));
}

ExprId use_action(Checker& c, NodeRef node, SymbolId id, const CallSite& site) {
  if (!site.parentheses && site.supplied.empty() && !site.any_allowed) {
    return wrong_kind(c, node, id, "an action is called as a step: `name(...)`");
  }
  if (!may_call(c, node, id, site)) return error_expr(c, c.here(node));
  return use_expr(c, node, id, site, ExprKind::Call, c.symbol(id).type);
}

ExprId use_channel(Checker& c, NodeRef node, SymbolId id, const CallSite& site) {
  if (!site.direct && !is_kind(c, site.want, TypeKind::Channel) && !site.any_allowed) {
    return wrong_kind(c, node, id, "bind it with `let`, or name it after `notify`");
  }
  return use_expr(c, node, id, site, ExprKind::Call, type_id(TypeKind::Channel));
}

ExprId use_called(Checker& c, NodeRef node, SymbolId id, const CallSite& site, ExprKind kind) {
  if (!site.parentheses) {
    return wrong_kind(c, node, id, fmt::format("call it: `{}(...)`", c.symbol(id).name));
  }
  return use_expr(c, node, id, site, kind, c.symbol(id).type);
}

}  // namespace

// What is known before the first step: a metric's arguments are fixed when a run is created.
bool fixed_at_creation(const Checker& c, ExprId id) {
  if (id == kNone) return true;
  const Expr& expr = c.expr(id);
  if (expr.kind == ExprKind::Name && c.symbol(expr.symbol).kind == SymbolKind::LocalLet) return false;
  if (expr.kind == ExprKind::Context || expr.kind == ExprKind::MetricUse || expr.kind == ExprKind::CheckUse ||
      expr.kind == ExprKind::Call) {
    return false;
  }
  return std::ranges::all_of(expr.children, [&](ExprId child) { return fixed_at_creation(c, child); });
}

ExprId check_use(Checker& c, NodeRef node, SymbolId id, const CallSite& site) {
  use_symbol(c, id, c.here(node));
  switch (c.symbol(id).kind) {
    case SymbolKind::Param:
    case SymbolKind::Secret:
    case SymbolKind::Let:
    case SymbolKind::Role:
    case SymbolKind::Argument:
    case SymbolKind::LocalLet:
    case SymbolKind::EachVariable: return name_expr(c, node, id, site);
    case SymbolKind::Fn: return use_called(c, node, id, site, ExprKind::FnCall);
    case SymbolKind::Record: return use_called(c, node, id, site, ExprKind::Record);
    case SymbolKind::Metric: return use_metric(c, node, id, site);
    case SymbolKind::Check: return use_expr(c, node, id, site, ExprKind::CheckUse, type_id(TypeKind::Bool));
    case SymbolKind::Action: return use_action(c, node, id, site);
    case SymbolKind::Channel: return use_channel(c, node, id, site);
    case SymbolKind::Native: return use_native(c, node, id, site);
    case SymbolKind::Enum:
      return wrong_kind(c, node, id, fmt::format("name one of its labels: `{}.label`", c.symbol(id).name));
    case SymbolKind::Source: return use_source(c, node, id, site);
    case SymbolKind::Guards:
      return wrong_kind(c, node, id, fmt::format("put it to work: `watch {}`", c.symbol(id).name));
    case SymbolKind::Module:
    case SymbolKind::StageTemplate:
    case SymbolKind::Stage:
    case SymbolKind::Rollout:
    case SymbolKind::World:
    case SymbolKind::Scenario: return wrong_kind(c, node, id, {});
  }
  return error_expr(c, c.here(node));
}

ExprId check_call(Checker& c, NodeRef node, TypeId want) {
  const auto callee = grammar::CallView{{node}}.callee();
  if (!callee) return error_expr(c, c.here(node));
  if (grammar::path_of(*callee).empty()) {
    c.report(Code::NoSuchPart, c.here(*callee), "only a name can be called");
    return error_expr(c, c.here(node));
  }
  if (callee->is(SyntaxKind::NameExpression) && find_name(c, callee->text()) == kNone &&
      !find_context(c, callee->text())) {
    c.direct = false;
    if (const auto builtin = check_builtin_call(c, node, callee->text())) return *builtin;
  }
  const SymbolId symbol = resolve(c, *callee, {});
  if (symbol == kNone) return error_expr(c, c.here(node));
  return check_use(c, node, symbol, call_site(c, node, symbol, want));
}

ExprId check_run(Checker& c, NodeRef node) {
  const SymbolId run = c.prelude.find("run")->second;
  const auto command = grammar::RunView{{node}}.command();
  const CallSite site = call_site(c, node, run);
  if (!command || !may_call(c, node, run, site)) return error_expr(c, c.here(node));
  const std::vector<Parameter> parameters = parameters_of(c, run);
  Expr expr;
  expr.kind = ExprKind::Call;
  expr.type = type_id(TypeKind::RunResult);
  expr.location = c.here(node);
  expr.symbol = run;
  expr.children.assign(parameters.size(), kNone);
  for (const Parameter& parameter : parameters) expr.labels.push_back(parameter.name);
  expr.children.front() = check_command(c, *command);
  if (is_error(c, expr.children.front())) expr.type = kErrorType;
  return add_expr(c, std::move(expr));
}

}  // namespace rollout::check
