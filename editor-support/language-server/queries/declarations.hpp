// From a name to what stands behind it in the program: its node, the callee of a call, the constant of a `let`.
#pragma once

#include <optional>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

// The node that declares the symbol; nothing for what the language itself has.
std::optional<grammar::NodeRef> declaring_node(const CheckedModule& module, const check::Symbol& symbol);

// What the callee of a call in the main file stands for; check::kNone where that is not known.
SymbolId symbol_of_callee(const CheckedModule& module, grammar::NodeRef callee);

// The constant that an expression amounts to, also through names; nothing where only a run knows it.
std::optional<plan::Value> constant_of(const CheckedModule& module, check::ExprId expression);

}  // namespace rollout::language_server
