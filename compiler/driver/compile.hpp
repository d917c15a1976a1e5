// Files in, checked modules and plans out: what `rolloutc` and `rollout` share.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/check/checked_module.hpp"
#include "compiler/diagnostics/diagnostic.hpp"
#include "compiler/diagnostics/render.hpp"
#include "runtime/plan/plan.hpp"

namespace rollout::driver {

using plan::Expected;

// An input that could not be had: not there, a folder, unreadable, too large. Never a fault of its text.
struct InputError {
  std::string path;
  std::string message;  // with the path and what to do, for people
};

struct CompileOptions {
  std::size_t most_bytes = 16u << 20;  // of each source file
  // The text that stands for a file on disk, for one that an editor holds unsaved; nothing where the disk has it.
  std::function<std::optional<std::string>(const std::string& path)> unsaved = {};
};

// One file with everything that it uses, checked. Complete where `has_errors` is false.
struct CompiledFile {
  std::string path;
  check::CheckedModule module;                       // its files are what the diagnostics point into
  std::vector<diagnostics::Diagnostic> diagnostics;  // in the order of the source
  bool has_errors = false;
  std::size_t warnings = 0;
};

// Reads and checks one file. `-` is the standard input. Modules are found beside the files that use them.
Expected<CompiledFile, InputError> compile_file(const std::string& path, const CompileOptions& options = {});
// The same for a text that is at hand already; what it uses is still read from beside `source.path`.
CompiledFile compile_source(grammar::SourceFile source, const CompileOptions& options = {});

struct CompileResult {
  std::vector<CompiledFile> files;  // those that could be read, in the given order
  std::vector<InputError> input_errors;
  bool has_errors() const;  // in a text or with an input
  std::size_t warning_count() const;
};
// Every file on its own, so that one unreadable or wrong file hides nothing of the others.
CompileResult compile(std::span<const std::string> paths, const CompileOptions& options = {});

// All diagnostics of the file, with the summary at the end where the format has one.
std::string render(const CompiledFile& file, diagnostics::Format format, const diagnostics::RenderOptions& options);
// For a stream: colours and width of its terminal; no colours where it is none or NO_COLOR is set, width from COLUMNS
// there.
diagnostics::RenderOptions terminal_options(int file_descriptor);

// The rollouts of the main file, in source order.
std::vector<std::string> rollout_names(const check::CheckedModule& module);
// The rollout with that name; the only one where the name is empty. The error says which there are.
Expected<const check::RolloutDecl*, std::string> chosen_rollout(const CompiledFile& file, const std::string& rollout);
// Its plan, not verified. The module must have been checked without errors.
Expected<plan::Plan, std::string> plan_of(const CompiledFile& file, const std::string& rollout);

}  // namespace rollout::driver
