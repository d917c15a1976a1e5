#include "compiler/driver/shell/completion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollout::shell {

namespace {

// Asks the command itself, so that no file format is known here.
constexpr std::string_view kRuns = "rollout list --names 2>/dev/null";

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  return fmt::format("{}", fmt::join(words, between));
}

std::vector<std::string> verb_names(const CommandText& command) {
  std::vector<std::string> names;
  names.reserve(command.commands.size());
  for (const CommandText& verb : command.commands) names.push_back(verb.name);
  return names;
}

std::vector<std::string> option_names(const CommandText& verb) {
  std::vector<std::string> names;
  for (const OptionText& option : verb.options) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

// A word in single quotes, for all three shells.
std::string quoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

// ---------------------------------------------------------------- bash

std::string bash_reply(Kind kind, const std::vector<std::string>& choices) {
  switch (kind) {
    case Kind::File: return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Kind::Folder: return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$cur\"))";
    case Kind::Run: return fmt::format("COMPREPLY=($(compgen -W \"$({})\" -- \"$cur\"))", kRuns);
    case Kind::Choice: return fmt::format("COMPREPLY=($(compgen -W {} -- \"$cur\"))", quoted(joined(choices)));
    case Kind::Text: break;
  }
  return "COMPREPLY=()";
}

std::string bash_script(const CommandText& command) {
  std::string valued, values, options, places;
  for (const CommandText& verb : command.commands) {
    for (const OptionText& option : verb.options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      patterns.reserve(option.names.size());
      for (const std::string& name : option.names) patterns.push_back(verb.name + ":" + name);
      valued += (valued.empty() ? "" : " | ") + joined(patterns, " | ");
      values +=
          fmt::format("    {}) {}; return ;;\n", joined(patterns, " | "), bash_reply(option.kind, option.choices));
    }
    options += fmt::format("      {}) words={} ;;\n", verb.name, quoted(joined(option_names(verb))));
    for (std::size_t place = 0; place < verb.positionals.size(); ++place) {
      const PositionalText& positional = verb.positionals[place];
      places += fmt::format("    {}:{}) {} ;;\n", verb.name, positional.repeated ? "*" : std::to_string(place),
                            bash_reply(positional.kind, positional.choices));
    }
  }
  return fmt::format(R"(# bash completion of {0}; made by `{0} completion bash`
_{0}() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} verb= word words index place=0
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${{COMP_WORDS[index]}}
    if [[ -z $verb ]]; then
      [[ $word == -* ]] || verb=$word
      continue
    fi
    case "$verb:$word" in
      {1}) ((index++)) ;;
      *:-*) ;;
      *) ((place++)) ;;
    esac
  done
  if [[ -z $verb ]]; then
    COMPREPLY=($(compgen -W {2} -- "$cur"))
    return
  fi
  case "$verb:$prev" in
{3}  esac
  if [[ $cur == -* ]]; then
    case "$verb" in
{4}    esac
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case "$verb:$place" in
{5}  esac
}}
complete -F _{0} {0}
)",
                     command.name, valued, quoted(joined(verb_names(command)) + " " + joined(option_names(command))),
                     values, options, places);
}

// ---------------------------------------------------------------- zsh

// Within a specification of _arguments.
std::string zsh_text(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') plain += '\\';
    plain += c;
  }
  return plain;
}

std::string zsh_action(const std::string& command, Kind kind, const std::vector<std::string>& choices) {
  switch (kind) {
    case Kind::File: return "_files";
    case Kind::Folder: return "_files -/";
    case Kind::Run: return "_" + command + "_runs";
    case Kind::Choice: return "(" + joined(choices) + ")";
    case Kind::Text: break;
  }
  return " ";
}

std::string zsh_option(const std::string& command, const OptionText& option) {
  std::string spec;
  for (const std::string& name : option.names) {
    std::string one = fmt::format("({}){}[{}]", joined(option.names), name, zsh_text(option.help));
    if (!option.value.empty())
      one += fmt::format(":{}:{}", zsh_text(option.value), zsh_action(command, option.kind, option.choices));
    spec += fmt::format("        {} \\\n", quoted(one));
  }
  return spec;
}

