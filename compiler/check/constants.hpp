// Values that are known at compile time.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "compiler/check/checked_module.hpp"

namespace rollout::check {

// The value of the expression where it is known before a run is created, computed as the run would; nothing for kNone,
// parameters, arguments, metrics and calls of the outside.
std::optional<Value> constant_value(const CheckedModule& module, ExprId expr);

// What the arguments of a declaration stand for.
using Bindings = std::vector<std::pair<SymbolId, Value>>;
// As above, with those arguments known.
std::optional<Value> constant_value(const CheckedModule& module, ExprId expr, const Bindings& arguments);

}  // namespace rollout::check
