// The accessors that depend on the order of a node's children.
#include "grammar/views.hpp"

#include <algorithm>

namespace rollout::grammar {
namespace {

bool is_string(SyntaxKind kind) {
  return kind == SyntaxKind::StringLiteral;
}

// The first child behind the first child of kind `mark` for which `accepts` holds.
std::optional<NodeRef> behind(NodeRef node, SyntaxKind mark, bool (*accepts)(SyntaxKind), std::size_t n = 0) {
  const auto found = node.child(mark);
  return found ? node.child_behind(found, accepts, n) : std::nullopt;
}

// The string that comes as the second thing behind a leading expression: `contact role "how"`.
std::optional<NodeRef> string_behind_expression(NodeRef node) {
  const auto second = node.child_if(is_expression, 1);
  return second && second->is(SyntaxKind::StringLiteral) ? second : std::nullopt;
}

// The words of a node between its first one and its block, joined by blanks.
std::string joined_words(NodeRef node, std::size_t skip) {
  std::string words;
  for (const NodeRef child : node.children()) {
    if (!is_keyword(child.kind())) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    if (!words.empty()) words += ' ';
    words += child.text();
  }
  return words;
}

}  // namespace

std::optional<NodeRef> EntryView::key() const {
  const std::vector<NodeRef> parts = node.children();
  const bool has_key = !parts.empty() && (parts[0].is(SyntaxKind::StringLiteral) || parts[0].is(SyntaxKind::Name));
  return has_key ? std::optional(parts[0]) : std::nullopt;
}

std::optional<NodeRef> EntryView::value() const {
  return behind(node, SyntaxKind::Colon, is_expression);
}

std::optional<NodeRef> RequireView::message() const {
  return string_behind_expression(node);
}

std::optional<NodeRef> SettingView::value() const {
  return behind(node, SyntaxKind::Assign, is_expression);
}

std::optional<NodeRef> SettingView::reason() const {
  const auto second = behind(node, SyntaxKind::Assign, is_expression, 1);
  return second && second->is(SyntaxKind::StringLiteral) ? second : std::nullopt;
}

std::optional<NodeRef> ContactView::text() const {
  return string_behind_expression(node);
}

std::optional<NodeRef> WindowView::zone() const {
  const auto zone = node.child(SyntaxKind::Zone);
  return zone ? zone->child_if([](SyntaxKind kind) { return kind == SyntaxKind::Name || is_string(kind); })
              : std::nullopt;
}

std::optional<NodeRef> FreezeView::reason() const {
  return string_behind_expression(node);
}

std::string HookView::event() const {
  return joined_words(node, 1);
}

std::optional<NodeRef> ScheduleView::anchor() const {
  return node.child_if([](SyntaxKind kind) {
    return kind == SyntaxKind::KeywordStart || kind == SyntaxKind::KeywordSuccess ||
           kind == SyntaxKind::KeywordRollback || kind == SyntaxKind::KeywordFailure;
  });
}

std::optional<NodeRef> TrafficView::every() const {
  const auto ramp = node.child(SyntaxKind::RampClause);
  return ramp ? expression_in(*ramp, SyntaxKind::EveryClause) : std::nullopt;
}

std::vector<NodeRef> HoldView::conditions() const {
  const auto until = node.child(SyntaxKind::UntilClause);
  if (!until) return {};
  const auto block = until->child(SyntaxKind::ConditionBlock);
  return (block ? *block : *until).children(SyntaxKind::Condition);
}

std::optional<NodeRef> WhoView::count() const {
  return node.has(SyntaxKind::KeywordOf) ? node.child_if(is_expression, 0) : std::nullopt;
}

std::optional<NodeRef> WhoView::role() const {
  return node.has(SyntaxKind::KeywordOf) ? behind(node, SyntaxKind::KeywordOf, is_expression)
                                         : node.child_if(is_expression, 0);
}

std::optional<NodeRef> AskView::question() const {
  return string_behind_expression(node);
}

std::optional<NodeRef> NotifyView::text() const {
  return string_behind_expression(node);
}

std::optional<NodeRef> NotifyView::severity() const {
  const auto clause = node.child(SyntaxKind::SeverityClause);
  return clause ? clause->child_if([](SyntaxKind kind) {
    return kind == SyntaxKind::KeywordInfo || kind == SyntaxKind::KeywordWarning || kind == SyntaxKind::KeywordCritical;
  })
                : std::nullopt;
}

std::optional<NodeRef> NotifyView::ack_else() const {
  const auto clause = node.child(SyntaxKind::AckClause);
  return clause ? response_in(*clause, SyntaxKind::ElseClause) : std::nullopt;
}

std::optional<NodeRef> IfView::else_branch() const {
  const auto branch = node.child(SyntaxKind::ElseBranch);
  return branch ? branch->child_if([](SyntaxKind kind) { return kind == SyntaxKind::If || kind == SyntaxKind::Block; })
                : std::nullopt;
}

std::optional<NodeRef> RollbackToOutcomeView::at_most() const {
  const auto retry = node.child(SyntaxKind::AndRetryClause);
  return retry ? expression_in(*retry, SyntaxKind::AtMostClause) : std::nullopt;
}

std::optional<NodeRef> RollbackToOutcomeView::after() const {
  const auto retry = node.child(SyntaxKind::AndRetryClause);
  return retry ? expression_in(*retry, SyntaxKind::AfterClause) : std::nullopt;
}

std::optional<NodeRef> SignalView::value() const {
  return behind(node, SyntaxKind::Assign, [](SyntaxKind kind) {
    return is_expression(kind) || kind == SyntaxKind::MissingValue || kind == SyntaxKind::Slots;
  });
}

std::optional<NodeRef> SlotView::value() const {
  const auto first = node.child_if(is_expression, 0);
  const auto x = node.token(SyntaxKind::KeywordX);
  return first && x && x->index() < first->index() ? std::nullopt : first;
}

std::optional<NodeRef> SlotView::count() const {
  return behind(node, SyntaxKind::KeywordX, is_expression);
}

std::vector<NodeRef> PointView::terms() const {
  std::vector<NodeRef> terms = node.children_if(is_expression);
  if (end_of() && !terms.empty()) terms.erase(terms.begin());
  return terms;
}

std::optional<NodeRef> ConsoleLineView::command() const {
  return node.child_if([](SyntaxKind kind) { return is_keyword(kind) && kind != SyntaxKind::KeywordAt; });
}

std::string ExpectOutcomeView::outcome() const {
  return joined_words(node, 1);
}

}  // namespace rollout::grammar
