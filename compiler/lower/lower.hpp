#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "grammar/source.hpp"
#include "runtime/plan/plan.hpp"
#include "runtime/scenario/scenario.hpp"

namespace rollout::lower {

// What the plans of one module's rollouts have in common, computed at first use: a module with a thousand rollouts is
// digested once. Must not outlive the module.
struct SourceTables {
  std::map<diagnostics::FileId, grammar::LineTable> lines;
  std::map<diagnostics::FileId, std::string> digests;
  // Whether plans digest their sources and quote them at each spot: needless where a plan is read beside its source.
  bool texts = true;
};

// The plan of one rollout of a module that was checked without errors. Total for such modules.
plan::Plan lower_rollout(const check::CheckedModule& module, std::string_view rollout);
plan::Plan lower_rollout(const check::CheckedModule& module, std::string_view rollout, SourceTables& sources);
// The scenarios of the main file, in source order.
std::vector<scenario::Scenario> lower_scenarios(const check::CheckedModule& module);

}  // namespace rollout::lower
