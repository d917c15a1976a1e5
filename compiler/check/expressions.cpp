#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"
#include "runtime/plan/evaluate.hpp"

// Expressions: the way to each kind, names and parts of values, lists and maps.

namespace rollout::check {
namespace {

// Deeper expressions would take too much stack from whoever walks them; parentheses alone cannot reach this.
constexpr std::uint16_t kMaxDepth = 1000;

ExprId check_parenthesized(Checker& c, NodeRef node, TypeId want) {
  // A call in parentheses is still the whole value.
  const auto inner = node.child_if(grammar::is_expression);
  return check_expression(c, inner, want);
}

ExprId check_boolean(Checker& c, NodeRef node, TypeId) {
  const bool value = node.has(SyntaxKind::KeywordTrue);
  return constant_expr(c, Value::boolean(value), type_id(TypeKind::Bool), c.here(node));
}

// The common type of elements that have types of their own: mixed ones are json where json is wanted.
TypeId element_type(Checker& c, std::span<const ExprId> elements, std::span<const NodeRef> nodes, TypeId want) {
  TypeId common = kNone;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (is_error(c, elements[i])) return kErrorType;
    const TypeId own = c.expr(elements[i]).type;
    if (is_secret(c, own)) return type_id(TypeKind::Secret);
    if (common == kNone) common = own;
    if (fits(c, own, common)) continue;
    if (want != kNone) return want;  // whoever asks says what does not fit
    c.report(
         Code::TypeMismatch, c.here(nodes[i]),
         fmt::format("elements of one type are needed, and {} follows {}", type_phrase(c, own), type_phrase(c, common)))
        .label(type_phrase(c, own))
        .also(c.here(nodes.front()), type_phrase(c, common));
    return kErrorType;
  }
  const bool any = want != kNone && c.module.types[want].kind == TypeKind::Json;
  return any || common == kNone ? want : common;
}

// An element of a list or map: where it should be of another type, it is reported there.
ExprId check_element(Checker& c, MaybeNode node, TypeId want) {
  if (want == kNone) return check_expression(c, node);
  const ExprId element = check_expression(c, node, want);
  if (is_error(c, element) || is_secret(c, c.expr(element).type)) return element;
  if (fits(c, c.expr(element).type, want)) return element;
  demand(c, element, *node, want, "an element here");
  return error_expr(c, c.here(*node));
}

TypeId wanted_element(const Checker& c, TypeId want, TypeKind container) {
  if (want == kNone) return kNone;
  const Type& type = c.module.types[want];
  if (type.kind == TypeKind::Json) return want;
  return type.kind == container ? type.element : kNone;
}

ExprId check_list(Checker& c, NodeRef node, TypeId want) {
  const TypeId wanted = wanted_element(c, want, TypeKind::List);
  Expr expr;
  expr.kind = ExprKind::List;
  expr.location = c.here(node);
  const auto elements = grammar::ListView{{node}}.elements();
  for (const NodeRef element : elements) expr.children.push_back(check_element(c, element, wanted));
  const TypeId element = element_type(c, expr.children, elements, wanted);
  expr.type = element == kErrorType ? kErrorType : list_of(c, element);
  return add_expr(c, std::move(expr));
}

ExprId check_map(Checker& c, NodeRef node, TypeId want) {
  const TypeId wanted = wanted_element(c, want, TypeKind::Map);
  Expr expr;
  expr.kind = ExprKind::Map;
  expr.location = c.here(node);
  std::vector<NodeRef> values;
  for (const NodeRef entry : grammar::MapView{{node}}.entries()) {
    const grammar::EntryView view{{entry}};
    if (!view.key() || !view.value()) continue;
    const NodeRef key = *view.key();
    std::string label =
        key.is(SyntaxKind::Name) ? std::string(key.text()) : constant_text(c, key, "the key of an entry");
    if (std::ranges::find(expr.labels, label) != expr.labels.end()) {
      c.report(Code::DuplicateName, c.here(key), fmt::format("the key `{}` stands twice in this map", label));
    }
    expr.labels.push_back(std::move(label));
    expr.children.push_back(check_element(c, view.value(), wanted));
    values.push_back(*view.value());
  }
  const TypeId element = element_type(c, expr.children, values, wanted);
  expr.type = element == kErrorType ? kErrorType : map_of(c, element);
  return add_expr(c, std::move(expr));
}

struct PartRow {
  TypeKind of;
  std::string_view name;
  TypeKind type;
};

constexpr auto kParts = std::to_array<PartRow>({
    {TypeKind::RunResult, "exit", TypeKind::Number},
    {TypeKind::RunResult, "stdout", TypeKind::String},
    {TypeKind::RunResult, "stderr", TypeKind::String},
    {TypeKind::RunResult, "json", TypeKind::Json},
    {TypeKind::RunResult, "elapsed", TypeKind::Duration},
    {TypeKind::HttpResult, "status", TypeKind::Number},
    {TypeKind::HttpResult, "headers", TypeKind::Map},
    {TypeKind::HttpResult, "text", TypeKind::String},
    {TypeKind::HttpResult, "json", TypeKind::Json},
    {TypeKind::HttpResult, "elapsed", TypeKind::Duration},
});

struct Part {
  TypeId type = kNone;
  std::vector<std::string> others;  // the parts that there are
};

Part find_part(Checker& c, TypeId object, std::string_view name) {
  const Type type = c.module.types[object];
  Part part;
  if (type.kind == TypeKind::Json) part.type = type_id(TypeKind::Json);
  if (type.kind == TypeKind::Record) {
    const RecordDecl& record = c.module.records[type.declaration];
    part.others = record.fields;
    for (std::size_t i = 0; i < record.fields.size(); ++i) {
      if (record.fields[i] == name) part.type = record.types[i];
    }
  }
  for (const PartRow& row : kParts) {
    if (row.of != type.kind) continue;
    part.others.emplace_back(row.name);
    if (row.name != name) continue;
    part.type = row.type == TypeKind::Map ? map_of(c, type_id(TypeKind::String)) : type_id(row.type);
  }
  return part;
}

ExprId check_part(Checker& c, NodeRef node, ExprId object, NodeRef name) {
  if (is_error(c, object)) return error_expr(c, c.here(node));
  const TypeId of = c.expr(object).type;
  const Part part = find_part(c, of, name.text());
  if (part.type == kNone) {
    Report report =
        c.report(Code::NoSuchPart, c.here(name), fmt::format("{} has no part `{}`", type_phrase(c, of), name.text()));
    if (c.module.types[of].kind == TypeKind::Map)
      report.help(fmt::format("an entry of a map is `[\"{}\"]`", name.text()));
    report.meant(c.here(name), name.text(), part.others);
    if (!part.others.empty()) report.note(fmt::format("it has `{}`", fmt::join(part.others, "`, `")));
    return error_expr(c, c.here(node));
  }
  Expr expr;
  expr.kind = ExprKind::Field;
  expr.type = part.type;
  expr.location = c.here(node);
  expr.text = name.text();
  expr.children = {object};
  return add_expr(c, std::move(expr));
}

ExprId check_index(Checker& c, NodeRef node, TypeId) {
  const grammar::IndexView view{{node}};
  if (is_settings(c, view.object()) && view.index()) {
    if (const auto value = check_setting_index(c, *view.object(), *view.index())) return *value;
  }
  const ExprId object = check_expression(c, view.object());
  const ExprId index = check_expression(c, view.index());
  if (is_error(c, object) || is_error(c, index)) return error_expr(c, c.here(node));
  const Type container = c.module.type_of(object);
  const TypeKind by = c.kind_of(index);
  const bool number = by == TypeKind::Number || by == TypeKind::Json;
  const bool text = by == TypeKind::String || by == TypeKind::Json;
  Expr expr;
  expr.kind = ExprKind::Index;
  expr.location = c.here(node);
  expr.children = {object, index};
  if (container.kind == TypeKind::List && number) expr.type = container.element;
  if (container.kind == TypeKind::Map && text) expr.type = container.element;
  if (container.kind == TypeKind::Json && (number || text)) expr.type = type_id(TypeKind::Json);
  if (expr.type == kNone && container.element == kNone &&
      (container.kind == TypeKind::List || container.kind == TypeKind::Map)) {
    expr.type = kErrorType;  // an element of an empty literal
  }
  if (expr.type != kNone) return add_expr(c, std::move(expr));
  const std::string key = type_phrase(c, c.expr(index).type);
  c.report(Code::NoSuchPart, c.here(*view.index()),
           fmt::format("{} has no elements by {}", type_phrase(c, c.expr(object).type), key))
      .note("lists are indexed by numbers from 0, maps by strings, json by both");
  return error_expr(c, c.here(node));
}

ExprId check_run_literal(Checker& c, NodeRef node, TypeId) {
  return check_run(c, node);
}
ExprId check_or_and(Checker& c, NodeRef node, TypeId) {
  return check_and_or(c, node);
}
ExprId check_negated(Checker& c, NodeRef node, TypeId) {
  return check_not(c, node);
}
ExprId check_compared(Checker& c, NodeRef node, TypeId) {
  return check_comparison(c, node);
}
ExprId check_literal(Checker& c, NodeRef node, TypeId) {
  return check_quantity(c, node);
}
ExprId check_text(Checker& c, NodeRef node, TypeId) {
  return check_string(c, node);
}
ExprId check_words(Checker& c, NodeRef node, TypeId) {
  return check_command(c, node);
}

struct ExpressionRow {
  SyntaxKind syntax;
  ExprId (*check)(Checker&, NodeRef, TypeId);
};

constexpr auto kExpressions = std::to_array<ExpressionRow>({
    {SyntaxKind::NameExpression, check_name},
    {SyntaxKind::Quantity, check_literal},
    {SyntaxKind::StringLiteral, check_text},
    {SyntaxKind::Member, check_member},
    {SyntaxKind::Call, check_call},
    {SyntaxKind::Comparison, check_compared},
    {SyntaxKind::And, check_or_and},
    {SyntaxKind::Or, check_or_and},
    {SyntaxKind::Not, check_negated},
    {SyntaxKind::Sum, check_sum},
    {SyntaxKind::Product, check_product},
    {SyntaxKind::Relative, check_relative},
    {SyntaxKind::Negation, check_negation},
    {SyntaxKind::Parenthesized, check_parenthesized},
    {SyntaxKind::List, check_list},
    {SyntaxKind::Map, check_map},
    {SyntaxKind::Index, check_index},
    {SyntaxKind::BooleanLiteral, check_boolean},
    {SyntaxKind::CommandLiteral, check_words},
    {SyntaxKind::Run, check_run_literal},
});

// A bare label where a label of the enum is wanted.
ExprId label_expr(Checker& c, NodeRef node, std::string_view name, TypeId want) {
  if (want == kNone || c.module.types[want].kind != TypeKind::Enum) return kNone;
  const auto& labels = c.module.enums[c.module.types[want].declaration].labels;
  const auto found = std::ranges::find(labels, name);
  if (found == labels.end()) return kNone;
  return constant_expr(c, Value::label(std::string(name), found - labels.begin()), want, c.here(node));
}

ExprId check_enum_label(Checker& c, NodeRef node, SymbolId symbol, NodeRef name) {
  use_symbol(c, symbol, c.here(node));
  static_cast<void>(resolve(c, *grammar::MemberView{{node}}.object(), {}));
  const TypeId type = c.symbol(symbol).type;
  if (type == kErrorType) return error_expr(c, c.here(node));
  if (const ExprId label = label_expr(c, node, name.text(), type); label != kNone) return label;
  const auto& labels = c.module.enums[c.module.types[type].declaration].labels;
  c.report(Code::UnknownMember, c.here(name), fmt::format("`{}` has no label `{}`", c.symbol(symbol).name, name.text()))
      .note(fmt::format("its labels are `{}`", fmt::join(labels, "`, `")))
      .meant(c.here(name), name.text(), labels);
  return error_expr(c, c.here(node));
}

// An unknown name where a label is wanted is most likely a mistyped label.
bool report_unknown_label(Checker& c, NodeRef name, TypeId want) {
  if (want == kNone || c.module.types[want].kind != TypeKind::Enum) return false;
  const auto& labels = c.module.enums[c.module.types[want].declaration].labels;
  c.report(Code::UnknownMember, c.here(name), fmt::format("`{}` has no label `{}`", type_text(c, want), name.text()))
      .note(fmt::format("its labels are `{}`", fmt::join(labels, "`, `")))
      .meant(c.here(name), name.text(), labels);
  return true;
}

// The symbol of the object of a Member, where that is a module or an enum; says nothing.
SymbolId qualifier_of(const Checker& c, NodeRef node) {
  if (const auto name = grammar::as<grammar::NameExpressionView>(node)) {
    return name->name() ? find_name(c, name->name()->text()) : kNone;
  }
  const auto member = grammar::as<grammar::MemberView>(node);
  if (!member || !member->object() || !member->name()) return kNone;
  const SymbolId outer = qualifier_of(c, *member->object());
  if (outer == kNone || c.symbol(outer).kind != SymbolKind::Module) return kNone;
  return find_member(c, outer, member->name()->text());
}

// Intervals are mostly seconds, waits are mostly minutes.
std::string_view usual_time_unit(std::string_view what) {
  if (what.starts_with("the signal of") || what.starts_with("the value of")) return "ms";
  return what == "`every`" || what == "`timeout`" || what == "the time between retries" ? "s" : "m";
}

}  // namespace

