#include "runtime/command/load_plan.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "compiler/driver/compile.hpp"
#include "compiler/driver/source_reader.hpp"
#include "runtime/command/output.hpp"
#include "runtime/plan/format.hpp"

namespace rollout::command {

namespace {

constexpr std::size_t kMostPlanBytes = 64u << 20;

using PlanPointer = std::shared_ptr<const plan::VerifiedPlan>;

PlanPointer verified(plan::Plan plan, const std::string& path) {
  auto result = plan::verify(std::move(plan));
  if (result) return *result;
  complain(fmt::format("{}: {}", path, result.error().message));
  return nullptr;
}

PlanPointer read_plan_file(const std::string& path, const SignaturePolicy& policy) {
  auto bytes = driver::read_bytes(path, kMostPlanBytes);
  if (!bytes) {
    complain(bytes.error().message);
    return nullptr;
  }
  auto plan = plan::read_plan(*bytes);
  if (!plan) {
    complain(fmt::format("{}: {}", path, plan.error().message));
    return nullptr;
  }
  // Over the bytes that were read, so that nobody can exchange the file in between.
  const std::string problem =
      policy.required ? signature_problem(policy, path, *bytes, plan->rollout.environment) : std::string();
  if (problem.empty()) return verified(std::move(*plan), path);
  complain(problem);
  return nullptr;
}

// The file without errors; its diagnostics, warnings included, are on standard error.
std::optional<driver::CompiledFile> compiled(const std::string& path) {
  auto file = driver::compile_file(path);
  if (!file) {
    complain(file.error().message);
    return std::nullopt;
  }
  fmt::print(stderr, "{}", driver::render(*file, diagnostics::Format::Text, driver::terminal_options(STDERR_FILENO)));
  if (file->has_errors) return std::nullopt;
  return std::move(*file);
}

PlanPointer verified_plan_of(const driver::CompiledFile& file, const std::string& rollout) {
  auto plan = driver::plan_of(file, rollout);
  if (!plan) {
    complain(fmt::format("{}: {}", file.path, plan.error()));
    return nullptr;
  }
  return verified(std::move(*plan), file.path);
}

}  // namespace

PlanPointer load_plan(const std::string& path, const std::string& rollout, const SignaturePolicy& policy) {
  if (path.ends_with(".rplan")) return read_plan_file(path, policy);
  if (policy.required) {
    complain(fmt::format("{}: only a plan file can be signed: `rolloutc build`, then `rolloutc sign`", path));
    return nullptr;
  }
  const auto file = compiled(path);
  return file ? verified_plan_of(*file, rollout) : nullptr;
}

std::optional<std::vector<driver::CompiledScenario>> load_scenarios(const std::string& path) {
  const auto file = compiled(path);
  if (!file) return std::nullopt;
  auto scenarios = driver::scenarios_of(*file);
  if (scenarios) return std::move(*scenarios);
  complain(fmt::format("{}: {}", path, scenarios.error()));
  return std::nullopt;
}

}  // namespace rollout::command
