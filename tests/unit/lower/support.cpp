#include "support.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "compiler/check/check.hpp"
#include "compiler/diagnostics/render.hpp"
#include "runtime/plan/evaluate.hpp"
#include "runtime/plugins/schema/lock.hpp"
#include "runtime/plugins/schema/schema.hpp"

namespace rollout::lower::test {

std::string read_source(const std::string& path) {
  std::ifstream file(std::string(ROLLOUT_SOURCE_DIRECTORY) + "/" + path, std::ios::binary);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

namespace {

// A file that a program of the source tree uses, or nothing.
std::optional<grammar::SourceFile> file_beside(std::string_view using_file, std::string_view path) {
  const auto place = (std::filesystem::path(using_file).parent_path() / path).lexically_normal().string();
  std::ifstream file(std::string(ROLLOUT_SOURCE_DIRECTORY) + "/" + place, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return grammar::SourceFile{place, text.str()};
}

// A plugin that is locked beside the program.
std::variant<check::PluginModule, check::PluginProblem> plugin_beside(const std::string& program,
                                                                      const std::string& name) {
  const auto place = std::filesystem::path(program).parent_path() / plugins::kLockName;
  const auto lock = plugins::read_lock(read_source(place.string()));
  REQUIRE(lock);
  const plugins::LockedPlugin* locked = lock->find(name);
  REQUIRE(locked);
  const auto schema = plugins::read_schema(locked->schema);
  REQUIRE(schema);
  return check::PluginModule{
      {"<plugins>/" + name + ".rollout", plugins::module_text(*schema)}, locked->plugin, schema->access};
}

}  // namespace

check::CheckedModule checked(std::string text, std::string path) {
  const check::ModuleLoader loader{.file = file_beside,
                                   .plugin = [&](const std::string& name) { return plugin_beside(path, name); }};
  std::string main = path;
  diagnostics::Sink sink;
  check::CheckedModule module = check::check({std::move(main), std::move(text)}, loader, sink);
  std::string problems;
  for (const diagnostics::Diagnostic& one : sink.sorted()) {
    if (diagnostics::severity_of(one.code) == diagnostics::Severity::Error) {
      const grammar::SourceFile& file = module.files[one.primary.file];
      const auto place = grammar::LineTable(file.text).position(one.primary.span.begin, grammar::ColumnUnit::CodePoint);
      problems += file.path + ":" + std::to_string(place.line + 1) + ": " + one.message + "\n";
    }
  }
  INFO(problems);
  REQUIRE(problems.empty());
  return module;
}

void require_valid(const plan::Plan& plan) {
  const auto verified = plan::verify(plan);
  const std::string reason = verified ? std::string{} : verified.error().message;
  INFO(reason);
  REQUIRE(reason.empty());
}

plan::Plan lowered(std::string text, std::string path) {
  const check::CheckedModule module = checked(std::move(text), std::move(path));
  REQUIRE_FALSE(module.rollouts.empty());
  plan::Plan plan = lower_rollout(module, module.symbols[module.rollouts.front().symbol].name);
  require_valid(plan);
  return plan;
}

const plan::Block& block_named(const plan::Plan& plan, const std::string& name) {
  for (const plan::Block& block : plan.blocks) {
    if (block.name == name) return block;
  }
  FAIL("no block `" << name << "`");
  throw;
}

const plan::Metric& metric_named(const plan::Plan& plan, const std::string& name) {
  for (const plan::Metric& metric : plan.metrics) {
    if (metric.name == name) return metric;
  }
  FAIL("no metric `" << name << "`");
  throw;
}

plan::Value value_of(const plan::Plan& plan, plan::RoutineId routine) {
  REQUIRE(routine < plan.routines.size());
  return plan::evaluate(plan, routine, {});
}

}  // namespace rollout::lower::test
