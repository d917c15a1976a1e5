#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <string_view>

#include "compiler/driver/shell/description.hpp"

// Reads a CLI11 application off as data. Include it only where CLI11 is included already.

namespace rollout::shell {

// The words that the option's own check allows: "{json,text}" or "json in {..}" as CLI11 describes them.
inline std::vector<std::string> choices_of(const CLI::Option& option) {
  std::string text = option.get_type_name();
  const std::size_t open = text.find('{'), close = text.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {};
  text = text.substr(open + 1, close - open - 1);
  std::vector<std::string> choices;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    word = word.substr(0, word.find("->"));
    if (!word.empty()) choices.push_back(std::move(word));
    begin = end + 1;
  }
  return choices;
}

inline Kind kind_of(std::string_view name, const std::vector<std::string>& choices) {
  if (!choices.empty()) return Kind::Choice;
  if (name == "FILE" || name == "FILES" || name == "PLAN" || name == "OUT" || name == "--log") return Kind::File;
  if (name == "DIRECTORY" || name == "--state") return Kind::Folder;
  return name == "RUN" ? Kind::Run : Kind::Text;
}

// The name of what an option takes, without the words that it may be.
inline std::string value_name(const CLI::Option& option) {
  if (option.get_expected_max() == 0) return {};
  std::string type = option.get_type_name();
  type = type.substr(0, type.find_first_of(":{ "));
  return type.empty() || type == "TEXT" ? "VALUE" : type;
}

inline CommandText describe(const CLI::App& app) {
  CommandText command{app.get_name(), app.get_description(), app.get_footer(), {}, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    const std::vector<std::string> choices = choices_of(*option);
    if (option->get_positional()) {
      const std::string name = option->get_name(true);
      command.positionals.push_back({name, option->get_description(), option->get_required(),
                                     option->get_expected_max() > 1, kind_of(name, choices), choices});
      continue;
    }
    OptionText text{{}, value_name(*option), option->get_description(), {}, choices};
    for (const std::string& name : option->get_snames()) text.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) text.names.push_back("--" + name);
    if (text.names.empty()) continue;
    text.kind = text.value.empty() ? Kind::Text : kind_of(text.names.back(), choices);
    if (text.kind == Kind::Text) text.kind = kind_of(text.value, {});
    command.options.push_back(std::move(text));
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); })) {
    command.commands.push_back(describe(*verb));
  }
  return command;
}

}  // namespace rollout::shell
