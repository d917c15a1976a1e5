// Names: parameters, secrets, lets and roles enter the plan where they are first used.

#include <algorithm>
#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

Code settled_variable(Lowering& l, VariableId variable) {
  l.settled.insert(variable);
  return load_code(l, variable, l.spot);
}

std::vector<std::string> labels_of(Lowering& l, check::TypeId type) {
  if (type >= l.module.types.size() || l.module.types[type].kind != check::TypeKind::Enum) return {};
  return l.module.enums[l.module.types[type].declaration].labels;
}

// One that is given when the run is created. Its default may read parameters; they come before it.
Code add_parameter(Lowering& l, const check::Symbol& symbol, ExprId default_value, std::string pattern) {
  const At at(l, symbol.declared);
  const RoutineId value = lower_optional(l, default_value);
  const ValueKind kind = value_kind(l.module, symbol.type);
  const VariableId variable = l.build.variable(symbol.name, kind);
  l.build.add(plan::Parameter{.name = symbol.name,
                              .documentation = symbol.documentation,
                              .variable = variable,
                              .kind = kind,
                              .labels = labels_of(l, symbol.type),
                              .default_value = value,
                              .pattern = std::move(pattern)});
  return settled_variable(l, variable);
}

plan::SecretProvider provider_of(std::string_view native) {
  constexpr std::pair<std::string_view, plan::SecretProvider> kProviders[] = {
      {"env", plan::SecretProvider::Environment},  {"file", plan::SecretProvider::File},
      {"vault.read", plan::SecretProvider::Vault}, {"aws_secrets.read", plan::SecretProvider::AwsSecrets},
      {"sops.read", plan::SecretProvider::Sops},
  };
  const auto found = std::ranges::find(kProviders, native, &std::pair<std::string_view, plan::SecretProvider>::first);
  return found == std::end(kProviders) ? plan::SecretProvider::Environment : found->second;
}

Code add_secret(Lowering& l, const check::Symbol& symbol) {
  const At at(l, symbol.declared);
  const Expr& source = l.expr(l.module.secrets[symbol.index].source);
  plan::Secret secret;
  secret.name = symbol.path;
  if (source.kind == ExprKind::Call) secret.provider = provider_of(l.symbol(source.symbol).path);
  secret.argument = lower_routine(l, source.children.empty() ? kNone : source.children.front());
  for (std::size_t i = 1; i < source.children.size(); ++i) {
    if (source.children[i] == kNone) continue;
    secret.configuration.push_back({source.labels[i], lower_routine(l, source.children[i])});
  }
  return leaf_code({.op = Op::Secret, .b = l.build.add(std::move(secret)), .spot = l.spot}, ValueKind::Secret);
}

// A module's let: folded where it is known now, else computed once, when the run is created.
Code add_global(Lowering& l, const check::Symbol& symbol) {
  const At at(l, symbol.declared);
  const ExprId value = l.module.lets[symbol.index].value;
  Code code = lower_expression(l, value);
  if (code.is_constant()) return code;
  const RoutineId routine = routine_of(l, code, quoted(l, l.expr(value).location));
  const VariableId variable = l.build.variable(symbol.path, code.kind);
  l.build.global(variable, routine);
  return settled_variable(l, variable);
}

Code declared_code(Lowering& l, SymbolId id) {
  const check::Symbol& symbol = l.symbol(id);
  switch (symbol.kind) {
    case SymbolKind::Param: {
      const check::Param& param = l.module.params[symbol.index];
      return add_parameter(l, symbol, param.default_value, param.pattern);
    }
    case SymbolKind::Secret: return add_secret(l, symbol);
    case SymbolKind::Let: return add_global(l, symbol);
    case SymbolKind::Role: return lower_expression(l, l.module.roles[symbol.index].members);
    case SymbolKind::Module:
    case SymbolKind::Fn:
    case SymbolKind::Enum:
    case SymbolKind::Record:
    case SymbolKind::Metric:
    case SymbolKind::Source:
    case SymbolKind::Check:
    case SymbolKind::Action:
    case SymbolKind::Channel:
    case SymbolKind::Guards:
    case SymbolKind::StageTemplate:
    case SymbolKind::Stage:
    case SymbolKind::Rollout:
    case SymbolKind::World:
    case SymbolKind::Scenario:
    case SymbolKind::Argument:
    case SymbolKind::LocalLet:
    case SymbolKind::EachVariable:
    case SymbolKind::Native: break;
  }
  return constant_code(Value::missing("`" + symbol.name + "` has no value here"));
}

