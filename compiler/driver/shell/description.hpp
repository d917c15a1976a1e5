#pragma once

#include <string>
#include <vector>

// A command line as data: what shell completion and manual pages are made of, so that neither drifts from the verbs.

namespace rollout::shell {

// What may stand at a place, as far as a shell can help.
enum class Kind { Text, File, Folder, Run, Choice };

struct OptionText {
  std::vector<std::string> names;  // "-y", "--yes"
  std::string value, help;         // value: "NAME=VALUE"; empty: a flag
  Kind kind{};
  std::vector<std::string> choices;
};
struct PositionalText {
  std::string name, help;
  bool required = false, repeated = false;
  Kind kind{};
  std::vector<std::string> choices;
};
struct CommandText {
  std::string name, summary, footer;
  std::vector<OptionText> options;
  std::vector<PositionalText> positionals;
  std::vector<CommandText> commands;
};

}  // namespace rollout::shell
