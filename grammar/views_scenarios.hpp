// Typed views of worlds, scenarios and their lines.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "grammar/view.hpp"

namespace rollout::grammar {

// `world name { ... }`
struct WorldView : View<SyntaxKind::World> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> lines() const { return nodes_in(node, SyntaxKind::ScenarioBody); }
};

// `scenario "title" of rollout(...) in world { ... }`
struct ScenarioView : View<SyntaxKind::Scenario> {
  std::optional<NodeRef> title() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> rollout() const { return node.child_if(is_reference); }
  // The name behind `in`.
  std::optional<NodeRef> world() const { return node.token(SyntaxKind::Name); }
  std::vector<NodeRef> lines() const { return nodes_in(node, SyntaxKind::ScenarioBody); }
};

// `metric(...)["series"] = VALUE from POINT to POINT`
struct SignalView : View<SyntaxKind::Signal> {
  // The metric: a NameExpression, Member or Call.
  std::optional<NodeRef> metric() const { return node.child_if(is_expression, 0); }
  std::vector<NodeRef> series() const { return children_in(node, SyntaxKind::Series, SyntaxKind::StringLiteral); }
  // An expression, a MissingValue or Slots.
  std::optional<NodeRef> value() const;
  std::optional<NodeRef> from() const { return child_in(node, SyntaxKind::FromClause, SyntaxKind::Point); }
  std::optional<NodeRef> to() const { return child_in(node, SyntaxKind::ToClause, SyntaxKind::Point); }
};

// `slots(D, [v, _, error, v x 8])`
struct SlotsView : View<SyntaxKind::Slots> {
  std::optional<NodeRef> interval() const { return node.child_if(is_expression, 0); }
  std::vector<NodeRef> slots() const { return node.children(SyntaxKind::Slot); }
};

// One value of a list of slots
struct SlotView : View<SyntaxKind::Slot> {
  bool is_empty() const { return node.has(SyntaxKind::Underscore); }
  bool is_error() const { return node.has(SyntaxKind::KeywordError); }
  std::optional<NodeRef> value() const;
  // The number behind `x`.
  std::optional<NodeRef> count() const;
};

// `end of STAGE + D`, `stage + D`, `D`
struct PointView : View<SyntaxKind::Point> {
  // The stage's path behind `end of`.
  std::optional<NodeRef> end_of() const {
    return node.has(SyntaxKind::KeywordEnd) ? node.child_if(is_expression, 0) : std::nullopt;
  }
  // The start (unless `end of`), then everything added to it.
  std::vector<NodeRef> terms() const;
};

// `at POINT rollback "why" by "who"`
struct ConsoleLineView : View<SyntaxKind::ConsoleLine> {
  std::optional<NodeRef> point() const { return node.child(SyntaxKind::Point); }
  // KeywordRollback, KeywordPause, KeywordResume, KeywordPromote, KeywordAbort or KeywordRetry.
  std::optional<NodeRef> command() const;
  std::optional<NodeRef> reason() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> by() const { return child_in(node, SyntaxKind::ByClause, SyntaxKind::StringLiteral); }
};

// `with param = value`
struct WithView : View<SyntaxKind::With> {
  std::optional<NodeRef> name() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> value() const { return node.child_if(is_expression, 0); }
};

// `starts INSTANT`
struct StartsView : View<SyntaxKind::Starts> {
  std::optional<NodeRef> instant() const { return node.child_if(is_expression, 0); }
};

// `approve all after D`, `approve "what" by "who" after D`
struct ApproveLineView : View<SyntaxKind::ApproveLine> {
  bool is_all() const { return node.has(SyntaxKind::KeywordAll); }
  std::optional<NodeRef> what() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> by() const { return child_in(node, SyntaxKind::ByClause, SyntaxKind::StringLiteral); }
  std::optional<NodeRef> after() const { return expression_in(node, SyntaxKind::AfterClause, 0); }
};

// `reject "what" by "who" after D`
struct RejectLineView : View<SyntaxKind::RejectLine> {
  std::optional<NodeRef> what() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> by() const { return child_in(node, SyntaxKind::ByClause, SyntaxKind::StringLiteral); }
  std::optional<NodeRef> after() const { return expression_in(node, SyntaxKind::AfterClause, 0); }
};

// `answer "question" "answer" by "who" after D`
struct AnswerLineView : View<SyntaxKind::AnswerLine> {
  std::optional<NodeRef> question() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> answer() const { return nth_child(node, SyntaxKind::StringLiteral, 1); }
  std::optional<NodeRef> by() const { return child_in(node, SyntaxKind::ByClause, SyntaxKind::StringLiteral); }
  std::optional<NodeRef> after() const { return expression_in(node, SyntaxKind::AfterClause, 0); }
};

// `tick all after D`, `tick "item" by "who" after D`
struct TickLineView : View<SyntaxKind::TickLine> {
  bool is_all() const { return node.has(SyntaxKind::KeywordAll); }
  std::optional<NodeRef> item() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> by() const { return child_in(node, SyntaxKind::ByClause, SyntaxKind::StringLiteral); }
  std::optional<NodeRef> after() const { return expression_in(node, SyntaxKind::AfterClause, 0); }
};