ExprId add_expr(Checker& c, Expr expr) {
  std::uint16_t depth = 0;
  for (const ExprId child : expr.children) {
    if (child != kNone) depth = std::max(depth, c.depths[child]);
  }
  if (depth >= kMaxDepth) {
    c.report(Code::TooDeep, expr.location, "this expression is nested too deep");
    return error_expr(c, expr.location);
  }
  c.module.exprs.push_back(std::move(expr));
  c.depths.push_back(static_cast<std::uint16_t>(depth + 1));
  return static_cast<ExprId>(c.module.exprs.size() - 1);
}

ExprId error_expr(Checker& c, Location where) {
  Expr expr;
  expr.type = kErrorType;
  expr.location = where;
  return add_expr(c, std::move(expr));
}

ExprId constant_expr(Checker& c, Value value, TypeId type, Location where) {
  Expr expr;
  expr.kind = ExprKind::Constant;
  expr.type = type;
  expr.location = where;
  expr.value = std::move(value);
  return add_expr(c, std::move(expr));
}

ExprId check_expression(Checker& c, MaybeNode node, TypeId want) {
  if (!node) return error_expr(c, {c.at.file, {}});
  const bool passes_on = node->is(SyntaxKind::Call) || node->is(SyntaxKind::Run) || node->is(SyntaxKind::Parenthesized);
  if (!passes_on) c.direct = false;
  for (const ExpressionRow& row : kExpressions) {
    if (row.syntax == node->kind()) return row.check(c, *node, want);
  }
  return error_expr(c, c.here(*node));
}

