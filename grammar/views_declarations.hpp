// Typed views of the declarations of a module.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "grammar/view.hpp"

namespace rollout::grammar {

// A whole file
struct FileView : View<SyntaxKind::File> {
  std::vector<NodeRef> declarations() const { return node.child_nodes(); }
};

// `use std.slack as s`, `use "./slo.rollout"`, `use plugin "acme"`
struct UseView : View<SyntaxKind::Use> {
  bool is_plugin() const { return node.has(SyntaxKind::KeywordPlugin); }
  std::optional<NodeRef> path() const { return node.child(SyntaxKind::StringLiteral); }
  std::optional<NodeRef> module() const { return node.child(SyntaxKind::QualifiedName); }
  // The name after `as`.
  std::optional<NodeRef> alias() const { return node.token(SyntaxKind::Name); }
};

// `param name: type matching "..." = default`
struct ParamView : View<SyntaxKind::Param> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> type() const { return node.child_if(is_type, 0); }
  std::optional<NodeRef> matching() const {
    return child_in(node, SyntaxKind::MatchingClause, SyntaxKind::StringLiteral);
  }
  std::optional<NodeRef> default_value() const { return expression_in(node, SyntaxKind::DefaultClause, 0); }
};

// `secret name = provider(...)`
struct SecretView : View<SyntaxKind::Secret> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> value() const { return node.child_if(is_expression, 0); }
};

// `let name: type = modifier? value tail`: a declaration and a step. A tail only where the value is an action's.
struct LetView : View<SyntaxKind::Let> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> type() const { return node.child_if(is_type, 0); }
  std::optional<NodeRef> modifier() const { return modifier_of(node); }
  std::optional<NodeRef> value() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> timeout() const { return expression_in(node, SyntaxKind::TimeoutClause, 0); }
  std::optional<NodeRef> retry() const { return node.child(SyntaxKind::RetryClause); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> undo_block() const { return child_in(node, SyntaxKind::UndoClause, SyntaxKind::Block); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `fn name(parameters): type = value`
struct FnView : View<SyntaxKind::Fn> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  std::optional<NodeRef> type() const { return node.child_if(is_type, 0); }
  std::optional<NodeRef> value() const { return node.child_if(is_expression, 0); }
};

// `enum name { a, b = 2 }`
struct EnumView : View<SyntaxKind::Enum> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> values() const { return children_in(node, SyntaxKind::EnumBody, SyntaxKind::EnumValue); }
};

// `name: type = default` of a record or a parameter list
struct FieldView : View<SyntaxKind::Field> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> type() const { return node.child_if(is_type, 0); }
  std::optional<NodeRef> default_value() const { return expression_in(node, SyntaxKind::DefaultClause, 0); }
};

// `record name { field: type }`
struct RecordView : View<SyntaxKind::Record> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> fields() const { return children_in(node, SyntaxKind::RecordBody, SyntaxKind::Field); }
};

// `role name = ["dana"]`
struct RoleView : View<SyntaxKind::Role> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> value() const { return node.child_if(is_expression, 0); }
};

// `metric name(parameters) by labels: type = source every D over D unit U stale after D baseline V absent is V`
struct MetricView : View<SyntaxKind::Metric> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  std::vector<NodeRef> labels() const { return children_in(node, SyntaxKind::Labels, SyntaxKind::Name); }
  std::optional<NodeRef> type() const { return node.child_if(is_type, 0); }
  std::optional<NodeRef> source() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> every() const { return expression_in(node, SyntaxKind::EveryClause, 0); }
  std::optional<NodeRef> over() const { return expression_in(node, SyntaxKind::OverClause, 0); }
  // The UnitName token.
  std::optional<NodeRef> unit() const { return child_in(node, SyntaxKind::UnitClause, SyntaxKind::UnitName); }
  std::optional<NodeRef> stale_after() const { return expression_in(node, SyntaxKind::StaleClause, 0); }
  std::optional<NodeRef> baseline() const { return expression_in(node, SyntaxKind::BaselineClause, 0); }
  std::optional<NodeRef> absent_is() const { return expression_in(node, SyntaxKind::AbsentClause, 0); }
};

