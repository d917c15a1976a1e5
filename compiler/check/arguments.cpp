#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/checker.hpp"
#include "compiler/diagnostics/suggest.hpp"

// Arguments: positional ones first, named ones in any order, defaults for the rest.

namespace rollout::check {
namespace {

std::vector<std::string> names_of(std::span<const Parameter> parameters) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.name);
  return names;
}

std::string parameter_list(const Checker& c, std::span<const Parameter> parameters) {
  std::vector<std::string> texts;
  for (const Parameter& parameter : parameters) {
    texts.push_back(fmt::format("{}: {}", parameter.name, type_text(c, parameter.type)));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// Which parameter each argument node is for; reports names that are unknown or given twice.
class Matching {
 public:
  Matching(Checker& c, const CallSite& site, std::span<const Parameter> parameters)
      : c_(c), site_(site), parameters_(parameters), given_(parameters.size()) {}

  void place(NodeRef node) {
    const grammar::ArgumentView view{{node}};
    if (const auto name = view.name()) {
      named_ = true;
      place_named(node, *name);
      return;
    }
    // `name = value` was reported with the syntax, and says which name was meant: nothing more follows from it.
    const auto value = view.value();
    if (value && value->is(SyntaxKind::Comparison) && value->has(SyntaxKind::Assign)) {
      unsure_ = true;
      return;
    }
    if (named_) {
      unsure_ = true;
      c_.report(Code::PositionalAfterNamed, c_.here(node), "an argument without a name follows one with a name")
          .help("write arguments without names first, or name this one too");
      return;
    }
    while (next_ < parameters_.size() && parameters_[next_].name == site_.supplied) ++next_;
    if (next_ < parameters_.size()) {
      given_[next_++] = node;
    } else if (!too_many_) {
      too_many_ = true;
      report_too_many(node);
    }
  }

  const std::vector<MaybeNode>& given() const { return given_; }
  // Whether what is missing may be what was misspelt or stands in the wrong place.
  bool is_unsure() const { return unsure_; }

 private:
  void place_named(NodeRef node, NodeRef name) {
    const auto found = std::ranges::find(parameters_, name.text(), &Parameter::name);
    if (found == parameters_.end()) return report_unknown(name);
    if (found->symbol != kNone) c_.note(name, found->symbol);
    const auto index = static_cast<std::size_t>(found - parameters_.begin());
    if (found->name == site_.supplied) {
      c_.report(Code::DuplicateArgument, c_.here(name), fmt::format("`{}` is given by `traffic` itself", name.text()))
          .help("leave it out here");
    } else if (given_[index]) {
      c_.report(Code::DuplicateArgument, c_.here(name), fmt::format("the argument `{}` is given twice", name.text()))
          .label("given again")
          .also(c_.here(*given_[index]), "first here");
    } else {
      given_[index] = node;
    }
  }

  void report_unknown(NodeRef name) {
    unsure_ = true;
    const auto names = names_of(parameters_);
    const auto nearest = diagnostics::closest(name.text(), names);
    Report report = c_.report(Code::UnknownArgument, c_.here(name),
                              fmt::format("`{}` has no argument `{}`", site_.callee, name.text()));
    report.also(site_.declared, "declared here");
    if (nearest) {
      report.replace(c_.here(name), *nearest, fmt::format("did you mean `{}`?", *nearest));
    } else if (!names.empty()) {
      report.note(fmt::format("it takes ({})", parameter_list(c_, parameters_)));
    }
  }

  void report_too_many(NodeRef node) {
    const std::string most = parameters_.empty() ? "no" : std::to_string(parameters_.size());
    Report report = c_.report(Code::TooManyArguments, c_.here(node),
                              fmt::format("`{}` takes {} argument{}, and this is one more", site_.callee, most,
                                          parameters_.size() == 1 ? "" : "s"));
    report.also(site_.declared, "declared here");
    if (!parameters_.empty()) report.note(fmt::format("it takes ({})", parameter_list(c_, parameters_)));
  }

  Checker& c_;
  const CallSite& site_;
  std::span<const Parameter> parameters_;
  std::vector<MaybeNode> given_;
  std::size_t next_ = 0;
  bool named_ = false;
  bool unsure_ = false;
  bool too_many_ = false;
};

ExprId check_argument(Checker& c, NodeRef node, const Parameter& parameter, const CallSite& site) {
  const grammar::ArgumentView view{{node}};
  if (view.any()) return kNone;
  const auto value = view.value();
  if (!value) return error_expr(c, c.here(node));
  const ExprId expr = check_expression(c, value, parameter.type);
  if (is_error(c, expr)) return expr;
  const TypeId type = c.expr(expr).type;
  const bool secret = is_secret(c, type);
  const TypeKind wanted = c.module.types[parameter.type].kind;
  const bool fits_secret =
      secret && parameter.secret && (c.module.types[type].kind == TypeKind::Secret) == (wanted == TypeKind::String);
  if (fits_secret || fits(c, type, parameter.type)) return expr;
  demand(c, expr, *value, parameter.type, fmt::format("the argument `{}` of `{}`", parameter.name, site.callee));
  return error_expr(c, c.here(*value));
}

void report_missing(Checker& c, const CallSite& site, std::span<const Parameter> missing,
                    std::span<const Parameter> parameters) {
  std::vector<std::string> names;
  for (const Parameter& parameter : missing) names.push_back(fmt::format("`{}`", parameter.name));
  c.report(
       Code::MissingArgument, site.location,
       fmt::format("`{}` needs the argument{} {}", site.callee, names.size() == 1 ? "" : "s", fmt::join(names, ", ")))
      .also(site.declared, "declared here")
      .note(fmt::format("it takes ({})", parameter_list(c, parameters)));
}

}  // namespace

std::vector<ExprId> check_arguments(Checker& c, const CallSite& site, std::span<const Parameter> parameters) {
  Matching matching(c, site, parameters);
  for (const NodeRef node : site.arguments) matching.place(node);
  std::vector<ExprId> result;
  std::vector<Parameter> missing;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const MaybeNode node = matching.given()[i];
    if (node) {
      result.push_back(check_argument(c, *node, parameters[i], site));
      continue;
    }
    result.push_back(site.fills_defaults ? parameters[i].default_value : kNone);
    const bool optional = !parameters[i].required || site.any_allowed || parameters[i].name == site.supplied;
    if (!optional) missing.push_back(parameters[i]);
  }
  if (!missing.empty() && !matching.is_unsure()) report_missing(c, site, missing, parameters);
  return result;
}