ExprId check_direct(Checker& c, MaybeNode node, TypeId want) {
  c.direct = true;
  const ExprId expr = check_expression(c, node, want);
  c.direct = false;
  return expr;
}

void demand(Checker& c, ExprId expr, NodeRef node, TypeId want, std::string_view what) {
  if (is_error(c, expr) || want == kNone) return;
  const TypeId type = c.expr(expr).type;
  if (fits(c, type, want)) return;
  if (is_secret(c, type) && c.module.types[want].kind != TypeKind::Secret) {
    c.report(Code::SecretLeak, c.here(node), fmt::format("{} would show a secret", what))
        .note("a secret may only go into `env:`, `stdin:`, what an `http` call sends, and arguments declared `secret`");
    c.expr(expr).type = kErrorType;
    return;
  }
  Report report =
      c.report(Code::TypeMismatch, c.here(node),
               fmt::format("{} must be {}, and this is {}", what, type_phrase(c, want), type_phrase(c, type)));
  report.label(type_phrase(c, type));
  if (!node.is(SyntaxKind::Quantity) || c.module.types[type].kind != TypeKind::Number) return;
  if (want == type_id(TypeKind::String)) {
    const std::string written = fmt::format("\"{}\"", node.text());
    report.replace(c.here(node), written, fmt::format("write `{}`", written));
    return;
  }
  const std::string offered = with_unit(c, node.text(), want, usual_time_unit(what));
  if (offered.empty()) return;
  report.replace(c.here(node), offered, fmt::format("write it with its unit, for example `{}`", offered));
}

