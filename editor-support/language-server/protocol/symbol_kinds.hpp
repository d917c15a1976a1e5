// What the protocol calls the declarations of a plan.
#pragma once

#include "grammar/syntax_kind.hpp"

namespace rollout::language_server::protocol {

// A number of the protocol's SymbolKind.
int symbol_kind(grammar::SyntaxKind kind);

}  // namespace rollout::language_server::protocol
