// Diagnostics for code scanning services: SARIF 2.1.0 (OASIS), one document for a whole run.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {

// The diagnostics of one compilation with the files that they point into. The owners outlive the batch.
struct Batch {
  std::span<const Diagnostic> diagnostics;
  const Files* files = nullptr;
};

// One log with one run: the rules that occur, results with regions (lines and columns from 1, columns in code points),
// related locations for the labels, fixes, and a fingerprint of code, file and source line that survives moved lines.
// Paths become relative URIs. Ends in a line feed.
std::string render_sarif(std::span<const Batch> batches, std::string_view tool_version);

}  // namespace rollout::diagnostics