ExprId check_as(Checker& c, MaybeNode node, TypeId want, std::string_view what) {
  const ExprId expr = check_expression(c, node, want);
  if (!node || is_error(c, expr)) return expr;
  demand(c, expr, *node, want, what);
  return fits(c, c.expr(expr).type, want) ? expr : error_expr(c, c.here(*node));
}

ExprId check_optional(Checker& c, MaybeNode node, TypeId want, std::string_view what) {
  return node ? check_as(c, node, want, what) : kNone;
}

ExprId check_name(Checker& c, NodeRef node, TypeId want) {
  const auto name = grammar::NameExpressionView{{node}}.name();
  if (!name) return error_expr(c, c.here(node));
  if (const ExprId label = label_expr(c, node, name->text(), want); label != kNone) return label;
  const SymbolId symbol = find_name(c, name->text());
  if (symbol != kNone) {
    c.note(*name, symbol);
    return check_use(c, node, symbol, call_site(c, node, symbol, want));
  }
  if (const auto context = find_context(c, name->text())) {
    Expr expr;
    expr.kind = ExprKind::Context;
    expr.type = type_id(TypeKind::String);
    expr.location = c.here(node);
    expr.context = *context;
    return add_expr(c, std::move(expr));
  }
  if (is_settings(c, node)) return check_settings(c, node);
  if (name->text() == "now") return *check_builtin_call(c, node, "now");
  if (is_builtin_name(name->text())) {
    c.report(Code::WrongKindOfName, c.here(node), fmt::format("`{}` is a function and needs arguments", name->text()))
        .help(fmt::format("call it: `{}(...)`", name->text()));
    return error_expr(c, c.here(node));
  }
  if (!report_unknown_label(c, *name, want)) report_unknown_name(c, *name, {});
  return error_expr(c, c.here(node));
}

