// `rolloutc fmt`.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "compiler/driver/command/commands.hpp"
#include "compiler/driver/command/output.hpp"
#include "compiler/driver/source_reader.hpp"
#include "compiler/format/diff.hpp"
#include "compiler/format/format.hpp"
#include "grammar/parse.hpp"

namespace rollout::command {
namespace {

Exit worse(Exit one, Exit other) {
  return static_cast<Exit>(std::max(static_cast<int>(one), static_cast<int>(other)));
}

Exit write_out(const std::string& path, const std::string& text) {
  if (path == "-") return put(text, Exit::Clean);
  // A link stays a link: the file behind it is replaced.
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  const std::string problem = driver::write_bytes(error ? path : target.string(), text);
  if (problem.empty()) return Exit::Clean;
  complain(problem);
  return Exit::Usage;
}

Exit format_file(const std::string& path, const FormatArguments& arguments) {
  auto bytes = driver::read_bytes(path, kMostSourceBytes);
  if (!bytes) {
    complain(bytes.error().message);
    return Exit::Usage;
  }
  const grammar::SyntaxTree tree = grammar::parse({path, std::move(*bytes)});
  const std::vector<format::Edit> edits =
      arguments.lines ? format::format_range(tree, arguments.lines->first, arguments.lines->last)
                      : format::format_edits(tree);
  Exit status = Exit::Clean;
  if (!tree.problems().empty()) {
    complain(fmt::format("`{}` has syntax errors, and what they stand in was left as it is; see `rolloutc check {}`",
                         path, path));
    status = Exit::Errors;
  }
  if (arguments.diff) fmt::print("{}", format::unified_diff(path, tree.text(), edits));
  if (arguments.check && !edits.empty()) fmt::print("{}\n", path);
  if (arguments.check || arguments.diff) return edits.empty() ? status : Exit::Errors;
  if (edits.empty() && path != "-") return status;
  return worse(status, write_out(path, format::apply_edits(tree.text(), edits)));
}

}  // namespace

Exit format(const FormatArguments& arguments) {
  if (arguments.files.empty()) {
    complain("name the files to format; `-` is the standard input");
    return Exit::Usage;
  }
  if (arguments.lines && arguments.files.size() > 1) {
    complain("`--lines` speaks of one file; name only that one");
    return Exit::Usage;
  }
  Exit status = Exit::Clean;
  for (const std::string& path : arguments.files) status = worse(status, format_file(path, arguments));
  return status;
}

}  // namespace rollout::command
