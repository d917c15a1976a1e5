// Typed views of expressions, types and literals.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "grammar/view.hpp"

namespace rollout::grammar {

// `a or b or c`
struct OrView : View<SyntaxKind::Or> {
  std::vector<NodeRef> operands() const { return node.children_if(is_expression); }
};

// `a and b and c`
struct AndView : View<SyntaxKind::And> {
  std::vector<NodeRef> operands() const { return node.children_if(is_expression); }
};

// `not a`
struct NotView : View<SyntaxKind::Not> {
  std::optional<NodeRef> operand() const { return node.child_if(is_expression, 0); }
};

// `a < b`, `a in b..c`, `a is missing`, `a is not missing`. Chains and `=` are kept whole: see the problems.
struct ComparisonView : View<SyntaxKind::Comparison> {
  std::optional<NodeRef> left() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> right() const { return node.child_if(is_expression, 1); }
  // The operator: a comparison token, KeywordIn or KeywordIs.
  std::optional<NodeRef> operation() const { return node.child_if(is_comparison_operator); }
  bool is_range_test() const { return node.has(SyntaxKind::KeywordIn); }
  bool is_missing_test() const { return node.has(SyntaxKind::KeywordIs); }
  // `is not missing`
  bool is_negated() const { return node.has(SyntaxKind::KeywordNot); }
  // More than two operands: `a < b < c`.
  std::vector<NodeRef> operands() const { return node.children_if(is_expression); }
  std::vector<NodeRef> operators() const { return node.children_if(is_comparison_operator); }
};

// `a..b`
struct RangeView : View<SyntaxKind::Range> {
  std::optional<NodeRef> low() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> high() const { return node.child_if(is_expression, 1); }
};

// `a + b - c`: one more operand than operators (Plus, Minus), all from left to right.
struct SumView : View<SyntaxKind::Sum> {
  std::vector<NodeRef> operands() const { return node.children_if(is_expression); }
  std::vector<NodeRef> operators() const { return node.children_if(is_sum_operator); }
};

// `20% above x`, `20% below x`
struct RelativeView : View<SyntaxKind::Relative> {
  std::optional<NodeRef> share() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> base() const { return node.child_if(is_expression, 1); }
  bool is_above() const { return node.has(SyntaxKind::KeywordAbove); }
};

// `a * b / c`: one more operand than operators (Star, Slash), all from left to right.
struct ProductView : View<SyntaxKind::Product> {
  std::vector<NodeRef> operands() const { return node.children_if(is_expression); }
  std::vector<NodeRef> operators() const { return node.children_if(is_product_operator); }
};

// `-a`
struct NegationView : View<SyntaxKind::Negation> {
  std::optional<NodeRef> operand() const { return node.child_if(is_expression, 0); }
};

// `value` or `name: value` or `_` of a call
struct ArgumentView : View<SyntaxKind::Argument> {
  // The name before the colon.
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> value() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> any() const { return node.child(SyntaxKind::AnyArgument); }
};

// `callee(arguments)`
struct CallView : View<SyntaxKind::Call> {
  std::optional<NodeRef> callee() const { return node.child_if(is_expression, 0); }
  std::vector<NodeRef> arguments() const { return children_in(node, SyntaxKind::Arguments, SyntaxKind::Argument); }
};

// `object[index]`
struct IndexView : View<SyntaxKind::Index> {
  std::optional<NodeRef> object() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> index() const { return node.child_if(is_expression, 1); }
};

// `object.name`
struct MemberView : View<SyntaxKind::Member> {
  std::optional<NodeRef> object() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
};

// `(inner)`
struct ParenthesizedView : View<SyntaxKind::Parenthesized> {
  std::optional<NodeRef> inner() const { return node.child_if(is_expression, 0); }
};

// `[a, b]`
struct ListView : View<SyntaxKind::List> {
  std::vector<NodeRef> elements() const { return node.children_if(is_expression); }
};

// `"key": value` or `key: value` in a map
struct EntryView : View<SyntaxKind::Entry> {
  // A StringLiteral or a Name.
  std::optional<NodeRef> key() const;
  std::optional<NodeRef> value() const;
};

// `{ "a": 1, b: 2 }`
struct MapView : View<SyntaxKind::Map> {
  std::vector<NodeRef> entries() const { return node.children(SyntaxKind::Entry); }
};

// `true`, `false`
struct BooleanLiteralView : View<SyntaxKind::BooleanLiteral> {
  bool value() const { return node.has(SyntaxKind::KeywordTrue); }
};

// A literal with or without a unit; decode it with literals.hpp by the kind of its token.
struct QuantityView : View<SyntaxKind::Quantity> {
  // Number, Ratio, Duration, Size, Rate, TimeOfDay, Instant, or a malformed leaf.
  std::optional<NodeRef> literal() const { return node.first_token(); }
};

// `${expression}` in a string or command
struct InsertView : View<SyntaxKind::Insert> {
  std::optional<NodeRef> expression() const { return node.child_if(is_expression, 0); }
};

// `` run `command` ``
struct RunView : View<SyntaxKind::Run> {
  std::optional<NodeRef> command() const { return node.child(SyntaxKind::CommandLiteral); }
};

// A name by itself
struct NameExpressionView : View<SyntaxKind::NameExpression> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
};

// `duration`, `module.record`
struct NamedTypeView : View<SyntaxKind::NamedType> {
  std::optional<NodeRef> name() const { return node.child(SyntaxKind::QualifiedName); }
};

// `[T]`
struct ListTypeView : View<SyntaxKind::ListType> {
  std::optional<NodeRef> element() const { return node.child_if(is_type, 0); }
};

// `{ string: T }`
struct MapTypeView : View<SyntaxKind::MapType> {
  std::optional<NodeRef> key() const { return node.child_if(is_type, 0); }
  std::optional<NodeRef> value() const { return node.child_if(is_type, 1); }
};

// `enum { a, b = 2 }`
struct EnumTypeView : View<SyntaxKind::EnumType> {
  std::vector<NodeRef> values() const { return children_in(node, SyntaxKind::EnumBody, SyntaxKind::EnumValue); }
};

// `T/time`
struct RateTypeView : View<SyntaxKind::RateType> {
  std::optional<NodeRef> amount() const { return node.child_if(is_type, 0); }
};

// `a`, `b = 2`, `c = "text"`, `d = -1`
struct EnumValueView : View<SyntaxKind::EnumValue> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> literal() const { return node.child_if(is_expression, 0); }
  bool is_negative() const { return node.has(SyntaxKind::Minus); }
};

}  // namespace rollout::grammar
