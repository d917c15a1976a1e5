// Clauses that a statement can have and has not.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "editor-support/language-server/queries/refactoring_places.hpp"
#include "grammar/parse.hpp"

namespace rollout::language_server {
namespace {

// Whether the text with the edit has no more to find fault with than without it.
bool fits(const CheckedModule& module, std::uint32_t place, std::string_view inserted) {
  const grammar::SyntaxTree& tree = module.trees.front();
  std::string text(tree.text());
  text.insert(place, inserted);
  return grammar::parse({"", std::move(text)}).problems().size() <= tree.problems().size();
}

void add_undo_of_action(const CheckedModule& module, const grammar::ActionView& action,
                        std::vector<Refactoring>& found) {
  // What takes nothing back needs no way back.
  if (action.undo() || !action.body() || action.body()->has_error()) return;
  if (action.modifier() && !action.modifier()->is(SyntaxKind::KeywordIdempotent)) return;
  const std::uint32_t place = action.body()->span().end - 1;
  const bool one_line = action.body()->text().find('\n') == std::string_view::npos;
  std::string text = one_line ? "\n  undo {\n    # takes back what the action has done\n  }\n"
                              : "  undo {\n    # takes back what the action has done\n  }\n";
  if (fits(module, place, text)) {
    found.push_back({"add the missing `undo`", RefactoringKind::Rewrite, {edit({place, place}, std::move(text))}});
  }
}

void add_undo_of_effect(const CheckedModule& module, const grammar::EffectView& effect,
                        std::vector<Refactoring>& found) {
  if (effect.undo_block() || effect.node.has_error()) return;
  if (effect.modifier() && !effect.modifier()->is(SyntaxKind::KeywordIdempotent)) return;
  const std::string indentation = indentation_at(module, effect.node.span().begin);
  const std::uint32_t place = effect.else_response() ? effect.action()->span().end : effect.node.span().end;
  std::string text = fmt::format(" undo {{\n{0}  # takes back what this step has done\n{0}}}", indentation);
  if (fits(module, place, text)) {
    found.push_back({"add an `undo` to this step", RefactoringKind::Rewrite, {edit({place, place}, std::move(text))}});
  }
}

constexpr auto kWithElse =
    std::to_array({SyntaxKind::Approve, SyntaxKind::Checklist, SyntaxKind::Ask, SyntaxKind::Verify, SyntaxKind::Hold,
                   SyntaxKind::Within, SyntaxKind::Effect, SyntaxKind::Child, SyntaxKind::Notify});

}  // namespace

void add_undo(const CheckedModule& module, Span selection, std::vector<Refactoring>& found) {
  const auto around = nodes_around(module, selection);
  if (innermost(around, SyntaxKind::Undo) || innermost(around, SyntaxKind::UndoClause)) return;
  if (const auto action = grammar::as<grammar::ActionView>(innermost(around, SyntaxKind::Action))) {
    return add_undo_of_action(module, *action, found);
  }
  const auto effect = grammar::as<grammar::EffectView>(innermost(around, SyntaxKind::Effect));
  const bool in_stage = innermost(around, SyntaxKind::Stage) || innermost(around, SyntaxKind::Rollout);
  const bool answers = innermost(around, SyntaxKind::When) || innermost(around, SyntaxKind::ElseClause);
  if (effect && effect->action() && in_stage && !answers) add_undo_of_effect(module, *effect, found);
}

void add_else_rollback(const CheckedModule& module, Span selection, std::vector<Refactoring>& found) {
  constexpr std::string_view kClause = " else rollback";
  const auto around = nodes_around(module, selection);
  // On the way back nothing can be rolled back.
  for (const SyntaxKind back : {SyntaxKind::Undo, SyntaxKind::UndoClause, SyntaxKind::Hook, SyntaxKind::Schedule}) {
    if (innermost(around, back)) return;
  }
  const auto statement = std::ranges::find_if(
      around, [](NodeRef node) { return std::ranges::find(kWithElse, node.kind()) != kWithElse.end(); });
  if (statement == around.end() || statement->has(SyntaxKind::ElseClause) || statement->has_error()) return;
  // Behind the statement, or, for one with a body of its own that comes last, before that.
  std::uint32_t before_body = statement->span().end;
  for (const NodeRef child : statement->child_nodes()) {
    if (grammar::BodyView::accepts(child.kind())) before_body = child.span().begin - 1;
  }
  for (const std::uint32_t place : {statement->span().end, before_body}) {
    if (!fits(module, place, kClause)) continue;
    found.push_back({"add `else rollback`", RefactoringKind::Rewrite, {edit({place, place}, std::string(kClause))}});
    return;
  }
}

}  // namespace rollout::language_server
