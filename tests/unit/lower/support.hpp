// Programs for tests of lowering: text in, checked module and plan out.
#pragma once

#include <string>

#include "compiler/check/checked_module.hpp"
#include "compiler/lower/lower.hpp"

namespace rollout::lower::test {

// A file below the root of the repository.
std::string read_source(const std::string& path);
// Checks the text and fails the test, with the diagnostics, where it has errors.
check::CheckedModule checked(std::string text, std::string path = "test.rollout");
// The plan of the first rollout of the text; fails the test where it does not verify.
plan::Plan lowered(std::string text, std::string path = "test.rollout");
void require_valid(const plan::Plan& plan);

// The plan's row with that name; fails the test where there is none.
const plan::Block& block_named(const plan::Plan& plan, const std::string& name);
const plan::Metric& metric_named(const plan::Plan& plan, const std::string& name);
// The value of a routine that needs nothing of a run.
plan::Value value_of(const plan::Plan& plan, plan::RoutineId routine);

}  // namespace rollout::lower::test
