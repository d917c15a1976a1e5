#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/check/checked_module.hpp"

namespace rollout::check {

// Finds the text of what a `use` names. The standard library is embedded; files come from the caller, so that the
// checker does no I/O and the language server can answer from unsaved buffers.
struct ModuleLoader {
  // `path` relative to the file that uses it; nothing where there is no such file.
  std::function<std::optional<grammar::SourceFile>(std::string_view using_file, std::string_view path)> file;
  // Why a time zone cannot be named; nothing where it can, or where nobody knows.
  std::function<std::optional<std::string>(const std::string& zone)> zone_problem = {};
};

// Checks the main file and everything that it uses. Never fails: what is wrong, syntax included, goes into the sink,
// all of it in one run, one diagnostic a cause.
CheckedModule check(grammar::SourceFile main, const ModuleLoader& loader, diagnostics::Sink& sink);

}  // namespace rollout::check
