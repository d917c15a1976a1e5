// Typed views of the header clauses, hooks and schedules of a rollout.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "grammar/view.hpp"

namespace rollout::grammar {

// `owner "..."`, `description "..."`, `service "..."`, `environment "..."`, `exclusive "..."`
struct TextHeaderView : View<SyntaxKind::Owner, SyntaxKind::Description, SyntaxKind::Service, SyntaxKind::Environment,
                             SyntaxKind::Exclusive> {
  std::optional<NodeRef> text() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
};

// `link "title" "address"`
struct LinkView : View<SyntaxKind::Link> {
  std::optional<NodeRef> title() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  std::optional<NodeRef> address() const { return nth_child(node, SyntaxKind::StringLiteral, 1); }
};

// `setting "KEY" = value "why"`
struct SettingView : View<SyntaxKind::Setting> {
  std::optional<NodeRef> key() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
  // Behind the `=`.
  std::optional<NodeRef> value() const;
  std::optional<NodeRef> reason() const;
};

// `contact role "how"`
struct ContactView : View<SyntaxKind::Contact> {
  std::optional<NodeRef> role() const { return node.child_if(is_expression, 0); }
  // Behind the role.
  std::optional<NodeRef> text() const;
};

// `window 02:00..04:00 UTC on mon..fri, sun`
struct WindowView : View<SyntaxKind::Window> {
  // A Range.
  std::optional<NodeRef> times() const { return node.child_if(is_expression, 0); }
  // A Name or a StringLiteral.
  std::optional<NodeRef> zone() const;
  std::vector<NodeRef> days() const { return children_in(node, SyntaxKind::Days, SyntaxKind::DayRange); }
};

// `mon` or `mon..fri`
struct DayRangeView : View<SyntaxKind::DayRange> {
  std::optional<NodeRef> first() const { return node.token(SyntaxKind::Name); }
  std::optional<NodeRef> last() const { return nth_child(node, SyntaxKind::Name, 1); }
};

// `freeze INSTANT..INSTANT "why"`
struct FreezeView : View<SyntaxKind::Freeze> {
  std::optional<NodeRef> times() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> reason() const;
};

// `requires "rollout" succeeded`
struct RequiresView : View<SyntaxKind::Requires> {
  std::optional<NodeRef> rollout() const { return nth_child(node, SyntaxKind::StringLiteral, 0); }
};

// `traffic via action(...)`
struct TrafficViaView : View<SyntaxKind::TrafficVia> {
  // A NameExpression, Member or Call.
  std::optional<NodeRef> action() const { return node.child_if(is_expression, 0); }
};

// `rollback within D`
struct RollbackWithinView : View<SyntaxKind::RollbackWithin> {
  std::optional<NodeRef> limit() const { return node.child_if(is_expression, 0); }
};

// `rollback expires D after end of STAGE else RESPONSE`
struct RollbackExpiresView : View<SyntaxKind::RollbackExpires> {
  std::optional<NodeRef> duration() const { return node.child_if(is_expression, 0); }
  std::optional<NodeRef> stage() const { return node.token(SyntaxKind::Name); }
  bool after_end() const { return node.has(SyntaxKind::KeywordEnd); }
  std::optional<NodeRef> else_response() const { return response_in(node, SyntaxKind::ElseClause); }
};

// `on failure RESPONSE`
struct OnFailureView : View<SyntaxKind::OnFailure> {
  std::optional<NodeRef> response() const { return node.child_if(is_response); }
};

// `on missing for D RESPONSE`
struct OnMissingView : View<SyntaxKind::OnMissing> {
  std::optional<NodeRef> for_duration() const { return expression_in(node, SyntaxKind::ForClause, 0); }
  std::optional<NodeRef> response() const { return node.child_if(is_response); }
};

// `baseline over D`
struct BaselineOverView : View<SyntaxKind::BaselineOver> {
  std::optional<NodeRef> duration() const { return node.child_if(is_expression, 0); }
};

// `sample every D for D, every D`
struct SampleView : View<SyntaxKind::Sample> {
  std::vector<NodeRef> cadences() const { return node.children(SyntaxKind::Cadence); }
};

// One part of a `sample`
struct CadenceView : View<SyntaxKind::Cadence> {
  std::optional<NodeRef> every() const { return expression_in(node, SyntaxKind::EveryClause, 0); }
  std::optional<NodeRef> for_duration() const { return expression_in(node, SyntaxKind::ForClause, 0); }
};

// `warmup D`
struct WarmupView : View<SyntaxKind::Warmup> {
  std::optional<NodeRef> duration() const { return node.child_if(is_expression, 0); }
};

// `always EXPR unless approved "..."`, `never EXPR`
struct PropertyView : View<SyntaxKind::Always, SyntaxKind::Never> {
  std::optional<NodeRef> condition() const { return node.child_if(is_expression, 0); }
  bool is_never() const { return node.has(SyntaxKind::KeywordNever); }
  std::optional<NodeRef> unless_approved() const {
    return child_in(node, SyntaxKind::UnlessClause, SyntaxKind::StringLiteral);
  }
};

// `on rolling back { ... }`
struct HookView : View<SyntaxKind::Hook> {
  // The words between `on` and the block, joined by one blank: "rolling back", "stage done", "success".
  std::string event() const;
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
};

// `at success + 24h every 1h for 6h always { ... }`
struct ScheduleView : View<SyntaxKind::Schedule> {
  // KeywordStart, KeywordSuccess, KeywordRollback or KeywordFailure.
  std::optional<NodeRef> anchor() const;
  // The durations behind the anchor, each with its sign: Plus or Minus.
  std::vector<NodeRef> offsets() const { return node.children_if(is_expression); }
  std::vector<NodeRef> signs() const { return node.children_if(is_sum_operator); }
  std::optional<NodeRef> every() const { return expression_in(node, SyntaxKind::EveryClause, 0); }
  std::optional<NodeRef> for_duration() const { return expression_in(node, SyntaxKind::ForClause, 0); }
  bool is_always() const { return node.has(SyntaxKind::KeywordAlways); }
  std::optional<NodeRef> block() const { return node.child(SyntaxKind::Block); }
};

}  // namespace rollout::grammar