// `check name(parameters) { let ...; require ... }`
struct CheckView : View<SyntaxKind::Check> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  std::optional<NodeRef> body() const { return node.child(SyntaxKind::CheckBody); }
};

// `require condition "message"`
struct RequireView : View<SyntaxKind::Require> {
  std::optional<NodeRef> condition() const { return node.child_if(is_expression, 0); }
  // Behind the condition.
  std::optional<NodeRef> message() const;
};

// `source name(parameters): type { ... }`
struct SourceView : View<SyntaxKind::Source> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  std::optional<NodeRef> type() const { return node.child_if(is_type, 0); }
  std::optional<NodeRef> body() const { return node.child(SyntaxKind::SourceBody); }
};

// `past(from, to, step) { ... }`
struct PastView : View<SyntaxKind::Past> {
  std::vector<NodeRef> names() const { return children_in(node, SyntaxKind::Labels, SyntaxKind::Name); }
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
};

// `modifier? action name(parameters): type { ... }`; its `undo` and `probe` are items of the body.
struct ActionView : View<SyntaxKind::Action> {
  std::optional<NodeRef> modifier() const { return modifier_of(node); }
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  std::optional<NodeRef> type() const { return node.child_if(is_type, 0); }
  std::optional<NodeRef> body() const { return node.child(SyntaxKind::ActionBody); }
  std::optional<NodeRef> undo() const { return child_in(node, SyntaxKind::ActionBody, SyntaxKind::Undo); }
  std::optional<NodeRef> probe() const { return child_in(node, SyntaxKind::ActionBody, SyntaxKind::Probe); }
};

// `probe { ... }` of an action
struct ProbeView : View<SyntaxKind::Probe> {
  std::optional<NodeRef> body() const { return node.child(SyntaxKind::CheckBody); }
};

// `channel name(parameters) { ... }`
struct ChannelView : View<SyntaxKind::Channel> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  std::optional<NodeRef> body() const { return node.child(SyntaxKind::ChannelBody); }
};

// `acknowledged { ... }` of a channel
struct AcknowledgedView : View<SyntaxKind::Acknowledged> {
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
};

// `guards name(parameters) { when ... }`
struct GuardsView : View<SyntaxKind::Guards> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  std::vector<NodeRef> guards() const { return nodes_in(node, SyntaxKind::GuardsBody); }
};

// `stage name { ... }`, `stage name(parameters) { ... }` (a template), `stage name = template(...)`
struct StageView : View<SyntaxKind::Stage> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  // The template and its arguments: a NameExpression, Member or Call.
  std::optional<NodeRef> instance_of() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> body() const { return node.child(SyntaxKind::StageBody); }
};

// `rollout name(parameters) { ... }`
struct RolloutView : View<SyntaxKind::Rollout> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> parameters() const { return children_in(node, SyntaxKind::Params, SyntaxKind::Field); }
  std::optional<NodeRef> body() const { return node.child(SyntaxKind::RolloutBody); }
};

// Anything in braces that holds statements, in the order of the text.
struct BodyView : View<SyntaxKind::CheckBody, SyntaxKind::SourceBody, SyntaxKind::ActionBody, SyntaxKind::ChannelBody,
                       SyntaxKind::GuardsBody, SyntaxKind::StageBody, SyntaxKind::RolloutBody, SyntaxKind::Block,
                       SyntaxKind::Reply, SyntaxKind::ScenarioBody, SyntaxKind::Branches, SyntaxKind::ConditionBlock,
                       SyntaxKind::Items, SyntaxKind::Answers> {
  std::vector<NodeRef> items() const { return node.child_nodes(); }
};

}  // namespace rollout::grammar
