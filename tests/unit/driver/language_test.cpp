#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "compiler/driver/compile.hpp"
#include "tests/support/golden.hpp"

// The programs of the language's description compile, with what they leave to the reader.

namespace rollout::driver {
namespace {

const std::filesystem::path kPrograms = ROLLOUT_SOURCE_DIRECTORY "/tests/golden/parse/language";

std::set<std::string> errors_of(const CompiledFile& file) {
  std::set<std::string> codes;
  for (const diagnostics::Diagnostic& one : file.diagnostics) {
    if (diagnostics::severity_of(one.code) == diagnostics::Severity::Error)
      codes.emplace(diagnostics::code_text(one.code));
  }
  return codes;
}

}  // namespace

TEST_CASE("the complete program of the language's description compiles to a plan") {
  const CompiledFile file = compile_source({"portal_api.rollout", test::read_text(kPrograms / "portal_api.rollout")});
  INFO(render(file, diagnostics::Format::Short, {}));
  CHECK(errors_of(file).empty());
  CHECK(plan_of(file, "portal_api"));
}

TEST_CASE("its declarations compile beside a parameter and a file that they use; only the plugin is not locked") {
  const std::string text = test::read_text(kPrograms / "declarations.rollout") + "param version: string\n";
  CompileOptions options;
  options.unsaved = [](const std::string& path) -> std::optional<std::string> {
    return path == "slo.rollout" ? std::optional<std::string>("let limit = 5m\n") : std::nullopt;
  };
  const CompiledFile file = compile_source({"declarations.rollout", text}, options);
  INFO(render(file, diagnostics::Format::Short, {}));
  CHECK(errors_of(file) == std::set<std::string>{"E0217"});
}

}  // namespace rollout::driver
