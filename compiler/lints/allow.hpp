// Silencing a warning in place, with a reason: `# allow W0403: the vendor's limit is looser on purpose`.
#pragma once

#include <vector>

#include "compiler/check/checked_module.hpp"
#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::lints {

// Takes away the warnings that `# allow` comments of the user's own files silence. At the end of a line a comment is
// about what that line reports; on a line of its own, about the whole statement or declaration below it, at the head of
// the file, before a blank line, about the whole file. `complete`: all warnings are known, so that comments which
// silence nothing can be reported; comments without a reason and unknown codes always are. Takes and gives diagnostics
// in the order of the source.
std::vector<diagnostics::Diagnostic> apply_allows(const check::CheckedModule& module,
                                                  std::vector<diagnostics::Diagnostic> diagnostics, bool complete);

}  // namespace rollout::lints
