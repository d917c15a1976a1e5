// The kinds of leaves and nodes of the syntax tree; the table is syntax_kind.def.
#pragma once

#include <cstdint>
#include <string_view>

namespace rollout::grammar {

enum class SyntaxKind : std::uint16_t {
#define SYNTAX_KIND(name, display, kind_class) name,
#include "grammar/syntax_kind.def"
};

enum class SyntaxClass { Trivia, Token, Malformed, Node, Concept };

SyntaxClass class_of(SyntaxKind kind);
// The enumerator's name: stable, for dumps and goldens.
std::string_view name_of(SyntaxKind kind);
// For messages: "`then`", "a name", "a duration".
std::string_view display_of(SyntaxKind kind);

// Whether a leaf of this kind means nothing (blanks, line ends, comments).
bool is_trivia(SyntaxKind kind);
// Whether the kind is a word of the language, reserved or not.
bool is_keyword(SyntaxKind kind);
// Whether nodes of this kind are expressions: anything that may stand where the grammar says Expr.
bool is_expression(SyntaxKind kind);
bool is_type(SyntaxKind kind);
bool is_declaration(SyntaxKind kind);
bool is_header(SyntaxKind kind);
bool is_step(SyntaxKind kind);
bool is_outcome(SyntaxKind kind);
// Whether nodes of this kind are responses: replies, outcomes, asks, notifications and effects.
bool is_response(SyntaxKind kind);
bool is_scenario_line(SyntaxKind kind);

}  // namespace rollout::grammar
