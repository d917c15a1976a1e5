#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"

// Steps that ask: checks, people, channels.

namespace rollout::check {
namespace {

template <typename Body>
void push(Checker& c, Block& block, NodeRef node, Body body, Tail tail = {}) {
  block.steps.push_back(add_step(c, std::move(body), std::move(tail), c.here(node)));
}

ExprId text_of(Checker& c, MaybeNode literal, std::string_view what) {
  return check_optional(c, literal, type_id(TypeKind::String), what);
}

ExprId limit_of(Checker& c, MaybeNode node) {
  const ExprId limit = check_optional(c, node, type_id(TypeKind::Duration), "`within`");
  if (limit != kNone) demand_constant_range(c, limit, 1, 9.3e18, "a limit must be longer than nothing", {});
  return limit;
}

ResponseId else_of(Checker& c, NodeRef node) {
  if (!node.has(SyntaxKind::ElseClause)) return kNone;
  return check_response(c, grammar::response_in(node, SyntaxKind::ElseClause));
}

void check_needed(Checker& c, Who& who, NodeRef count) {
  who.needed = check_constant(c, count, type_id(TypeKind::Number), "the number of people");
  const auto needed = constant_value(c, who.needed);
  if (!needed) return;
  const double number = needed->as_double();
  if (number < 1 || number != std::floor(number)) {
    c.report(Code::OutOfRange, c.here(count),
             fmt::format("at least one person is needed, and this is {}", plan::to_literal(*needed)));
    return;
  }
  if (who.role == kNone) return;
  const Symbol& role = c.symbol(who.role);
  const auto members = constant_value(c, c.module.roles[role.index].members);
  if (!members || members->kind() != plan::ValueKind::List) return;
  const std::size_t size = members->as_list().size();
  if (number <= static_cast<double>(size)) return;
  c.report(Code::TooFewMembers, c.here(count),
           fmt::format("{} of `{}` are needed, and it has {} member{}", plan::to_literal(*needed), role.name, size,
                       size == 1 ? "" : "s"))
      .label("nobody could ever give this")
      .also(role.declared, "the role");
}

void check_approve(Checker& c, NodeRef node, Block& block) {
  const grammar::ApproveView view{{node}};
  ApproveStep step;
  step.text = text_of(c, view.what(), "what is approved");
  step.who = check_who(c, view.who());
  step.within = limit_of(c, view.within());
  Tail tail;
  tail.otherwise = else_of(c, node);
  push(c, block, node, step, tail);
}

ChecklistItem check_item(Checker& c, NodeRef node) {
  const grammar::ItemView view{{node}};
  ChecklistItem item;
  item.location = c.here(node);
  item.text = text_of(c, view.what(), "the text of an item");
  if (view.who()) item.who = check_who(c, view.who());
  if (view.check()) item.check = check_check_name(c, view.check());
  return item;
}

void check_checklist(Checker& c, NodeRef node, Block& block) {
  const grammar::ChecklistView view{{node}};
  ChecklistStep step;
  step.text = text_of(c, view.what(), "the title of a checklist");
  step.who = check_who(c, view.who());
  step.within = limit_of(c, view.within());
  for (const NodeRef item : view.items()) step.items.push_back(check_item(c, item));
  Tail tail;
  tail.otherwise = else_of(c, node);
  push(c, block, node, std::move(step), tail);
}

void check_ask(Checker& c, NodeRef node, Block& block) {
  const grammar::AskView view{{node}};
  AskStep step;
  if (view.role()) step.role = resolve_kind(c, *view.role(), SymbolKind::Role, "a role");
  step.text = text_of(c, view.question(), "a question");
  step.within = limit_of(c, view.within());
  for (const NodeRef node_of_answer : view.answers()) {
    const grammar::AnswerView part{{node_of_answer}};
    Answer answer;
    answer.text = constant_text(c, part.text(), "an answer");
    const bool repeated = std::ranges::find(step.answers, answer.text, &Answer::text) != step.answers.end();
    if (repeated && part.text()) {
      c.report(Code::DuplicateName, c.here(*part.text()), fmt::format("the answer \"{}\" stands twice", answer.text));
    }
    answer.response = check_response(c, part.response());
    step.answers.push_back(std::move(answer));
  }
  Tail tail;
  tail.otherwise = else_of(c, node);
  push(c, block, node, std::move(step), tail);
}

plan::Severity severity_of(MaybeNode word) {
  if (word && word->is(SyntaxKind::KeywordWarning)) return plan::Severity::Warning;
  return word && word->is(SyntaxKind::KeywordCritical) ? plan::Severity::Critical : plan::Severity::Info;
}

void check_notify(Checker& c, NodeRef node, Block& block) {
  const grammar::NotifyView view{{node}};
  NotifyStep step;
  step.channel = check_as(c, view.channel(), type_id(TypeKind::Channel), "what `notify` sends to");
  step.text = text_of(c, view.text(), "the text of a notification");
  step.severity = severity_of(view.severity());
  if (view.ack_within()) {
    step.acknowledge_within = limit_of(c, view.ack_within());
    step.otherwise = view.ack_else() ? check_response(c, view.ack_else()) : kNone;
  }
  push(c, block, node, step);
}

void check_verify(Checker& c, NodeRef node, Block& block) {
  const grammar::VerifyView view{{node}};
  VerifyStep step;
  if (const auto list = grammar::as<grammar::ListView>(view.all_of())) {
    step.all_of = true;
    for (const NodeRef check : list->elements()) step.checks.push_back(check_check_name(c, check));
  } else if (view.body()) {
    step.name = constant_text(c, view.name(), "the name of a `verify`");
    step.block = check_check_body(c, view.body());
  } else if (view.check()) {
    step.checks.push_back(check_check_name(c, view.check()));
  }
  push(c, block, node, std::move(step), check_tail(c, node));
}

constexpr auto kSteps = std::to_array<StepRow>({
    // syntax, check, in a check, in a channel, in a reply
    {SyntaxKind::Verify, check_verify, false, false, false},
    {SyntaxKind::Approve, check_approve, false, false, false},
    {SyntaxKind::Checklist, check_checklist, false, false, false},
    {SyntaxKind::Ask, check_ask, false, false, true},
    {SyntaxKind::Notify, check_notify, false, false, true},
});

}  // namespace

std::span<const StepRow> gate_steps() {
  return kSteps;
}

Who check_who(Checker& c, MaybeNode node) {
  Who who;
  const auto view = grammar::as<grammar::WhoView>(node);
  if (!view) return who;
  if (view->role()) who.role = resolve_kind(c, *view->role(), SymbolKind::Role, "a role");
  if (view->count()) check_needed(c, who, *view->count());
  return who;
}

ExprId check_check_name(Checker& c, MaybeNode node) {
  if (!node) return error_expr(c, {c.at.file, {}});
  const SymbolId check = resolve_kind(c, *node, SymbolKind::Check, "a check");
  if (check == kNone) return error_expr(c, c.here(*node));
  return check_use(c, *node, check, call_site(c, *node, check));
}

}  // namespace rollout::check