// `acknowledge CHANNEL after D`
struct AcknowledgeLineView : View<SyntaxKind::AcknowledgeLine> {
  std::optional<NodeRef> channel() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> after() const { return expression_in(node, SyntaxKind::AfterClause, 0); }
};

// `crash at POINT for D`
struct CrashView : View<SyntaxKind::Crash> {
  std::optional<NodeRef> at() const { return child_in(node, SyntaxKind::AtClause, SyntaxKind::Point); }
  std::optional<NodeRef> for_duration() const { return expression_in(node, SyntaxKind::ForClause, 0); }
};

// `CALLABLE succeeds in D | fails "why" N times | hangs | returns V then V`
struct WorldEffectView : View<SyntaxKind::WorldEffect> {
  // A Run, NameExpression, Member or Call.
  std::optional<NodeRef> callable() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> succeeds() const { return node.child(SyntaxKind::SucceedsClause); }
  std::optional<NodeRef> fails() const { return node.child(SyntaxKind::FailsClause); }
  std::optional<NodeRef> hangs() const { return node.child(SyntaxKind::HangsClause); }
  std::optional<NodeRef> returns() const { return node.child(SyntaxKind::ReturnsClause); }
  std::optional<NodeRef> from() const { return child_in(node, SyntaxKind::FromClause, SyntaxKind::Point); }
  std::optional<NodeRef> to() const { return child_in(node, SyntaxKind::ToClause, SyntaxKind::Point); }
};

// `succeeds in D`
struct SucceedsView : View<SyntaxKind::SucceedsClause> {
  std::optional<NodeRef> duration() const { return node.child_if(is_expression, 0); }
};

// `fails "why" N times`
struct FailsView : View<SyntaxKind::FailsClause> {
  std::optional<NodeRef> reason() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> times() const { return expression_in(node, SyntaxKind::TimesClause, 0); }
};

// `returns V then V`
struct ReturnsView : View<SyntaxKind::ReturnsClause> {
  std::vector<NodeRef> values() const { return node.children_if(is_expression); }
};

// `expect traffic of CHILD <= R at POINT`
struct ExpectTrafficView : View<SyntaxKind::ExpectTraffic> {
  std::optional<NodeRef> comparison() const { return node.child_if(is_comparison_operator); }
  // The path of a child rollout.
  std::optional<NodeRef> of() const {
    return node.has(SyntaxKind::KeywordOf) ? node.child_if(is_expression, 0) : std::nullopt;
  }
  std::optional<NodeRef> share() const { return node.child_if(is_expression, node.has(SyntaxKind::KeywordOf) ? 1 : 0); }
  std::optional<NodeRef> at() const { return child_in(node, SyntaxKind::AtClause, SyntaxKind::Point); }
};

// `expect end within D`
struct ExpectEndView : View<SyntaxKind::ExpectEnd> {
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
};

// `expect because "text"`
struct ExpectBecauseView : View<SyntaxKind::ExpectBecause> {
  std::optional<NodeRef> text() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
};

// `expect blind`
struct ExpectBlindView : View<SyntaxKind::ExpectBlind> {};

// `expect a before b`
struct ExpectBeforeView : View<SyntaxKind::ExpectBefore> {
  std::optional<NodeRef> first() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> second() const { return node.child_if(is_expression, 1); }
};

// `expect not reached STAGE at POINT`
struct ExpectReachedView : View<SyntaxKind::ExpectReached> {
  bool is_negated() const { return node.has(SyntaxKind::KeywordNot); }
  // The stage's path.
  std::optional<NodeRef> stage() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> at() const { return child_in(node, SyntaxKind::AtClause, SyntaxKind::Point); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> after() const { return expression_in(node, SyntaxKind::AfterClause, 0); }
};

// `expect not called CALLABLE N times`
struct ExpectCalledView : View<SyntaxKind::ExpectCalled> {
  bool is_negated() const { return node.has(SyntaxKind::KeywordNot); }
  std::optional<NodeRef> callable() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> times() const { return expression_in(node, SyntaxKind::TimesClause, 0); }
};

// `expect not notified CHANNEL N times with "text"`
struct ExpectNotifiedView : View<SyntaxKind::ExpectNotified> {
  bool is_negated() const { return node.has(SyntaxKind::KeywordNot); }
  std::optional<NodeRef> channel() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> times() const { return expression_in(node, SyntaxKind::TimesClause, 0); }
  std::optional<NodeRef> text() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
};

// `expect rolled back during STAGE within D`
struct ExpectOutcomeView : View<SyntaxKind::ExpectOutcome> {
  // "succeeded", "rolled back", "rollback incomplete", "paused", "aborted" or "failed".
  std::string outcome() const;
  // The stage's path.
  std::optional<NodeRef> during() const { return expression_in(node, SyntaxKind::DuringClause, 0); }
  std::optional<NodeRef> at() const { return child_in(node, SyntaxKind::AtClause, SyntaxKind::Point); }
  std::optional<NodeRef> within() const { return expression_in(node, SyntaxKind::WithinClause, 0); }
  std::optional<NodeRef> after() const { return expression_in(node, SyntaxKind::AfterClause, 0); }
};

}  // namespace rollout::grammar