namespace {

std::vector<Parameter> of_arguments(const Checker& c, std::span<const Argument> arguments) {
  std::vector<Parameter> parameters;
  for (const Argument& argument : arguments) {
    const Symbol& symbol = c.symbol(argument.symbol);
    parameters.push_back({symbol.name, symbol.type, argument.default_value, argument.default_value == kNone,
                          is_secret(c, symbol.type), argument.symbol});
  }
  return parameters;
}

std::vector<Parameter> of_record(const RecordDecl& record) {
  std::vector<Parameter> parameters;
  parameters.reserve(record.fields.size());
  for (std::size_t i = 0; i < record.fields.size(); ++i) {
    parameters.push_back({record.fields[i], record.types[i], record.defaults[i], record.defaults[i] == kNone, true});
  }
  return parameters;
}

std::vector<Parameter> of_native(const Native& native) {
  std::vector<Parameter> parameters;
  parameters.reserve(native.parameters.size());
  for (const NativeParameter& parameter : native.parameters) {
    parameters.push_back({parameter.name, parameter.type, kNone, parameter.required, parameter.secret});
  }
  return parameters;
}

}  // namespace

std::vector<Parameter> parameters_of(const Checker& c, SymbolId id) {
  const Symbol& symbol = c.symbol(id);
  const CheckedModule& module = c.module;
  switch (symbol.kind) {
    case SymbolKind::Fn: return of_arguments(c, module.fns[symbol.index].parameters);
    case SymbolKind::Metric: return of_arguments(c, module.metrics[symbol.index].parameters);
    case SymbolKind::Source: return of_arguments(c, module.sources[symbol.index].parameters);
    case SymbolKind::Check: return of_arguments(c, module.checks[symbol.index].parameters);
    case SymbolKind::Action: return of_arguments(c, module.actions[symbol.index].parameters);
    case SymbolKind::Channel: return of_arguments(c, module.channels[symbol.index].parameters);
    case SymbolKind::Guards: return of_arguments(c, module.guard_sets[symbol.index].parameters);
    case SymbolKind::StageTemplate: return of_arguments(c, module.stages[symbol.index].parameters);
    case SymbolKind::Rollout: return of_arguments(c, module.rollouts[symbol.index].parameters);
    case SymbolKind::Record: return of_record(module.records[symbol.index]);
    case SymbolKind::Native: return of_native(module.natives[symbol.index]);
    case SymbolKind::Module:
    case SymbolKind::Param:
    case SymbolKind::Secret:
    case SymbolKind::Let:
    case SymbolKind::Enum:
    case SymbolKind::Role:
    case SymbolKind::Stage:
    case SymbolKind::World:
    case SymbolKind::Scenario:
    case SymbolKind::Argument:
    case SymbolKind::LocalLet:
    case SymbolKind::EachVariable: return {};
  }
  return {};
}

CallSite call_site(Checker& c, NodeRef node, SymbolId id, TypeId want) {
  CallSite site;
  site.callee = id == kNone ? std::string(node.text()) : c.symbol(id).path;
  site.location = c.here(node);
  site.direct = c.direct;
  site.want = want;
  c.direct = false;
  if (id != kNone) site.declared = c.symbol(id).declared;
  if (!node.is(SyntaxKind::Call)) return site;
  site.parentheses = true;
  site.arguments = grammar::CallView{{node}}.arguments();
  if (const auto callee = grammar::CallView{{node}}.callee()) site.location = c.here(*callee);
  return site;
}

}  // namespace rollout::check