std::string zsh_script(const CommandText& command) {
  std::string verbs, cases;
  for (const CommandText& verb : command.commands) {
    verbs += fmt::format("    {}\n", quoted(zsh_text(verb.name) + ":" + verb.summary));
    cases += fmt::format("    {})\n      _arguments \\\n", verb.name);
    for (const OptionText& option : verb.options) cases += zsh_option(command.name, option);
    for (const PositionalText& positional : verb.positionals) {
      const std::string spec = fmt::format("{}:{}:{}", positional.repeated ? "*" : "", zsh_text(positional.name),
                                           zsh_action(command.name, positional.kind, positional.choices));
      cases += fmt::format("        {} \\\n", quoted(spec));
    }
    cases += "        && return 0\n      ;;\n";
  }
  return fmt::format(R"zsh(#compdef {0}
# zsh completion of {0}; made by `{0} completion zsh`
_{0}_runs() {{
  local -a runs
  runs=(${{(f)"$({1})"}})
  _describe 'run' runs
}}
_{0}() {{
  local context state state_descr line
  typeset -A opt_args
  local -a verbs
  verbs=(
{2}  )
  _arguments -C '1: :->verb' '*::argument:->arguments' && return 0
  if [[ $state == verb ]]; then
    _describe 'command' verbs
    return
  fi
  case $words[1] in
{3}  esac
}}
if [[ $funcstack[1] == _{0} ]]; then
  _{0} "$@"
else
  compdef _{0} {0}
fi
)zsh",
                     command.name, kRuns, verbs, cases);
}

// ---------------------------------------------------------------- fish

std::string fish_words(Kind kind, const std::vector<std::string>& choices) {
  switch (kind) {
    case Kind::File: return " -F";
    case Kind::Folder: return " -x -a '(__fish_complete_directories)'";
    case Kind::Run: return fmt::format(" -x -a '({})'", kRuns);
    case Kind::Choice: return fmt::format(" -x -a {}", quoted(joined(choices)));
    case Kind::Text: break;
  }
  return " -x";
}

std::string fish_script(const CommandText& command) {
  std::string lines;
  const auto add = [&](const std::string& condition, const std::string& rest) {
    lines += fmt::format("complete -c {} -n {}{}\n", command.name, quoted(condition), rest);
  };
  for (const CommandText& verb : command.commands) {
    add("__fish_use_subcommand", fmt::format(" -f -a {} -d {}", verb.name, quoted(verb.summary)));
    const std::string here = "__fish_seen_subcommand_from " + verb.name;
    for (const OptionText& option : verb.options) {
      std::string names;
      for (const std::string& name : option.names) {
        const bool is_long = name.starts_with("--");
        names += (is_long ? " -l " : " -s ") + name.substr(is_long ? 2 : 1);
      }
      const std::string value = option.value.empty() ? " -f" : fish_words(option.kind, option.choices);
      add(here, fmt::format("{}{} -d {}", names, value, quoted(option.help)));
    }
    const bool files = std::ranges::any_of(verb.positionals, [](const auto& each) { return each.kind == Kind::File; });
    if (!files) add(here, " -f");
    for (const PositionalText& positional : verb.positionals) {
      if (positional.kind == Kind::Run) add(here, fmt::format(" -f -a '({})' -d run", kRuns));
      if (positional.kind == Kind::Choice) add(here, fmt::format(" -f -a {}", quoted(joined(positional.choices))));
    }
  }
  return fmt::format("# fish completion of {0}; made by `{0} completion fish`\n{1}", command.name, lines);
}

}  // namespace

std::optional<std::string> completion_script(const CommandText& command, std::string_view shell) {
  if (shell == "bash") return bash_script(command);
  if (shell == "zsh") return zsh_script(command);
  if (shell == "fish") return fish_script(command);
  return std::nullopt;
}

}  // namespace rollout::shell
