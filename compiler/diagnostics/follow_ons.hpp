// One cause, one diagnostic.
#pragma once

#include <vector>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {

// Leaves out what only follows from an error of syntax: what stands behind it on the line, within the same statement,
// and braces that an unclosed string or command has swallowed. Takes and keeps the order of `Sink::sorted`.
std::vector<Diagnostic> without_follow_ons(std::vector<Diagnostic> sorted, const Files& files);

}  // namespace rollout::diagnostics
