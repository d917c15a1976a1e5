// What a compiler that knows deployments sees beyond syntax and types.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "compiler/diagnostics/diagnostic.hpp"
#include "runtime/plan/plan.hpp"

namespace rollout::lints {

// One rollout of the main file as it will run.
struct LoweredRollout {
  std::string name;
  std::uint32_t rollout = check::kNone;  // into CheckedModule::rollouts
  std::shared_ptr<const plan::VerifiedPlan> plan;
};

// What every lint reads: a module that was checked without errors.
struct LintInput {
  const check::CheckedModule& module;
  std::vector<bool> own;  // by FileId: a file of the user, not of the library that comes with the compiler
  std::span<const LoweredRollout> plans;

  bool is_own(const diagnostics::Location& location) const {
    return own[static_cast<std::size_t>(location.file)] && !location.span.empty();
  }
};

// One lint: says what it sees in the user's own files, and nothing where it cannot be sure.
using Lint = void (*)(const LintInput& input, diagnostics::Sink& sink);

struct LintRow {
  std::string_view name;  // of the function and its file
  Lint run;
};
// All lints, in the order of lints.def.
std::span<const LintRow> all_lints();

// By FileId of the module: which files are the user's own.
std::vector<bool> own_files(const check::CheckedModule& module);
// Runs every lint.
void run_lints(const LintInput& input, diagnostics::Sink& sink);

// Each lint of lints.def, in compiler/lints/NAME.cpp.
#define LINT(name) void name(const LintInput& input, diagnostics::Sink& sink);
#include "compiler/lints/lints.def"
#undef LINT

}  // namespace rollout::lints