ExprId check_member(Checker& c, NodeRef node, TypeId want) {
  const grammar::MemberView view{{node}};
  if (!view.object() || !view.name()) return error_expr(c, c.here(node));
  if (is_settings(c, view.object())) return check_setting_member(c, *view.object(), *view.name());
  const SymbolId qualifier = qualifier_of(c, *view.object());
  if (qualifier != kNone && c.symbol(qualifier).kind == SymbolKind::Module) {
    const SymbolId symbol = resolve(c, node, {});
    if (symbol == kNone) return error_expr(c, c.here(node));
    return check_use(c, node, symbol, call_site(c, node, symbol, want));
  }
  if (qualifier != kNone && c.symbol(qualifier).kind == SymbolKind::Enum) {
    return check_enum_label(c, node, qualifier, *view.name());
  }
  // `kubernetes.set_image` without its `use` reads as a part of an unknown name: the module is what is missing.
  if (qualifier == kNone && view.object()->is(SyntaxKind::NameExpression) && !find_context(c, view.object()->text()) &&
      !is_builtin_name(view.object()->text())) {
    static_cast<void>(resolve(c, node, {}));
    return error_expr(c, c.here(node));
  }
  return check_part(c, node, check_expression(c, view.object()), *view.name());
}

}  // namespace rollout::check
