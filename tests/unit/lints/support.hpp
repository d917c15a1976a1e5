// What the lints' tests share.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "compiler/diagnostics/render.hpp"
#include "compiler/driver/compile.hpp"

namespace rollout::lints::test {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

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
