#include "compiler/driver/plans.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "compiler/diagnostics/render.hpp"
#include "grammar/source.hpp"

// Plans that are too large, and values for the parameters of a used file.

namespace rollout::driver {
namespace {

std::string text_at(const CompiledFile& file, const diagnostics::Location& place) {
  return file.module.files[place.file].text.substr(place.span.begin, place.span.size());
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Two files: `plan.rollout` has the rollout, the main one a scenario of it.
CompiledFile with_plan(const std::string& plan, const std::string& main) {
  CompileOptions options;
  options.unsaved = [&](const std::string& path) -> std::optional<std::string> {
    return path == "plan.rollout" ? std::optional(plan) : std::nullopt;
  };
  return compile_source({"main.rollout", "use \"./plan.rollout\" as plan\n" + main}, options);
}

}  // namespace

TEST_CASE("a rollout that is too large is told where, by a check and by a build") {
  // A check, which plans without the places of expressions, may point at the statement instead.
  struct Row {
    std::string body, checked, built, says;
  };
  const Row row = GENERATE(Row{"each i in 1..20000 { readonly run `true` }", "1..20000", "1..20000",
                               "20,000 rounds of one `each`, and the most is 10,000"},
                           Row{repeated("if go {", 70) + "readonly run `true`" + repeated("}", 70), "if go {",
                               "if go {", "more than 64 blocks inside each other"},
                           Row{"let list = [" + repeated("go, ", 300) + "]\n readonly run `echo ${join(list, \",\")}`",
                               "let list", "go", "more than 256 values in one expression"});
  const bool truth = row.body.starts_with("if");
  // Columns count characters, spans bytes: one of two bytes stands before the place.
  const CompiledFile large =
      compile_source({"large.rollout", std::string("param go: ") + (truth ? "bool = true" : "string = \"x\"") +
                                           "\nrollout shop { run `é`; " + row.body + "\n}\n"});
  INFO(render(large, diagnostics::Format::Short, {}));
  REQUIRE(large.has_errors);
  const auto told =
      std::ranges::find(large.diagnostics, diagnostics::Code::PlanTooLarge, &diagnostics::Diagnostic::code);
  REQUIRE(told != large.diagnostics.end());
  CHECK(told->message.find(row.says) != std::string::npos);
  CHECK(text_at(large, told->primary).starts_with(row.checked));
  const auto built = verified_plan(large, large.module.rollouts.front());
  REQUIRE_FALSE(built);
  REQUIRE(built.error().diagnostic);
  CHECK(built.error().diagnostic->message == told->message);
  CHECK(text_at(large, built.error().diagnostic->primary).starts_with(row.built));
}

TEST_CASE("a scenario in a file of its own gives values to the parameters of its rollout") {
  const std::string plan =
      "param version: string\nparam other: string\n"
      "rollout api { irreversible run `deploy ${version}` }\n";
  const auto short_text = [](const CompiledFile& file) { return render(file, diagnostics::Format::Short, {}); };
  const std::string head = "scenario \"s\" of plan.api { ";
  CHECK_FALSE(with_plan(plan, head + "with version = \"v2\"; expect succeeded }\n").has_errors);
  CHECK(short_text(with_plan(plan, head + "expect succeeded }\n")).find("gives no value to `version`") !=
        std::string::npos);
  CHECK(short_text(with_plan(plan, head + "with version = 5m; expect succeeded }\n")).find("E0") != std::string::npos);
  CHECK(short_text(with_plan(plan, head + "with version = \"v2\"; with other = \"x\"; expect succeeded }\n"))
            .find("`api` never reads `other`") != std::string::npos);
  CHECK(short_text(with_plan(plan, head + "with version = \"v2\"; with unknown = \"x\"; expect succeeded }\n"))
            .find("`unknown`") != std::string::npos);
}

}  // namespace rollout::driver
