// Plans as a runtime takes them, and what is said of a rollout whose plan would be too large for one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "compiler/driver/compile.hpp"
#include "compiler/lower/lower.hpp"

namespace rollout::driver {

// Why there is no plan: what the source asks too much of, or words for people where the compiler is at fault.
struct PlanProblem {
  std::optional<diagnostics::Diagnostic> diagnostic;
  std::string message;
};

using PlanPointer = std::shared_ptr<const plan::VerifiedPlan>;

// Lowers one rollout for the purpose of the tables and verifies the plan. The module must have been checked without
// errors.
Expected<PlanPointer, PlanProblem> lower_and_verify(const check::CheckedModule& module,
                                                    const check::RolloutDecl& rollout, lower::SourceTables& sources);
// The complete plan of one rollout of the file.
Expected<PlanPointer, PlanProblem> verified_plan(const CompiledFile& file, const check::RolloutDecl& rollout);

// The problem for people, with an end of line: the diagnostic with its source, or the message.
std::string problem_text(const CompiledFile& file, const PlanProblem& problem, diagnostics::Format format,
                         const diagnostics::RenderOptions& options);

}  // namespace rollout::driver
