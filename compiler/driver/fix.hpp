// `rolloutc check --fix`: the fixes that can only be right, applied.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compiler/driver/compile.hpp"

namespace rollout::driver {

struct FixedFile {
  std::string path;
  std::string text;   // as it should be now
  std::size_t fixes;  // how many were applied
};

// The fixes that can be applied together: each whole or not at all, of two that touch the same text the first. Point
// into the file's diagnostics.
std::vector<const diagnostics::Fix*> safe_fixes(const CompiledFile& file);
// The files of the compilation that safe fixes change, with their new texts. A fix is applied whole or not at all; of
// two that touch the same text the first is, and the other comes up again when the result is compiled. Files of the
// library that comes with the compiler stay.
std::vector<FixedFile> apply_safe_fixes(const CompiledFile& file);

}  // namespace rollout::driver
