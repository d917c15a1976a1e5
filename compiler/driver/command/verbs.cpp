#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "compiler/diagnostics/explain.hpp"
#include "compiler/diagnostics/sarif.hpp"
#include "compiler/diagnostics/suggest.hpp"
#include "compiler/driver/command/commands.hpp"
#include "compiler/driver/command/output.hpp"
#include "compiler/driver/compile.hpp"
#include "compiler/driver/fix.hpp"
#include "compiler/driver/plans.hpp"
#include "compiler/driver/reference.hpp"
#include "compiler/driver/source_reader.hpp"
#include "compiler/driver/summary.hpp"
#include "editor-support/language-server/serve.hpp"
#include "grammar/parse.hpp"
#include "runtime/plan/format.hpp"
#include "stdlib/modules.hpp"

namespace rollout::command {
namespace {

using driver::CompiledFile;

constexpr std::size_t kMostPlanBytes = 64u << 20;

// A module that several of the files use is reported once.
std::vector<diagnostics::Diagnostic> not_seen_before(const CompiledFile& file, std::set<std::string>& seen) {
  std::vector<diagnostics::Diagnostic> result;
  for (const diagnostics::Diagnostic& diagnostic : file.diagnostics) {
    if (seen.insert(diagnostics::render_short(diagnostic, file.module.files)).second) result.push_back(diagnostic);
  }
  return result;
}

// The file compiled without errors, or nothing after its diagnostics were shown on the standard error.
std::optional<CompiledFile> compiled(const std::string& path, diagnostics::Format format, Exit& status) {
  auto file = driver::compile_file(path);
  if (!file) {
    complain(file.error().message);
    status = Exit::Usage;
    return std::nullopt;
  }
  const std::string text = driver::render(*file, format, driver::terminal_options(STDERR_FILENO));
  fmt::print(stderr, "{}", text);
  if (!file->has_errors) return std::move(*file);
  status = Exit::Errors;
  return std::nullopt;
}

std::string output_path(const BuildArguments& arguments) {
  if (!arguments.output.empty()) return arguments.output;
  if (arguments.file == "-") return "plan.rplan";
  return std::filesystem::path(arguments.file).filename().replace_extension(".rplan").string();
}

Exit print_syntax(const PrintArguments& arguments) {
  auto bytes = driver::read_bytes(arguments.file, kMostSourceBytes);
  if (!bytes) {
    complain(bytes.error().message);
    return Exit::Usage;
  }
  const grammar::SyntaxTree tree = grammar::parse({arguments.file, std::move(*bytes)});
  const std::string text = arguments.what == Printed::Tokens ? print_tokens(tree) : print_tree(tree);
  return put(text, tree.problems().empty() ? Exit::Clean : Exit::Errors);
}

// A fix may make another one possible; a file that needs more rounds than that is not getting better.
constexpr int kMostRounds = 10;

// Applies safe fixes to the files on disk until there are none. False: one could not be written.
bool fix_file(const std::string& path) {
  std::map<std::string, std::size_t> applied;
  for (int round = 0; round < kMostRounds && path != "-"; ++round) {
    const auto file = driver::compile_file(path, {.most_bytes = kMostSourceBytes});
    if (!file) break;
    const std::vector<driver::FixedFile> fixed = driver::apply_safe_fixes(*file);
    if (fixed.empty()) break;
    for (const driver::FixedFile& one : fixed) {
      if (const std::string error = driver::write_bytes(one.path, one.text); !error.empty()) {
        complain(error);
        return false;
      }
      applied[one.path] += one.fixes;
    }
  }
  for (const auto& [changed, count] : applied) {
    fmt::print(stderr, "{}: {} fix{} applied\n", changed, count, count == 1 ? "" : "es");
  }
  return true;
}

std::string rendered(const driver::CompileResult& result, diagnostics::Format format) {
  std::set<std::string> seen;
  std::vector<std::vector<diagnostics::Diagnostic>> shown;
  shown.reserve(result.files.size());
  for (const CompiledFile& file : result.files) shown.push_back(not_seen_before(file, seen));
  if (format == diagnostics::Format::Sarif) {
    std::vector<diagnostics::Batch> batches;
    batches.reserve(shown.size());
    for (std::size_t at = 0; at < shown.size(); ++at) batches.push_back({shown[at], &result.files[at].module.files});
    return diagnostics::render_sarif(batches, ROLLOUT_VERSION);
  }
  std::string text;
  const auto options = driver::terminal_options(STDOUT_FILENO);
  for (std::size_t at = 0; at < shown.size(); ++at) {
    text += diagnostics::render(shown[at], result.files[at].module.files, format, options);
  }
  return text;
}

// What the rollouts of the files take. Programs get nothing but that beside the findings.
std::string summaries(const driver::CompileResult& result, diagnostics::Format format) {
  std::string text;
  for (const CompiledFile& file : result.files) {
    for (const std::string& name : driver::rollout_names(file.module)) {
      const auto plan = driver::plan_of(file, name);
      if (!plan) continue;
      const bool people = format == diagnostics::Format::Text || format == diagnostics::Format::Short;
      if (people && !text.empty()) text += '\n';
      text += people ? driver::summary_text(*plan) : driver::summary_json(*plan);
    }
  }
  return text;
}

}  // namespace

Exit check(const CheckArguments& arguments) {
  const bool tools = arguments.format == diagnostics::Format::Sarif || arguments.format == diagnostics::Format::Github;
  if (arguments.summary && tools) {
    complain("`--summary` is written as text, short or json");
    return Exit::Usage;
  }
  bool written = true;
  if (arguments.fix) {
    for (const std::string& path : arguments.files) written = fix_file(path) && written;
  }
  // Never freed, since the process ends after it: that would take longer than to write what was found.
  static const driver::CompileResult& result =
      *new driver::CompileResult(driver::compile(arguments.files, {.most_bytes = kMostSourceBytes}));
  for (const driver::InputError& error : result.input_errors) complain(error.message);
  Exit status = Exit::Clean;
  const bool denied = arguments.deny_warnings && result.warning_count() > 0;
  if (denied || std::ranges::any_of(result.files, &CompiledFile::has_errors)) status = Exit::Errors;
  if (!result.input_errors.empty() || !written) status = Exit::Usage;
  std::string text = rendered(result, arguments.format);
  if (arguments.summary && !result.has_errors()) text += summaries(result, arguments.format);
  return put(text, status);
}

Exit build(const BuildArguments& arguments) {
  Exit status = Exit::Clean;
  const auto file = compiled(arguments.file, arguments.format, status);
  if (!file) return status;
  const auto rollout = driver::chosen_rollout(*file, arguments.rollout);
  if (!rollout) {
    complain(rollout.error());
    return Exit::Usage;
  }
  // The runtime will refuse what the verifier refuses: better here, where the source is.
  const auto verified = driver::verified_plan(*file, **rollout);
  if (!verified) {
    const auto options = driver::terminal_options(STDERR_FILENO);
    fmt::print(stderr, "{}", driver::problem_text(*file, verified.error(), arguments.format, options));
    return Exit::Errors;
  }
  const plan::Plan& plan = ***verified;
  const std::string path = output_path(arguments);
  const std::string bytes = plan::write_plan(plan);
  if (const std::string error = driver::write_bytes(path, bytes); !error.empty()) {
    complain(error);
    return Exit::Usage;
  }
  return put(fmt::format("{}: rollout `{}`, {} bytes, plan {}\n", path, plan.rollout.name, bytes.size(),
                         plan::plan_id(plan).substr(0, 12)),
             status);
}

Exit explain(const ExplainArguments& arguments) {
  std::string text;
  if (arguments.code.empty()) {
    for (const diagnostics::Code code : diagnostics::all_codes()) {
      text += fmt::format("{}  {}\n", diagnostics::code_text(code), diagnostics::code_alias(code));
    }
    return put(text, Exit::Clean);
  }
  const auto code = diagnostics::code_from(arguments.code);
  if (!code) {
    std::vector<std::string> known;
    for (const diagnostics::Code one : diagnostics::all_codes()) {
      known.emplace_back(diagnostics::code_text(one));
      known.emplace_back(diagnostics::code_alias(one));
    }
    const auto meant = diagnostics::closest(arguments.code, known);
    complain(fmt::format("there is no code `{}`{}; `rolloutc explain` lists them", arguments.code,
                         meant ? fmt::format("; did you mean `{}`?", *meant) : ""));
    return Exit::Usage;
  }
  return put(std::string(diagnostics::explanation_of(*code).value_or("")), Exit::Clean);
}

Exit doc(const DocArguments& arguments) {
  if (arguments.module.empty()) {
    std::string list;
    for (const stdlib::Module& module : stdlib::modules()) list += fmt::format("std.{}\n", module.name);
    return put(list, Exit::Clean);
  }
  if (const auto page = driver::library_reference(arguments.module)) return put(*page, Exit::Clean);
  if (arguments.module.ends_with(".rollout")) {
    const auto text = driver::read_bytes(arguments.module, kMostSourceBytes);
    if (text) return put(driver::reference_page(fmt::format("\"./{}\"", arguments.module), *text), Exit::Clean);
    complain(text.error().message);
    return Exit::Usage;
  }
  std::vector<std::string> known;
  for (const stdlib::Module& module : stdlib::modules()) known.push_back(fmt::format("std.{}", module.name));
  const bool short_name = !arguments.module.starts_with("std.");
  const auto meant = diagnostics::closest((short_name ? "std." : "") + arguments.module, known);
  complain(fmt::format("there is no module `{}`{}; `rolloutc doc` lists them", arguments.module,
                       meant ? fmt::format("; did you mean `{}`?", *meant) : ""));
  return Exit::Usage;
}

Exit language_server(const LanguageServerArguments&) {
  const int status = language_server::serve(STDIN_FILENO, STDOUT_FILENO, language_server::default_pages_folder());
  return status == 0 ? Exit::Clean : Exit::Errors;
}

Exit disasm(const DisasmArguments& arguments) {
  const auto bytes = driver::read_bytes(arguments.file, kMostPlanBytes);
  if (!bytes) {
    complain(bytes.error().message);
    return Exit::Usage;
  }
  const auto plan = plan::read_plan(*bytes);
  if (!plan) {
    complain(fmt::format("`{}` at byte {}: {}", arguments.file, plan.error().offset, plan.error().message));
    return Exit::Errors;
  }
  std::string text = plan::disassemble(*plan);
  // Shown all the same: a broken plan is what one wants to look at.
  if (const auto verified = plan::verify(*plan); !verified) {
    complain(fmt::format("`{}` will not run: {}", arguments.file, verified.error().message));
    return put(text, Exit::Errors);
  }
  return put(text, Exit::Clean);
}

Exit print(const PrintArguments& arguments) {
  switch (arguments.what) {
    case Printed::Tokens:
    case Printed::Tree: return print_syntax(arguments);
    case Printed::Plan: break;
  }
  Exit status = Exit::Clean;
  const auto file = compiled(arguments.file, diagnostics::Format::Text, status);
  if (!file) return status;
  const auto plan = driver::plan_of(*file, arguments.rollout);
  if (plan) return put(plan::disassemble(*plan), status);
  complain(plan.error());
  return Exit::Usage;
}

}  // namespace rollout::command
