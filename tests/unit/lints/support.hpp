// What the lints' tests share.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "compiler/diagnostics/render.hpp"
#include "compiler/driver/compile.hpp"
#include "tests/support/golden.hpp"

namespace rollout::lints::test {

using rollout::test::read_text;

inline driver::CompiledFile compiled(std::string text) {
  return driver::compile_source({"test.rollout", std::move(text)});
}

// Every diagnostic on a line of its own.
inline std::string lines(const driver::CompiledFile& file) {
  return driver::render(file, diagnostics::Format::Short, {});
}

inline std::set<std::string> codes(const driver::CompiledFile& file) {
  std::set<std::string> found;
  for (const auto& diagnostic : file.diagnostics) found.emplace(diagnostics::code_text(diagnostic.code));
  return found;
}

}  // namespace rollout::lints::test
