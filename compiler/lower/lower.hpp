#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "grammar/source.hpp"
#include "runtime/plan/plan.hpp"
#include "runtime/scenario/scenario.hpp"

namespace rollout::lower {

// What plans are lowered for.
enum class Purpose : std::uint8_t {
  Run,    // complete: they leave, and are read where the source is not
  Times,  // only asked for their times, beside their source: nothing is quoted or digested, what only people or sources
          // of metrics read is left out, and places are one line whose columns count the file's bytes, both from 1
};

// A program that would be more than a plan holds once it is written out.
struct TooLarge {
  plan::Excess excess;
  std::optional<diagnostics::Location> place;  // of what is too large; none: the rollout as a whole
};

// What the plans of one module's rollouts have in common, computed at first use: a module with a thousand rollouts is
// digested once. Must not outlive the module.
struct SourceTables {
  std::map<diagnostics::FileId, grammar::LineTable> lines;
  std::map<diagnostics::FileId, std::string> digests;
  Purpose purpose = Purpose::Run;
  std::optional<TooLarge> too_large;  // of the rollout that was lowered last: its plan only fails, and says why
};

// The rollout of that name, of the main file before those of others; nullptr where there is none.
const check::RolloutDecl* find_rollout(const check::CheckedModule& module, std::string_view name);
// The plan of one rollout of a module that was checked without errors. Total for such modules.
plan::Plan lower_rollout(const check::CheckedModule& module, std::string_view rollout);
plan::Plan lower_rollout(const check::CheckedModule& module, std::string_view rollout, SourceTables& sources);
// The scenarios of the main file, in source order.
std::vector<scenario::Scenario> lower_scenarios(const check::CheckedModule& module);

}  // namespace rollout::lower
