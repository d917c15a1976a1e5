// Typed views of steps, guards, gates and responses.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "grammar/view.hpp"

namespace rollout::grammar {

// `modifier? call(...)` or `` modifier? run `...` `` with its tail; a step or a response.
struct EffectView : View<SyntaxKind::Effect> {
  std::optional<NodeRef> modifier() const { return modifier_of(node); }
  // A Call or a Run.
  std::optional<NodeRef> action() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> timeout() const { return expression_in(node, SyntaxKind::TimeoutClause, 0); }
  std::optional<NodeRef> retry() const { return node.child(SyntaxKind::RetryClause); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> undo_block() const { return child_in(node, SyntaxKind::UndoClause, SyntaxKind::Block); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `rollout name(arguments)` as a step
struct ChildView : View<SyntaxKind::Child> {
  std::optional<NodeRef> rollout() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> timeout() const { return expression_in(node, SyntaxKind::TimeoutClause, 0); }
  std::optional<NodeRef> retry() const { return node.child(SyntaxKind::RetryClause); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> undo_block() const { return child_in(node, SyntaxKind::UndoClause, SyntaxKind::Block); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `traffic R`, `traffic A..B by R every D`
struct TrafficView : View<SyntaxKind::Traffic> {
  std::optional<NodeRef> share() const { return node.child_if(is_expression, 0); }
  // The upper bound of a ramp.
  std::optional<NodeRef> to() const { return node.child_if(is_expression, 1); }
  std::optional<NodeRef> step() const { return expression_in(node, SyntaxKind::RampClause, 0); }
  std::optional<NodeRef> every() const;
  bool is_ramp() const { return node.has(SyntaxKind::DotDot); }
  std::optional<NodeRef> timeout() const { return expression_in(node, SyntaxKind::TimeoutClause, 0); }
  std::optional<NodeRef> retry() const { return node.child(SyntaxKind::RetryClause); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> undo_block() const { return child_in(node, SyntaxKind::UndoClause, SyntaxKind::Block); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `hold D`, `hold D..D until CONDITIONS else RESPONSE`
struct HoldView : View<SyntaxKind::Hold> {
  // A duration, or a Range.
  std::optional<NodeRef> duration() const { return node.child_if(is_expression, 0); }
  // Every Condition, in the order of the text; all must hold.
  std::vector<NodeRef> conditions() const;
  bool has_until() const { return node.has(SyntaxKind::UntilClause); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `expression for D`
struct ConditionView : View<SyntaxKind::Condition> {
  std::optional<NodeRef> expression() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> for_duration() const { return expression_in(node, SyntaxKind::ForClause, 0); }
};

// `verify check(...)`, `verify "name" { require ... }`, `verify all of [checks]`
struct VerifyView : View<SyntaxKind::Verify> {
  // A NameExpression, Member or Call.
  std::optional<NodeRef> check() const { return node.child_if(is_reference); }
  std::optional<NodeRef> name() const { return node.child(SyntaxKind::StringLiteral); }
  std::optional<NodeRef> body() const { return node.child(SyntaxKind::CheckBody); }
  // The List behind `all of`.
  std::optional<NodeRef> all_of() const { return child_in(node, SyntaxKind::VerifyAll, SyntaxKind::List); }
  std::optional<NodeRef> timeout() const { return expression_in(node, SyntaxKind::TimeoutClause, 0); }
  std::optional<NodeRef> retry() const { return node.child(SyntaxKind::RetryClause); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> undo_block() const { return child_in(node, SyntaxKind::UndoClause, SyntaxKind::Block); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `role` or `N of role`
struct WhoView : View<SyntaxKind::Who> {
  // How many; nothing means one.
  std::optional<NodeRef> count() const;
  std::optional<NodeRef> role() const;
};

// `approve "what" by WHO within D else RESPONSE`
struct ApproveView : View<SyntaxKind::Approve> {
  std::optional<NodeRef> what() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> who() const { return child_in(node, SyntaxKind::ByClause, SyntaxKind::Who); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `checklist "what" by WHO within D else RESPONSE { item ... }`
struct ChecklistView : View<SyntaxKind::Checklist> {
  std::optional<NodeRef> what() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> who() const { return child_in(node, SyntaxKind::ByClause, SyntaxKind::Who); }
  std::vector<NodeRef> items() const { return children_in(node, SyntaxKind::Items, SyntaxKind::Item); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `item "what" by WHO check CHECK`
struct ItemView : View<SyntaxKind::Item> {
  std::optional<NodeRef> what() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> who() const { return child_in(node, SyntaxKind::ByClause, SyntaxKind::Who); }
  std::optional<NodeRef> check() const { return expression_in(node, SyntaxKind::CheckClause, 0); }
};

// `ask ROLE "question" within D { "answer" -> RESPONSE } else RESPONSE`
struct AskView : View<SyntaxKind::Ask> {
  std::optional<NodeRef> role() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> question() const;
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::vector<NodeRef> answers() const { return children_in(node, SyntaxKind::Answers, SyntaxKind::Answer); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `"answer" -> RESPONSE`
struct AnswerView : View<SyntaxKind::Answer> {
  std::optional<NodeRef> text() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> response() const { return node.child_if(is_response); }
};

// `notify CHANNEL "text" severity S ack within D else RESPONSE`
struct NotifyView : View<SyntaxKind::Notify> {
  std::optional<NodeRef> channel() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> text() const;
  // KeywordInfo, KeywordWarning or KeywordCritical.
  std::optional<NodeRef> severity() const;
  std::optional<NodeRef> ack_within() const { return expression_in(node, SyntaxKind::AckClause, 0); }
  std::optional<NodeRef> ack_else() const;
};

// `parallel { ... }`, `parallel each x in LIST at most N { ... }`
struct ParallelView : View<SyntaxKind::Parallel> {
  bool is_each() const { return node.has(SyntaxKind::KeywordEach); }
  // The loop's variable.
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> list() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> at_most() const { return expression_in(node, SyntaxKind::AtMostClause, 0); }
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
  std::vector<NodeRef> branches() const { return children_in(node, SyntaxKind::Branches, SyntaxKind::Branch); }
};

// One branch of a `parallel`: a block or a single step
struct BranchView : View<SyntaxKind::Branch> {
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
  std::optional<NodeRef> step() const { return node.child_if(is_step); }
};

// `each x in LIST { ... }`
struct EachView : View<SyntaxKind::Each> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> list() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
};

// `if CONDITION { ... } else ...`
struct IfView : View<SyntaxKind::If> {
  std::optional<NodeRef> condition() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
  // A Block or another If.
  std::optional<NodeRef> else_branch() const;
};

// `within D { ... } else RESPONSE`
struct WithinView : View<SyntaxKind::Within> {
  std::optional<NodeRef> limit() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `every D { ... }`
struct RecurView : View<SyntaxKind::Recur> {
  std::optional<NodeRef> interval() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
};

// `undo { ... }`, `undo rest`
struct UndoView : View<SyntaxKind::Undo> {
  bool is_rest() const { return node.has(SyntaxKind::KeywordRest); }
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
};

// `return EXPR`
struct ReturnView : View<SyntaxKind::Return> {
  std::optional<NodeRef> value() const { return node.child_if(is_expression, 0); }
};

// `when CONDITION for D blind RESPONSE then RESPONSE repeat every D`, also `for M of N samples`
struct WhenView : View<SyntaxKind::When> {
  std::optional<NodeRef> condition() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> for_duration() const { return expression_in(node, SyntaxKind::ForClause, 0); }
  std::optional<NodeRef> samples() const { return node.child(SyntaxKind::SamplesClause); }
  std::optional<NodeRef> blind_response() const { return response_in(node, SyntaxKind::BlindClause); }
  std::optional<NodeRef> then_response() const { return response_in(node, SyntaxKind::ThenClause); }
  std::optional<NodeRef> repeat_every() const { return expression_in(node, SyntaxKind::RepeatClause, 0); }
};

// `for M of N samples`
struct SamplesView : View<SyntaxKind::SamplesClause> {
  std::optional<NodeRef> required() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> window() const { return node.child_if(is_expression, 1); }
};

// `watch guards(...)`
struct WatchView : View<SyntaxKind::Watch> {
  std::optional<NodeRef> guards() const { return node.child_if(is_expression, 0); }
};

// `retry N every D`: N more tries
struct RetryView : View<SyntaxKind::RetryClause> {
  std::optional<NodeRef> count() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> every() const { return expression_in(node, SyntaxKind::EveryClause, 0); }
};

// `rollback "why"`
struct RollbackOutcomeView : View<SyntaxKind::RollbackOutcome> {
  std::optional<NodeRef> reason() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
};

// `rollback to STAGE and retry at most N after D else RESPONSE`
struct RollbackToOutcomeView : View<SyntaxKind::RollbackToOutcome> {
  std::optional<NodeRef> stage() const { return node.token(SyntaxKind::Name); }
  bool is_retry() const { return node.has(SyntaxKind::AndRetryClause); }
  std::optional<NodeRef> at_most() const;
  std::optional<NodeRef> after() const;
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `abort "why"`
struct AbortOutcomeView : View<SyntaxKind::AbortOutcome> {
  std::optional<NodeRef> reason() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
};

// `pause "why" until CONDITION within D else RESPONSE`
struct PauseOutcomeView : View<SyntaxKind::PauseOutcome> {
  std::optional<NodeRef> reason() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> condition() const { return child_in(node, SyntaxKind::UntilClause, SyntaxKind::Condition); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

}  // namespace rollout::grammar
