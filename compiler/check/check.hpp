#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "compiler/check/checked_module.hpp"
#include "runtime/plan/plan.hpp"

namespace rollout::check {

// A plugin as a module, and what a plan keeps of it.
struct PluginModule {
  grammar::SourceFile source;
  plan::Plugin plugin;
  std::optional<plan::PluginAccess> access;  // where its schema says it
};
// Why a plugin cannot be used: the diagnostic that stands at its `use`.
struct PluginProblem {
  diagnostics::Code code{};
  std::string message, note, help;
};

// Finds the text of what a `use` names. The standard library is embedded; files come from the caller, so that the
// checker does no I/O and the language server can answer from unsaved buffers.
struct ModuleLoader {
  // `path` relative to the file that uses it; nothing where there is no such file.
  std::function<std::optional<grammar::SourceFile>(std::string_view using_file, std::string_view path)> file;
  // A plugin that is locked for the program; without this function there is none.
  std::function<std::variant<PluginModule, PluginProblem>(const std::string& name)> plugin = {};
  // Why a time zone cannot be named; nothing where it can, or where nobody knows.
  std::function<std::optional<std::string>(const std::string& zone)> zone_problem = {};
};

// Checks the main file and everything that it uses. Never fails: what is wrong, syntax included, goes into the sink,
// all of it in one run, one diagnostic a cause.
CheckedModule check(grammar::SourceFile main, const ModuleLoader& loader, diagnostics::Sink& sink);

}  // namespace rollout::check
