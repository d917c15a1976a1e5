#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"
#include "runtime/plan/builtins.hpp"

// Declarations of a module: what others must know of them first, their bodies after that.

namespace rollout::check {
namespace {

// Declarations that need each other deeper than this take too much stack; nobody writes them.
constexpr int kMaxNesting = 100;

bool can_be_parameter(TypeKind kind) {
  switch (kind) {
    case TypeKind::Error:
    case TypeKind::Bool:
    case TypeKind::Number:
    case TypeKind::Ratio:
    case TypeKind::Duration:
    case TypeKind::Size:
    case TypeKind::NumberRate:
    case TypeKind::RatioRate:
    case TypeKind::SizeRate:
    case TypeKind::TimeOfDay:
    case TypeKind::Instant:
    case TypeKind::String:
    case TypeKind::Enum: return true;
    case TypeKind::Command:
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Record:
    case TypeKind::Json:
    case TypeKind::RunResult:
    case TypeKind::HttpResult:
    case TypeKind::Secret:
    case TypeKind::MetricSource:
    case TypeKind::Channel:
    case TypeKind::Nothing: return false;
  }
  return false;
}

void check_param_pattern(Checker& c, Param& param, NodeRef literal, TypeId type) {
  param.pattern = constant_text(c, literal, "a pattern");
  if (type != kErrorType && c.module.types[type].kind != TypeKind::String) {
    c.report(Code::BadPattern, c.here(literal),
             fmt::format("`matching` is for strings, and this is {}", type_phrase(c, type)));
    return;
  }
  const Value tried = plan::matches("", param.pattern);
  if (tried.is_missing()) {
    c.report(Code::BadPattern, c.here(literal), tried.as_string());
    param.pattern.clear();
    return;
  }
  const auto value = constant_value(c, param.default_value);
  if (!value || plan::matches(value->as_string(), param.pattern).as_bool()) return;
  c.report(Code::BadPattern, c.expr(param.default_value).location,
           fmt::format("the default {} does not match the pattern", plan::to_literal(*value)))
      .also(c.here(literal), "the pattern");
}

// What can be given as JSON on a command line.
bool is_plain_list(const Checker& c, TypeId id) {
  const Type& type = c.module.types[id];
  if (type.kind != TypeKind::List || type.element == kNone) return false;
  const TypeKind element = c.module.types[type.element].kind;
  return element == TypeKind::String || element == TypeKind::Number || element == TypeKind::Bool;
}

void check_param(Checker& c, SymbolId id, NodeRef node) {
  const grammar::ParamView view{{node}};
  const TypeId type = check_type(c, view.type(), c.symbol(id).name);
  c.symbol(id).type = type;
  Param param;
  param.symbol = id;
  if (!can_be_parameter(c.module.types[type].kind) && !is_plain_list(c, type)) {
    const bool secret = is_secret(c, type);
    c.report(Code::TypeNotHere, c.here(*view.type()), fmt::format("a parameter cannot be {}", type_phrase(c, type)))
        .help(secret ? "parameters are shown and kept in the journal; declare it with `secret name = env(\"NAME\")`"
                     : "");
    c.symbol(id).type = kErrorType;
  }
  const auto default_node = view.default_value();
  c.at.place.what = "the default of a parameter";
  if (default_node)
    param.default_value = check_constant(c, default_node, c.symbol(id).type, "the default of a parameter");
  if (view.matching()) check_param_pattern(c, param, *view.matching(), type);
  c.module.params[c.symbol(id).index] = std::move(param);
}

void check_secret(Checker& c, SymbolId id, NodeRef node) {
  c.symbol(id).type = type_id(TypeKind::Secret);
  c.at.place.what = "the source of a secret";
  const auto value = grammar::SecretView{{node}}.value();
  const ExprId source = check_direct(c, value, type_id(TypeKind::Secret));
  c.module.secrets[c.symbol(id).index].source = source;
  if (!value || is_error(c, source)) return;
  const Expr& expr = c.expr(source);
  if (expr.kind == ExprKind::Call && c.symbol(expr.symbol).kind == SymbolKind::Native) return;
  c.report(Code::NotASource, c.here(*value),
           "a secret comes from `env(\"NAME\")`, `file(\"PATH\")` or a provider such as `vault.read(...)`")
      .note("written in the source it would be no secret");
}

// The declared type where there is one, and whether the value fits it.
TypeId declared_or_own(Checker& c, MaybeNode type_node, ExprId value, MaybeNode value_node, TypeId declared,
                       std::string_view what) {
  if (!type_node) return c.expr(value).type == kNone ? kErrorType : c.expr(value).type;
  if (value_node) demand(c, value, *value_node, declared, what);
  return declared;
}

void check_let(Checker& c, SymbolId id, NodeRef node) {
  const grammar::LetView view{{node}};
  c.at.place.what = "a `let` of a module";
  const TypeId declared = view.type() ? check_type(c, view.type(), c.symbol(id).name) : kNone;
  const ExprId value = check_direct(c, view.value(), declared);
  c.symbol(id).type = declared_or_own(c, view.type(), value, view.value(), declared, "this `let`");
  c.symbol(id).index = static_cast<std::uint32_t>(c.module.lets.size());
  c.module.lets.push_back({id, value});
}

void check_fn(Checker& c, SymbolId id, NodeRef node) {
  const grammar::FnView view{{node}};
  c.at.place.what = "a function";
  std::vector<Argument> parameters = check_parameters(c, view.parameters());
  open_arguments(c, parameters);
  c.module.fns[c.symbol(id).index].parameters = std::move(parameters);
  const TypeId declared = view.type() ? check_type(c, view.type(), c.symbol(id).name) : kNone;
  const ExprId body = check_expression(c, view.value(), declared);
  c.module.fns[c.symbol(id).index].body = body;
  c.symbol(id).type = declared_or_own(c, view.type(), body, view.value(), declared, "the value of this function");
}

void check_named_enum(Checker& c, SymbolId id, NodeRef node) {
  const std::uint32_t index = check_enum(c, c.symbol(id).name, grammar::EnumView{{node}}.values());
  c.symbol(id).index = index;
  c.symbol(id).type = intern(c, {TypeKind::Enum, kNone, index});
}

void check_record(Checker& c, SymbolId id, NodeRef node) {
  RecordDecl record;
  record.name = c.symbol(id).name;
  c.at.place.what = "the default of a field";
  for (const NodeRef field : grammar::RecordView{{node}}.fields()) {
    const grammar::FieldView view{{field}};
    if (!view.name()) continue;
    const std::string name(view.name()->text());
    if (std::ranges::find(record.fields, name) != record.fields.end()) {
      c.report(Code::DuplicateName, c.here(*view.name()),
               fmt::format("the field `{}` stands twice in this record", name));
      continue;
    }
    const TypeId type = check_type(c, view.type(), name);
    record.fields.push_back(name);
    record.types.push_back(type);
    record.defaults.push_back(check_optional(c, view.default_value(), type, fmt::format("the default of `{}`", name)));
  }
  const std::uint32_t index = c.symbol(id).index;
  c.module.records[index] = std::move(record);
  c.symbol(id).type = intern(c, {TypeKind::Record, kNone, index});
}

void check_role(Checker& c, SymbolId id, NodeRef node) {
  const TypeId people = list_of(c, type_id(TypeKind::String));
  c.symbol(id).type = people;
  c.at.place.what = "a role";
  const ExprId members = check_as(c, grammar::RoleView{{node}}.value(), people, "the members of a role");
  c.module.roles[c.symbol(id).index].members = members;
}

void check_check_signature(Checker& c, SymbolId id, NodeRef node) {
  c.symbol(id).type = type_id(TypeKind::Bool);
  auto parameters = check_parameters(c, grammar::CheckView{{node}}.parameters());
  c.module.checks[c.symbol(id).index].parameters = std::move(parameters);
}

void check_action_signature(Checker& c, SymbolId id, NodeRef node) {
  const grammar::ActionView view{{node}};
  auto parameters = check_parameters(c, view.parameters());
  c.symbol(id).type = view.type() ? check_type(c, view.type(), c.symbol(id).name) : type_id(TypeKind::Nothing);
  ActionDecl& action = c.module.actions[c.symbol(id).index];
  action.parameters = std::move(parameters);
  action.has_class = view.modifier().has_value();
  action.effect_class = effect_class_of(view.modifier());
}

void check_channel_signature(Checker& c, SymbolId id, NodeRef node) {
  c.symbol(id).type = type_id(TypeKind::Channel);
  auto parameters = check_parameters(c, grammar::ChannelView{{node}}.parameters());
  c.module.channels[c.symbol(id).index].parameters = std::move(parameters);
}

void check_guards_signature(Checker& c, SymbolId id, NodeRef node) {
  auto parameters = check_parameters(c, grammar::GuardsView{{node}}.parameters());
  c.module.guard_sets[c.symbol(id).index].parameters = std::move(parameters);
}

void check_template_signature(Checker& c, SymbolId id, NodeRef node) {
  const grammar::StageView view{{node}};
  auto parameters = check_parameters(c, view.parameters());
  c.module.stages[c.symbol(id).index].parameters = std::move(parameters);
  if (view.instance_of()) {
    c.report(Code::StepNotHere, c.here(*view.instance_of()), "a template is used inside a rollout, not in a module");
  }
}

void check_rollout_signature(Checker& c, SymbolId id, NodeRef node) {
  auto parameters = check_parameters(c, grammar::RolloutView{{node}}.parameters());
  c.module.rollouts[c.symbol(id).index].parameters = std::move(parameters);
}

void check_check_declaration(Checker& c, SymbolId id, NodeRef node) {
  open_arguments(c, c.module.checks[c.symbol(id).index].parameters);
  c.at.place.metrics = true;
  const BlockId body = check_check_body(c, grammar::CheckView{{node}}.body());
  c.module.checks[c.symbol(id).index].body = body;
}

void check_action_body(Checker& c, SymbolId id, NodeRef node) {
  const grammar::ActionView view{{node}};
  open_arguments(c, c.module.actions[c.symbol(id).index].parameters);
  c.at.place.what = "an action";
  c.at.place.calls = Calls::All;
  c.at.place.metrics = true;
  c.at.place.in_action = true;
  c.at.place.returns = view.type() ? c.symbol(id).type : kNone;
  if (!view.body()) return;
  Block block;
  block.location = c.here(*view.body());
  {
    const BlockScope scope(c);
    check_items(c, grammar::BodyView{{*view.body()}}.items(), block);
    const auto probe = grammar::as<grammar::ProbeView>(view.probe());
    const BlockId probe_block = probe ? check_check_body(c, probe->body()) : kNone;
    c.module.actions[c.symbol(id).index].probe = probe_block;
  }
  if (view.type() && view.body()->descendants(SyntaxKind::Return).empty()) {
    c.report(
         Code::ReturnMissing, c.symbol(id).declared,
         fmt::format("`{}` has the type `{}` and returns nothing", c.symbol(id).name, type_text(c, c.symbol(id).type)))
        .help("end it with `return EXPR`, or leave out the type");
  }
  const BlockId body = add_block(c, std::move(block));
  c.module.actions[c.symbol(id).index].body = body;
}

// Reads whether somebody has answered a notification: `return true` or `return false`.
BlockId check_acknowledged(Checker& c, MaybeNode body) {
  const BlockScope scope(c);
  c.at.place.what = "an acknowledgement";
  c.at.place.container = Container::Source;
  c.at.place.calls = Calls::Reads;
  c.at.place.returns = type_id(TypeKind::Bool);
  const BlockId block = check_block(c, body);
  if (body && !always_returns(c, block)) {
    c.report(Code::ReturnMissing, c.here(*body), "this does not always say whether somebody has answered")
        .help("end it with `return true`, `return false` or a condition: `return answer.json.done == true`");
  }
  return block;
}

void check_channel_body(Checker& c, SymbolId id, NodeRef node) {
  const grammar::ChannelView view{{node}};
  open_arguments(c, c.module.channels[c.symbol(id).index].parameters);
  c.at.place.what = "a channel";
  c.at.place.container = Container::Channel;
  c.at.place.calls = Calls::All;
  c.at.place.message_names = true;
  c.at.place.run_names = true;
  if (!view.body()) return;
  Block block;
  block.location = c.here(*view.body());
  {
    const BlockScope scope(c);
    check_items(c, grammar::BodyView{{*view.body()}}.items(), block);
    // Last, since it sees what the sending has bound.
    const auto acknowledged = grammar::as<grammar::AcknowledgedView>(view.body()->child(SyntaxKind::Acknowledged));
    const BlockId answer = acknowledged ? check_acknowledged(c, acknowledged->block()) : kNone;
    c.module.channels[c.symbol(id).index].acknowledged = answer;
  }
  const BlockId body = add_block(c, std::move(block));
  c.module.channels[c.symbol(id).index].body = body;
}

void check_guards_body(Checker& c, SymbolId id, NodeRef node) {
  open_arguments(c, c.module.guard_sets[c.symbol(id).index].parameters);
  c.at.place.what = "a set of guards";
  c.at.place.calls = Calls::All;
  c.at.place.metrics = true;
  c.at.place.run_names = true;
  Block block;
  const auto items = grammar::GuardsView{{node}}.guards();
  check_items(c, items, block);
  c.module.guard_sets[c.symbol(id).index].items = std::move(block.steps);
}

void check_template_body(Checker& c, SymbolId id, NodeRef node) {
  const std::uint32_t stage = c.symbol(id).index;
  open_arguments(c, c.module.stages[stage].parameters);
  c.at.place.what = "a stage";
  c.at.place.calls = Calls::All;
  c.at.place.metrics = true;
  c.at.place.run_names = true;
  c.at.place.in_template = true;
  if (!grammar::StageView{{node}}.instance_of()) check_stage(c, stage, node);
}

struct DeclarationRow {
  SymbolKind kind;
  void (*signature)(Checker&, SymbolId, NodeRef);
  void (*body)(Checker&, SymbolId, NodeRef);
};

constexpr auto kDeclarations = std::to_array<DeclarationRow>({
    {SymbolKind::Param, check_param, nullptr},
    {SymbolKind::Secret, check_secret, nullptr},
    {SymbolKind::Let, check_let, nullptr},
    {SymbolKind::Fn, check_fn, nullptr},
    {SymbolKind::Enum, check_named_enum, nullptr},
    {SymbolKind::Record, check_record, nullptr},
    {SymbolKind::Role, check_role, nullptr},
    {SymbolKind::Source, check_source_signature, check_source_body},
    {SymbolKind::Metric, check_metric_signature, check_metric_body},
    {SymbolKind::Check, check_check_signature, check_check_declaration},
    {SymbolKind::Action, check_action_signature, check_action_body},
    {SymbolKind::Channel, check_channel_signature, check_channel_body},
    {SymbolKind::Guards, check_guards_signature, check_guards_body},
    {SymbolKind::StageTemplate, check_template_signature, check_template_body},
    {SymbolKind::Rollout, check_rollout_signature, check_rollout},
});

const DeclarationRow* row_of(SymbolKind kind) {
  const auto found = std::ranges::find(kDeclarations, kind, &DeclarationRow::kind);
  return found == kDeclarations.end() ? nullptr : &*found;
}

}  // namespace

void ensure_checked(Checker& c, SymbolId id) {
  const Origin origin = c.origins[id];
  const DeclarationRow* row = row_of(c.symbol(id).kind);
  if (origin.progress != Progress::Waiting || !origin.node || row == nullptr) return;
  if (c.nesting >= kMaxNesting) {
    c.report(Code::TooDeep, c.symbol(id).declared,
             fmt::format("`{}` needs a chain of more than {} declarations", c.symbol(id).name, kMaxNesting));
    return;
  }
  c.origins[id].progress = Progress::Running;
  ++c.nesting;
  {
    const Elsewhere elsewhere(c, origin.file, id);
    row->signature(c, id, *origin.node);
  }
  --c.nesting;
  c.origins[id].progress = Progress::Done;
}

void check_body(Checker& c, SymbolId id) {
  ensure_checked(c, id);
  const Origin origin = c.origins[id];
  const DeclarationRow* row = row_of(c.symbol(id).kind);
  if (!origin.node || row == nullptr || row->body == nullptr) return;
  const Elsewhere elsewhere(c, origin.file, id);
  row->body(c, id, *origin.node);
}

void use_symbol(Checker& c, SymbolId id, Location where) {
  if (c.at.owner != kNone) c.uses[c.at.owner].push_back({id, where});
  const DeclarationRow* row = row_of(c.symbol(id).kind);
  if (c.origins[id].progress == Progress::Running && row != nullptr && row->body == nullptr) {
    c.report(Code::Recursion, where, fmt::format("`{}` needs its own value", c.symbol(id).name))
        .also(c.symbol(id).declared, "declared here");
    return;
  }
  ensure_checked(c, id);
}

void open_arguments(Checker& c, std::span<const Argument> arguments) {
  for (const Argument& argument : arguments) c.at.locals.push_back({c.symbol(argument.symbol).name, argument.symbol});
}

std::vector<Argument> check_parameters(Checker& c, std::span<const NodeRef> fields) {
  std::vector<Argument> arguments;
  const BlockScope scope(c);
  c.at.place.what = "the default of an argument";
  for (const NodeRef field : fields) {
    const grammar::FieldView view{{field}};
    if (!view.name()) continue;
    const TypeId type = check_type(c, view.type(), view.name()->text());
    Argument argument;
    {
      // A default knows nothing of the other arguments.
      std::vector<LocalName> others;
      std::swap(others, c.at.locals);
      argument.default_value =
          check_optional(c, view.default_value(), type, fmt::format("the default of `{}`", view.name()->text()));
      std::swap(others, c.at.locals);
    }
    argument.symbol = declare_local(c, SymbolKind::Argument, *view.name(), type);
    c.symbol(argument.symbol).index = static_cast<std::uint32_t>(arguments.size());
    arguments.push_back(argument);
  }
  return arguments;
}

}  // namespace rollout::check
