// The one line that has to do where nobody reads on.
#pragma once

#include <string>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {

// What is wrong, and how to mend it where that is one short thing: "there is no `p59` here: did you mean `p95`?".
std::string headline(const Diagnostic& diagnostic);
// Whether the headline says the only help or fix already, so that nothing has to repeat it below.
bool headline_mends(const Diagnostic& diagnostic);

}  // namespace rollout::diagnostics
