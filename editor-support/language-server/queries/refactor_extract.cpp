// Parts of a plan that get a declaration of their own.
#include <fmt/format.h>

#include <algorithm>

#include "editor-support/language-server/queries/declarations.hpp"
#include "editor-support/language-server/queries/refactoring_places.hpp"
#include "grammar/literals.hpp"

namespace rollout::language_server {
namespace {

using check::SymbolKind;

// The guards that the selection touches, if they stand one behind the other in a stage, a rollout or a block.
std::vector<NodeRef> selected_guards(const CheckedModule& module, Span selection) {
  for (const NodeRef node : nodes_around(module, selection)) {
    const auto body = grammar::as<grammar::BodyView>(node);
    if (!body) {
      if (node.is(SyntaxKind::When)) return {node};
      continue;
    }
    std::vector<NodeRef> guards;
    for (const NodeRef item : body->items()) {
      if (item.span().end < selection.begin || selection.end < item.span().begin) continue;
      if (!item.is(SyntaxKind::When)) return {};
      guards.push_back(item);
    }
    return guards;
  }
  return {};
}

// A stage is known only in its rollout.
bool names_stage(const CheckedModule& module, Span span) {
  return std::ranges::any_of(names_of_main_file(module), [&](const NameAt& name) {
    return span.contains(name.span) && module.symbols[name.symbol].kind == SymbolKind::Stage;
  });
}

// Letters, digits and underscores of a text: `the site answers` is `the_site_answers`.
std::string name_from(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && !name.empty());
    if (letter) name += c;
    if (c >= 'A' && c <= 'Z') name += static_cast<char>(c - 'A' + 'a');
    if (!letter && !(c >= 'A' && c <= 'Z') && !name.empty() && name.back() != '_') name += '_';
  }
  while (name.ends_with('_')) name.pop_back();
  return name;
}

std::string name_of(std::optional<NodeRef> declaration) {
  const auto name = declaration ? declaration->child(SyntaxKind::Name) : std::nullopt;
  return name ? std::string(name->text()) : std::string();
}

std::string_view text_at(const CheckedModule& module, Span span) {
  return module.trees.front().text().substr(span.begin, span.size());
}

}  // namespace

void extract_guards(const CheckedModule& module, Span selection, std::vector<Refactoring>& found) {
  const std::vector<NodeRef> guards = selected_guards(module, selection);
  if (guards.empty() || innermost(nodes_around(module, selection), SyntaxKind::Guards)) return;
  if (std::ranges::any_of(guards, &NodeRef::has_error)) return;
  const Span span{guards.front().span().begin, guards.back().span().end};
  const auto around = nodes_around(module, guards.front().span());
  const auto stage = innermost(around, SyntaxKind::Stage);
  const auto passed = passed_on(module, locals_in(module, span));
  if (!passed || names_stage(module, span)) return;
  const std::string scope = name_of(stage ? stage : innermost(around, SyntaxKind::Rollout));
  const std::string name = free_name(module, scope.empty() ? "guard_set" : scope + "_guards");
  const std::string body = reindented(text_at(module, span), indentation_at(module, span.begin), "  ");
  const std::uint32_t place = place_above(module, guards.front());
  found.push_back({guards.size() == 1 ? "extract this guard into `guards`"
                                      : fmt::format("extract these {} guards into `guards`", guards.size()),
                   RefactoringKind::Extract,
                   {edit({place, place}, fmt::format("guards {}{} {{\n{}\n}}\n\n", name, passed->parameters, body)),
                    edit(span, "watch " + name + passed->arguments)}});
}

void extract_check(const CheckedModule& module, Span selection, std::vector<Refactoring>& found) {
  const auto verify = grammar::as<grammar::VerifyView>(innermost(nodes_around(module, selection), SyntaxKind::Verify));
  if (!verify || !verify->name() || !verify->body() || verify->node.has_error()) return;
  const auto title = grammar::constant_text(*verify->name());
  const std::string wanted = title ? name_from(*title) : std::string();
  const auto passed = passed_on(module, locals_in(module, verify->body()->span()));
  if (wanted.empty() || !passed) return;
  const std::string name = free_name(module, wanted);
  const std::uint32_t begin = verify->node.span().begin;
  const std::string body = reindented(verify->body()->text(), indentation_at(module, begin), "");
  const std::uint32_t place = place_above(module, verify->node);
  const std::string parameters = passed->parameters.empty() ? "()" : passed->parameters;
  const std::string arguments = passed->arguments.empty() ? "()" : passed->arguments;
  found.push_back({fmt::format("extract this `verify` into the check `{}`", name),
                   RefactoringKind::Extract,
                   {edit({place, place}, fmt::format("check {}{} {}\n\n", name, parameters, body)),
                    edit({verify->name()->span().begin, verify->body()->span().end}, name + arguments)}});
}

void extract_metric(const CheckedModule& module, Span selection, std::vector<Refactoring>& found) {
  const auto around = nodes_around(module, selection);
  const auto call = grammar::as<grammar::CallView>(innermost(around, SyntaxKind::Call));
  if (!call || !call->callee() || innermost(around, SyntaxKind::Metric)) return;
  const SymbolId callee = symbol_of_callee(module, *call->callee());
  if (callee == check::kNone || module.symbols[callee].kind != SymbolKind::Native) return;
  const check::Native& native = module.natives[module.symbols[callee].index];
  if (native.kind != check::NativeKind::MetricSource || !locals_in(module, call->node.span()).empty()) return;
  const std::string metric = free_name(module, "metric_of_" + native.module);
  const std::uint32_t place = place_above(module, call->node);
  found.push_back(
      {fmt::format("extract this `{}` into a metric", call->callee()->text()),
       RefactoringKind::Extract,
       {edit({place, place}, fmt::format("metric {}: number = {} every 15s\n\n", metric, call->node.text())),
        edit(call->node.span(), metric)}});
}

}  // namespace rollout::language_server
