// What refactorings share: names that are free, places where a declaration can stand, text in another indentation.
// Internal to the refactorings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "editor-support/language-server/queries/refactorings.hpp"
#include "grammar/views.hpp"

namespace rollout::language_server {

using grammar::NodeRef;
using grammar::SyntaxKind;

// The nodes around the selection, innermost first.
std::vector<NodeRef> nodes_around(const CheckedModule& module, Span selection);
// The innermost of them of the kind.
std::optional<NodeRef> innermost(const std::vector<NodeRef>& around, SyntaxKind kind);

// `wanted`, with a number behind it where a declaration has that name.
std::string free_name(const CheckedModule& module, const std::string& wanted);
// The begin of the line where a declaration can stand so that the node can use it: above the declaration around it and
// above the comments that belong to that.
std::uint32_t place_above(const CheckedModule& module, NodeRef node);

// The blanks at the begin of the line in which the offset lies.
std::string indentation_at(const CheckedModule& module, std::uint32_t offset);
// The lines of a text that begins in the line with that indentation, each moved to `to`.
std::string reindented(std::string_view text, std::string_view from, std::string_view to);

// Names within the span that mean something only around it, each once, in the order of the text.
std::vector<SymbolId> locals_in(const CheckedModule& module, Span span);
// `(endpoint: string, share: ratio)` and `(endpoint, share)`; empty where there are none. Nothing where a type cannot
// be written.
struct Passed {
  std::string parameters, arguments;
};
std::optional<Passed> passed_on(const CheckedModule& module, const std::vector<SymbolId>& locals);

diagnostics::Edit edit(Span span, std::string text);

// Each adds what it can do at the selection.
void extract_guards(const CheckedModule& module, Span selection, std::vector<Refactoring>& found);
void extract_check(const CheckedModule& module, Span selection, std::vector<Refactoring>& found);
void extract_metric(const CheckedModule& module, Span selection, std::vector<Refactoring>& found);
void add_undo(const CheckedModule& module, Span selection, std::vector<Refactoring>& found);
void add_else_rollback(const CheckedModule& module, Span selection, std::vector<Refactoring>& found);
void add_scenario(const CheckedModule& module, Span selection, std::vector<Refactoring>& found);

}  // namespace rollout::language_server
