#include <fmt/format.h>

#include <array>

#include "compiler/check/checker.hpp"
#include "runtime/plan/evaluate.hpp"

// Operators: dimensional arithmetic, comparisons of like with like, three-valued logic.

namespace rollout::check {
namespace {

struct OperatorRow {
  SyntaxKind token;
  plan::Op op;
  std::string_view verb;  // "cannot VERB a duration PREPOSITION a number"
  std::string_view preposition;
};

constexpr auto kOperators = std::to_array<OperatorRow>({
    {SyntaxKind::Plus, plan::Op::Add, "add", "and"},
    {SyntaxKind::Minus, plan::Op::Subtract, "subtract", "and"},
    {SyntaxKind::Star, plan::Op::Multiply, "multiply", "by"},
    {SyntaxKind::Slash, plan::Op::Divide, "divide", "by"},
    {SyntaxKind::KeywordAbove, plan::Op::Above, "take a share of", "above"},
    {SyntaxKind::KeywordBelow, plan::Op::Below, "take a share of", "below"},
    {SyntaxKind::Equal, plan::Op::Equal, "compare", "with"},
    {SyntaxKind::NotEqual, plan::Op::NotEqual, "compare", "with"},
    {SyntaxKind::Less, plan::Op::Less, "compare", "with"},
    {SyntaxKind::LessEqual, plan::Op::LessEqual, "compare", "with"},
    {SyntaxKind::Greater, plan::Op::Greater, "compare", "with"},
    {SyntaxKind::GreaterEqual, plan::Op::GreaterEqual, "compare", "with"},
});

const OperatorRow* row_of(SyntaxKind token) {
  for (const OperatorRow& row : kOperators) {
    if (row.token == token) return &row;
  }
  return nullptr;
}

// An operand with the node that it was written as.
struct Operand {
  ExprId expr = kNone;
  NodeRef node;
};

bool is_bare_number(const Checker& c, const Operand& operand) {
  return operand.node.is(SyntaxKind::Quantity) && c.kind_of(operand.expr) == TypeKind::Number;
}

// What is declared where, for an operand that is a name of a metric or a value.
void note_declaration(Checker& c, Report& report, const Operand& operand) {
  const Expr& expr = c.expr(operand.expr);
  if (expr.kind != ExprKind::MetricUse && expr.kind != ExprKind::Name) return;
  const Symbol& symbol = c.symbol(expr.symbol);
  if (symbol.kind == SymbolKind::LocalLet || symbol.declared.span.empty()) return;
  if (c.module.types[expr.type].kind == TypeKind::Enum) return;
  report.note(fmt::format("`{}` is declared as `{}`", symbol.name, type_text(c, expr.type)));
}

std::string conversion_help(const Checker& c, const Operand& left, const Operand& right) {
  const TypeKind one = c.kind_of(left.expr), other = c.kind_of(right.expr);
  const auto is_pair = [&](TypeKind a, TypeKind b) { return (one == a && other == b) || (one == b && other == a); };
  if (is_pair(TypeKind::Ratio, TypeKind::RatioRate) || is_pair(TypeKind::Number, TypeKind::NumberRate) ||
      is_pair(TypeKind::Size, TypeKind::SizeRate)) {
    const Operand& amount =
        one == TypeKind::RatioRate || one == TypeKind::NumberRate || one == TypeKind::SizeRate ? right : left;
    return fmt::format("how fast a metric changes is `rate({}, over: 1h)`", amount.node.text());
  }
  if (is_pair(TypeKind::Number, TypeKind::Duration)) {
    const Operand& duration = one == TypeKind::Duration ? left : right;
    return fmt::format("a number of milliseconds is `{} / 1ms`", duration.node.text());
  }
  if (is_pair(TypeKind::Number, TypeKind::Size)) {
    const Operand& size = one == TypeKind::Size ? left : right;
    return fmt::format("a number of MiB is `{} / 1MiB`", size.node.text());
  }
  if (is_pair(TypeKind::Number, TypeKind::Ratio)) {
    const Operand& ratio = one == TypeKind::Ratio ? left : right;
    return fmt::format("a number of percent is `{} / 1%`", ratio.node.text());
  }
  return {};
}

void report_leak(Checker& c, const Operand& operand) {
  c.report(Code::SecretLeak, c.here(operand.node), "a secret has no operations: its value is never known to the run")
      .note("a secret may only go into `env:`, `stdin:`, what an `http` call sends, and arguments declared `secret`");
}

void report_operation(Checker& c, Code code, const OperatorRow& row, const Operand& left, const Operand& right) {
  if (is_secret(c, c.expr(left.expr).type)) return report_leak(c, left);
  if (is_secret(c, c.expr(right.expr).type)) return report_leak(c, right);
  if (c.expr(left.expr).type == c.expr(right.expr).type && code == Code::Incomparable) {
    const bool labels = c.kind_of(left.expr) == TypeKind::Enum;
    c.report(code, {c.at.file, {left.node.span().begin, right.node.span().end}},
             labels ? fmt::format("labels of `{}` have no order", type_text(c, c.expr(left.expr).type))
                    : fmt::format("{} has no order", type_phrase(c, c.expr(left.expr).type)))
        .help("compare with `==` or `!=`, or list them: `x in [a, b]`");
    return;
  }
  const std::string left_phrase = type_phrase(c, c.expr(left.expr).type);
  const std::string right_phrase = type_phrase(c, c.expr(right.expr).type);
  const bool left_is_bare = is_bare_number(c, left);
  const Operand& marked = left_is_bare ? left : right;
  const Operand& other = left_is_bare ? right : left;
  Report report = c.report(code, c.here(marked.node),
                           fmt::format("cannot {} {} {} {}", row.verb, left_phrase, row.preposition, right_phrase));
  report.label(left_is_bare ? left_phrase : right_phrase);
  report.also(c.here(other.node), left_is_bare ? right_phrase : left_phrase);
  note_declaration(c, report, other);
  const bool scales = row.op == plan::Op::Multiply || row.op == plan::Op::Divide;
  const std::string offered = is_bare_number(c, marked) && !scales
                                  ? with_unit(c, marked.node.text(), c.expr(other.expr).type, "ms")
                                  : std::string();
  if (!offered.empty()) {
    report.replace(c.here(marked.node), offered, fmt::format("write it with its unit, for example `{}`", offered));
    return;
  }
  const TypeKind kind = c.kind_of(left.expr);
  if (row.op == plan::Op::Add && kind == TypeKind::String) {
    report.help("texts are joined inside one string: `\"${a}${b}\"`");
  } else if ((row.op == plan::Op::Add || row.op == plan::Op::Subtract) && c.kind_of(right.expr) == TypeKind::Ratio) {
    report.help(fmt::format("a share of it is `{} {} {}`", right.node.text(),
                            row.op == plan::Op::Add ? "above" : "below", left.node.text()));
  } else if (const std::string help = conversion_help(c, left, right); !help.empty()) {
    report.help(help);
  } else if (code == Code::Incomparable && marked.node.is(SyntaxKind::Quantity)) {
    const std::string example = with_unit(c, "5", c.expr(other.expr).type, "ms");
    const std::string_view phrase = &marked == &left ? right_phrase : left_phrase;
    if (!example.empty()) report.help(fmt::format("write {}, for example `{}`", phrase, example));
  }
}

bool same_declaration(const Checker& c, ExprId left, ExprId right) {
  const Type& one = c.module.type_of(left);
  const Type& other = c.module.type_of(right);
  if (one.kind != other.kind) return true;  // told apart by their kinds
  if (one.kind == TypeKind::Enum || one.kind == TypeKind::Record) return one == other;
  return one.kind != TypeKind::List && one.kind != TypeKind::Map ? true
                                                                 : fits(c, c.expr(left).type, c.expr(right).type);
}

TypeId result_type(Checker& c, plan::Op op, const Operand& left, const Operand& right) {
  if (!same_declaration(c, left.expr, right.expr)) return kNone;
  const TypeId left_type = c.expr(left.expr).type, right_type = c.expr(right.expr).type;
  const auto opaque = [&](TypeId type) {
    const TypeKind kind = c.module.types[type].kind;
    return kind == TypeKind::MetricSource || kind == TypeKind::Channel || kind == TypeKind::Nothing ||
           kind == TypeKind::RunResult || kind == TypeKind::HttpResult || kind == TypeKind::Command;
  };
  if (opaque(left_type) || opaque(right_type)) return kNone;
  const auto kind = plan::binary_kind(op, value_kind(c, left_type), value_kind(c, right_type));
  return kind ? type_of_kind(*kind) : kNone;
}

// `left OP right`, both checked already.
Operand binary(Checker& c, SyntaxKind token, const Operand& left, const Operand& right, NodeRef node) {
  const OperatorRow* row = row_of(token);
  const Location where{c.at.file, {left.node.span().begin, right.node.span().end}};
  if (row == nullptr || is_error(c, left.expr) || is_error(c, right.expr)) return {error_expr(c, where), node};
  const TypeId type = result_type(c, row->op, left, right);
  if (type == kNone) {
    const bool compares = row->preposition == "with";
    report_operation(c, compares ? Code::Incomparable : Code::NoSuchOperation, *row, left, right);
    return {error_expr(c, where), node};
  }
  Expr expr;
  expr.kind = ExprKind::Binary;
  expr.type = type;
  expr.location = where;
  expr.op = row->op;
  expr.children = {left.expr, right.expr};
  const ExprId id = add_expr(c, std::move(expr));
  if (const auto value = constant_value(c, id); value && value->is_missing()) {
    c.report(Code::ConstantFails, where, fmt::format("this has no value: {}", value->as_string()));
    c.expr(id).type = kErrorType;
  }
  return {id, node};
}

// A chain of operators of one level, from left to right.
ExprId check_chain(Checker& c, NodeRef node, bool (*is_operator)(SyntaxKind)) {
  const auto operands = node.children_if(grammar::is_expression);
  const auto operators = node.children_if(is_operator);
  if (operands.empty()) return error_expr(c, c.here(node));
  Operand left{check_expression(c, operands.front()), operands.front()};
  for (std::size_t i = 1; i < operands.size() && i <= operators.size(); ++i) {
    const Operand right{check_expression(c, operands[i]), operands[i]};
    const NodeRef shown = i + 1 == operands.size() ? node : left.node;
    left = binary(c, operators[i - 1].kind(), left, right, shown);
  }
  return operators.size() + 1 < operands.size() ? error_expr(c, c.here(node)) : left.expr;
}

// A name that means nothing by itself and may be a label of what it is compared with.
bool may_be_label(const Checker& c, NodeRef node) {
  if (!node.is(SyntaxKind::NameExpression)) return false;
  const std::string_view name = node.text();
  return find_name(c, name) == kNone && !find_context(c, name) && !is_builtin_name(name);
}

ExprId check_missing_test(Checker& c, NodeRef node, const grammar::ComparisonView& view) {
  const ExprId value = check_expression(c, view.left());
  if (is_error(c, value)) return error_expr(c, c.here(node));
  Expr expr;
  expr.kind = ExprKind::IsMissing;
  expr.type = type_id(TypeKind::Bool);
  expr.location = c.here(node);
  expr.children = {value};
  expr.negated = view.is_negated();
  return add_expr(c, std::move(expr));
}

ExprId check_in_range(Checker& c, NodeRef node, ExprId value, NodeRef value_node, NodeRef range) {
  const TypeId type = c.expr(value).type;
  const Bounds bounds = check_bounds(c, range, type, fmt::format("a bound of `{}`", value_node.text()));
  if (is_error(c, value) || is_error(c, bounds.low) || is_error(c, bounds.high)) return error_expr(c, c.here(node));
  const auto kind = plan::range_kind(value_kind(c, type), value_kind(c, c.expr(bounds.low).type));
  if (!kind) {
    c.report(Code::Incomparable, c.here(value_node),
             fmt::format("{} has no order, so it lies in no range", type_phrase(c, type)));
    return error_expr(c, c.here(node));
  }
  Expr expr;
  expr.kind = ExprKind::InRange;
  expr.type = type_id(TypeKind::Bool);
  expr.location = c.here(node);
  expr.children = {value, bounds.low, bounds.high};
  return add_expr(c, std::move(expr));
}

ExprId check_in(Checker& c, NodeRef node, const grammar::ComparisonView& view) {
  const ExprId value = check_expression(c, view.left());
  if (!view.left() || !view.right()) return error_expr(c, c.here(node));
  const NodeRef right = *view.right();
  if (right.is(SyntaxKind::Range)) return check_in_range(c, node, value, *view.left(), right);
  const TypeId type = c.expr(value).type;
  const ExprId list = check_expression(c, right, is_error(c, value) ? kNone : list_of(c, type));
  if (is_error(c, value) || is_error(c, list)) return error_expr(c, c.here(node));
  const Type container = c.module.type_of(list);
  if (container.kind != TypeKind::List && container.kind != TypeKind::Json) {
    c.report(Code::TypeMismatch, c.here(right),
             fmt::format("`in` takes a range or a list, not {}", type_phrase(c, c.expr(list).type)));
    return error_expr(c, c.here(node));
  }
  if (container.element != kNone && (!fits(c, type, container.element) || is_secret(c, type))) {
    c.report(Code::Incomparable, c.here(right),
             fmt::format("cannot find {} in {}", type_phrase(c, type), type_phrase(c, c.expr(list).type)))
        .also(c.here(*view.left()), type_phrase(c, type));
    return error_expr(c, c.here(node));
  }
  Expr expr;
  expr.kind = ExprKind::InList;
  expr.type = type_id(TypeKind::Bool);
  expr.location = c.here(node);
  expr.children = {value, list};
  return add_expr(c, std::move(expr));
}

}  // namespace

ExprId check_comparison(Checker& c, NodeRef node) {
  const grammar::ComparisonView view{{node}};
  const auto operands = view.operands();
  if (view.is_missing_test()) return check_missing_test(c, node, view);
  if (view.is_range_test() && operands.size() == 2) return check_in(c, node, view);
  const auto operation = view.operation();
  if (operands.size() != 2 || !operation || row_of(operation->kind()) == nullptr) {
    for (const NodeRef operand : operands) static_cast<void>(check_expression(c, operand));
    return error_expr(c, c.here(node));
  }
  Operand left{kNone, operands[0]}, right{kNone, operands[1]};
  if (may_be_label(c, left.node)) {
    right.expr = check_expression(c, right.node);
    left.expr = check_expression(c, left.node, c.expr(right.expr).type);
  } else {
    left.expr = check_expression(c, left.node);
    right.expr = check_expression(c, right.node, c.expr(left.expr).type);
  }
  return binary(c, operation->kind(), left, right, node).expr;
}

ExprId check_and_or(Checker& c, NodeRef node) {
  const bool is_and = node.is(SyntaxKind::And);
  ExprId left = kNone;
  for (const NodeRef operand : node.children_if(grammar::is_expression)) {
    const ExprId right =
        check_as(c, operand, type_id(TypeKind::Bool), is_and ? "an operand of `and`" : "an operand of `or`");
    if (left == kNone) {
      left = right;
      continue;
    }
    Expr expr;
    expr.kind = ExprKind::Binary;
    expr.type = is_error(c, left) || is_error(c, right) ? kErrorType : type_id(TypeKind::Bool);
    expr.location = {c.at.file, {node.span().begin, operand.span().end}};
    expr.op = is_and ? plan::Op::And : plan::Op::Or;
    expr.children = {left, right};
    left = add_expr(c, std::move(expr));
  }
  return left == kNone ? error_expr(c, c.here(node)) : left;
}

ExprId check_not(Checker& c, NodeRef node) {
  const ExprId operand =
      check_as(c, grammar::NotView{{node}}.operand(), type_id(TypeKind::Bool), "the operand of `not`");
  if (is_error(c, operand)) return error_expr(c, c.here(node));
  Expr expr;
  expr.kind = ExprKind::Unary;
  expr.type = type_id(TypeKind::Bool);
  expr.location = c.here(node);
  expr.op = plan::Op::Not;
  expr.children = {operand};
  return add_expr(c, std::move(expr));
}

ExprId check_sum(Checker& c, NodeRef node, TypeId) {
  return check_chain(c, node, grammar::is_sum_operator);
}
ExprId check_product(Checker& c, NodeRef node, TypeId) {
  return check_chain(c, node, grammar::is_product_operator);
}

ExprId check_relative(Checker& c, NodeRef node, TypeId) {
  const grammar::RelativeView view{{node}};
  if (!view.share() || !view.base()) return error_expr(c, c.here(node));
  const ExprId share = check_as(c, view.share(), type_id(TypeKind::Ratio),
                                view.is_above() ? "the share before `above`" : "the share before `below`");
  const Operand left{share, *view.share()};
  const Operand right{check_expression(c, view.base()), *view.base()};
  const SyntaxKind token = view.is_above() ? SyntaxKind::KeywordAbove : SyntaxKind::KeywordBelow;
  return binary(c, token, left, right, node).expr;
}

ExprId check_negation(Checker& c, NodeRef node, TypeId) {
  const auto operand_node = grammar::NegationView{{node}}.operand();
  const ExprId operand = check_expression(c, operand_node);
  if (is_error(c, operand)) return error_expr(c, c.here(node));
  const TypeId type = c.expr(operand).type;
  const auto kind = is_secret(c, type) ? std::nullopt : plan::negated_kind(value_kind(c, type));
  const bool is_map = value_kind(c, type) == plan::ValueKind::Any && c.kind_of(operand) != TypeKind::Json;
  if (!kind || is_map) {
    c.report(Code::NoSuchOperation, c.here(*operand_node), fmt::format("cannot negate {}", type_phrase(c, type)));
    return error_expr(c, c.here(node));
  }
  Expr expr;
  expr.kind = ExprKind::Unary;
  expr.type = type;
  expr.location = c.here(node);
  expr.op = plan::Op::Negate;
  expr.children = {operand};
  return add_expr(c, std::move(expr));
}

}  // namespace rollout::check