// What the run never changes needs no variable of a block.
bool is_settled(const Lowering& l, const Code& code) {
  if (code.is_constant()) return true;
  if (code.instructions.size() != 1) return false;
  const Instruction& only = code.instructions.front();
  return only.op == Op::Secret || (only.op == Op::Load && l.settled.contains(only.b));
}

}  // namespace

Code load_code(Lowering& l, VariableId variable, SpotId spot) {
  return leaf_code({.op = Op::Load, .b = variable, .spot = spot}, l.build.plan().variables[variable].kind);
}

Code name_code(Lowering& l, SymbolId symbol, SpotId spot) {
  auto found = l.names.find(symbol);
  if (found == l.names.end()) {
    Code code = declared_code(l, symbol);
    found = l.names.emplace(symbol, std::move(code)).first;
  }
  Code code = found->second;
  if (code.instructions.size() == 1) code.instructions.front().spot = spot;
  return code;
}

plan::RoleId role_of(Lowering& l, SymbolId symbol) {
  if (symbol == kNone) return kNone;
  if (const auto found = l.roles.find(symbol); found != l.roles.end()) return found->second;
  const At at(l, l.symbol(symbol).declared);
  plan::Role role;
  role.name = l.symbol(symbol).path;
  role.members = lower_routine(l, l.module.roles[l.symbol(symbol).index].members);
  const plan::RoleId id = l.build.add(std::move(role));
  l.roles.emplace(symbol, id);
  return id;
}

// All of the main file, used or not and in its order: they are what people may give with --set.
void declare_module_parameters(Lowering& l) {
  for (const check::Param& param : l.module.params) {
    const check::Symbol& symbol = l.symbol(param.symbol);
    if (symbol.declared.file == diagnostics::FileId{0}) name_code(l, param.symbol, l.spot);
  }
}

void declare_rollout_parameters(Lowering& l, const std::vector<check::Argument>& parameters) {
  for (const check::Argument& parameter : parameters) {
    l.names[parameter.symbol] = add_parameter(l, l.symbol(parameter.symbol), parameter.default_value, {});
  }
}

Arguments lower_arguments(Lowering& l, const std::vector<check::Argument>& parameters, const std::vector<ExprId>& given,
                          const Code* share) {
  Arguments result;
  result.values.resize(parameters.size());
  std::vector<std::size_t> defaulted;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    result.names.push_back(l.symbol(parameters[i].symbol).name);
    const ExprId value = i < given.size() ? given[i] : kNone;
    if (share && value == kNone && result.names.back() == "share") {
      result.values[i] = *share;
    } else if (value == kNone || value == parameters[i].default_value) {
      defaulted.push_back(i);
    } else {
      result.values[i] = lower_expression(l, value);
    }
  }
  if (defaulted.empty()) return result;
  // A default may name other parameters of its declaration.
  for (std::size_t i = 0; i < parameters.size(); ++i) l.names[parameters[i].symbol] = result.values[i];
  for (const std::size_t i : defaulted) {
    result.values[i] = lower_expression(l, parameters[i].default_value);
    l.names[parameters[i].symbol] = result.values[i];
  }
  return result;
}

void substitute(Lowering& l, const std::vector<check::Argument>& parameters, const Arguments& arguments) {
  for (std::size_t i = 0; i < parameters.size(); ++i) l.names[parameters[i].symbol] = arguments.values[i];
}

std::vector<plan::Argument> bind_in_block(Lowering& l, const std::vector<check::Argument>& parameters,
                                          const Arguments& arguments) {
  std::vector<plan::Argument> routines;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Code& value = arguments.values[i];
    routines.push_back({arguments.names[i], routine_of(l, value, arguments.names[i])});
    if (is_settled(l, value)) {
      l.names[parameters[i].symbol] = value;
      continue;
    }
    const VariableId variable = l.build.variable(arguments.names[i], value.kind);
    l.build.emit(Op::Let, variable, routines.back().value);
    l.names[parameters[i].symbol] = load_code(l, variable, l.spot);
  }
  return routines;
}

}  // namespace rollout::lower
