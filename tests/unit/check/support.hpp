// What the checker's tests share.
#pragma once

#include <filesystem>
#include <string>

#include "compiler/check/check.hpp"
#include "compiler/diagnostics/render.hpp"
#include "tests/support/golden.hpp"

namespace rollout::check::test {

using rollout::test::read_text;

struct Checked {
  CheckedModule module;
  diagnostics::Sink sink;

  // Every diagnostic in source order, as frames.
  std::string frames() const { return diagnostics::render(sink.sorted(), module.files, diagnostics::Format::Text, {}); }
  // Every diagnostic on a line of its own.
  std::string lines() const { return diagnostics::render(sink.sorted(), module.files, diagnostics::Format::Short, {}); }
};

// Finds used files below one directory, under the names that they are used by.
inline ModuleLoader loader_in(const std::filesystem::path& directory) {
  return {.file = [directory](std::string_view, std::string_view path) -> std::optional<grammar::SourceFile> {
            const auto file = (directory / path).lexically_normal();
            if (!std::filesystem::exists(file)) return std::nullopt;
            return grammar::SourceFile{file.lexically_relative(directory).string(), read_text(file)};
          },
          .zone_problem = [](const std::string& zone) -> std::optional<std::string> {
            if (zone == "Europe/Amsterdam") return std::nullopt;
            return "the system's tz database has no zone \"" + zone + "\"";
          }};
}

inline Checked check_text(std::string text, const ModuleLoader& loader = {}) {
  Checked checked;
  checked.module = check({"test.rollout", std::move(text)}, loader, checked.sink);
  return checked;
}

}  // namespace rollout::check::test
