#include "compiler/driver/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "compiler/check/check.hpp"
#include "compiler/diagnostics/follow_ons.hpp"
#include "compiler/diagnostics/suggest.hpp"
#include "compiler/driver/lowered_rollouts.hpp"
#include "compiler/driver/plugins.hpp"
#include "compiler/driver/source_reader.hpp"
#include "compiler/lints/allow.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lower/lower.hpp"
#include "runtime/zones/zones.hpp"

namespace rollout::driver {
namespace {

// A module's path is relative to the file that uses it, and shown relative to where the command runs.
std::string path_beside(std::string_view using_file, std::string_view path) {
  const std::filesystem::path folder = std::filesystem::path(using_file).parent_path();
  return (folder / path).lexically_normal().string();
}

void run_lints(const check::CheckedModule& module, diagnostics::Sink& sink) {
  std::vector<diagnostics::Diagnostic> too_large;
  const std::vector<lints::LoweredRollout> lowered = lowered_rollouts(module, too_large);
  for (const diagnostics::Diagnostic& one : too_large) sink.add(one);
  lints::run_lints({module, lints::own_files(module), lowered}, sink);
}

std::size_t count_warnings(const std::vector<diagnostics::Diagnostic>& diagnostics) {
  return static_cast<std::size_t>(std::ranges::count(
      diagnostics, diagnostics::Severity::Warning, [](const auto& one) { return diagnostics::severity_of(one.code); }));
}

}  // namespace

Expected<CompiledFile, InputError> compile_file(const std::string& path, const CompileOptions& options) {
  auto bytes = read_bytes(path, options.most_bytes);
  if (!bytes) return bytes.error();
  return compile_source({path == "-" ? "<standard input>" : path, std::move(*bytes)}, options);
}

CompiledFile compile_source(grammar::SourceFile source, const CompileOptions& options) {
  const std::string folder = std::filesystem::path(source.path).parent_path().string();
  const check::ModuleLoader loader{
      .file = [&](std::string_view using_file, std::string_view path) -> std::optional<grammar::SourceFile> {
        std::string found = path_beside(using_file, path);
        if (auto text = options.unsaved ? options.unsaved(found) : std::nullopt) {
          return grammar::SourceFile{std::move(found), std::move(*text)};
        }
        auto bytes = read_bytes(found, options.most_bytes);
        if (!bytes) return std::nullopt;
        return grammar::SourceFile{std::move(found), std::move(*bytes)};
      },
      .plugin = [&](const std::string& name) { return plugin_module(folder, name); },
      .zone_problem = zones::zone_problem};
  diagnostics::Sink sink;
  std::string path = source.path;
  check::CheckedModule module = check::check(std::move(source), loader, sink);
  // What is wrong may make anything else look odd, so lints wait until nothing is.
  if (!sink.has_errors()) run_lints(module, sink);
  const bool has_errors = sink.has_errors();
  std::vector<diagnostics::Diagnostic> found =
      lints::apply_allows(module, diagnostics::without_follow_ons(sink.sorted(), module.files), !has_errors);
  const std::size_t warnings = count_warnings(found);
  return {std::move(path), std::move(module), std::move(found), has_errors, warnings};
}

bool CompileResult::has_errors() const {
  return !input_errors.empty() || std::ranges::any_of(files, &CompiledFile::has_errors);
}

std::size_t CompileResult::warning_count() const {
  std::size_t count = 0;
  for (const CompiledFile& file : files) count += file.warnings;
  return count;
}

CompileResult compile(std::span<const std::string> paths, const CompileOptions& options) {
  CompileResult result;
  for (const std::string& path : paths) {
    auto file = compile_file(path, options);
    if (file) {
      result.files.push_back(std::move(*file));
    } else {
      result.input_errors.push_back(file.error());
    }
  }
  return result;
}

std::string render(const CompiledFile& file, diagnostics::Format format, const diagnostics::RenderOptions& options) {
  return diagnostics::render(file.diagnostics, file.module.files, format, options);
}

std::vector<std::string> rollout_names(const check::CheckedModule& module) {
  std::vector<std::string> names;
  for (const check::RolloutDecl& rollout : module.rollouts) {
    if (rollout.location.file == diagnostics::FileId{}) names.push_back(module.symbols[rollout.symbol].name);
  }
  return names;
}

Expected<const check::RolloutDecl*, std::string> chosen_rollout(const CompiledFile& file, const std::string& rollout) {
  const std::vector<std::string> names = rollout_names(file.module);
  if (names.empty()) return fmt::format("`{}` declares no rollout, so there is nothing to run", file.path);
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "`" : ", `") + name + "`";
  if (rollout.empty() && names.size() > 1)
    return fmt::format("`{}` has {} rollouts: {}; choose one with --rollout", file.path, names.size(), listed);
  const std::string& wanted = rollout.empty() ? names.front() : rollout;
  for (const check::RolloutDecl& one : file.module.rollouts) {
    const bool own = one.location.file == diagnostics::FileId{};
    if (own && file.module.symbols[one.symbol].name == wanted) return &one;
  }
  const auto meant = diagnostics::closest(rollout, names);
  return fmt::format("`{}` has no rollout `{}`; {}", file.path, rollout,
                     meant ? fmt::format("did you mean `{}`?", *meant) : fmt::format("it has {}", listed));
}

Expected<plan::Plan, std::string> plan_of(const CompiledFile& file, const std::string& rollout) {
  const auto chosen = chosen_rollout(file, rollout);
  if (!chosen) return chosen.error();
  return lower::lower_rollout(file.module, file.module.symbols[(*chosen)->symbol].name);
}

}  // namespace rollout::driver
