#include "compiler/driver/shell/manual.hpp"

#include <fmt/format.h>

#include <sstream>

namespace rollout::shell {

namespace {

// Plain text for the man macros: no line begins a request, and a hyphen stays one that can be copied.
std::string plain(std::string_view text) {
  std::string result;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) result += "\\&";
    line_begins = c == '\n';
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) {
  return "\\fB" + plain(text) + "\\fR";
}
std::string italic(std::string_view text) {
  return "\\fI" + plain(text) + "\\fR";
}

std::string synopsis(const CommandText& verb) {
  std::string text;
  if (!verb.options.empty()) text += " [" + italic("OPTIONS") + "]";
  for (const PositionalText& positional : verb.positionals) {
    const std::string name = italic(positional.name) + (positional.repeated ? "..." : "");
    text += positional.required ? " " + name : " [" + name + "]";
  }
  return text;
}

void add_options(std::string& page, const CommandText& verb) {
  for (const PositionalText& positional : verb.positionals) {
    page += fmt::format(".TP\n{}\n{}\n", italic(positional.name), plain(positional.help));
  }
  for (const OptionText& option : verb.options) {
    std::string names;
    for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + bold(name);
    if (!option.value.empty()) names += " " + italic(option.value);
    std::string help = plain(option.help);
    if (!option.choices.empty() && option.help.find(option.choices.front()) == std::string::npos)
      help += " (" + plain(fmt::format("{}", fmt::join(option.choices, ", "))) + ")";
    page += fmt::format(".TP\n{}\n{}\n", names, help);
  }
}

// The examples stand at the head of a footer, indented by two; the rest of it has a section of its own.
void add_examples(std::string& page, const CommandText& verb) {
  std::istringstream lines(verb.footer);
  std::string line, examples;
  while (std::getline(lines, line)) {
    if (line.starts_with("  ")) examples += plain(line.substr(2)) + "\n";
  }
  if (!examples.empty()) page += ".PP\n.EX\n" + examples + ".EE\n";
}

void add_paragraphs(std::string& page, const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) page += line.empty() ? ".PP\n" : plain(line) + "\n";
}

// "NAME what it is", a line each.
void add_table(std::string& page, std::string_view title, const std::string& rows) {
  if (rows.empty()) return;
  page += fmt::format(".SH {}\n", title);
  std::istringstream lines(rows);
  std::string line;
  while (std::getline(lines, line)) {
    const std::size_t gap = line.find(' ');
    page += fmt::format(".TP\n{}\n{}\n", bold(line.substr(0, gap)),
                        gap == std::string::npos ? "" : plain(line.substr(gap + 1)));
  }
}

}  // namespace

std::string manual_page(const CommandText& command, const ManualText& text) {
  std::string upper;
  for (const char c : command.name) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const std::size_t colon = command.summary.find(": ");
  const std::string about = colon == std::string::npos ? command.summary : command.summary.substr(colon + 2);
  std::string page =
      fmt::format(".TH {} 1 \"{}\" \"{} {}\" \"User Commands\"\n", upper, text.date, command.name, text.version);
  page += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n", command.name, plain(about));
  for (const CommandText& verb : command.commands) {
    const bool last = &verb == &command.commands.back();
    page += fmt::format("{} {}{}\n{}", bold(command.name), bold(verb.name), synopsis(verb), last ? "" : ".br\n");
  }
  page += ".SH DESCRIPTION\n";
  add_paragraphs(page, text.description);
  page += ".SH COMMANDS\n";
  for (const CommandText& verb : command.commands) {
    page += fmt::format(".SS {}\n{}.\n", plain(verb.name) + synopsis(verb), plain(verb.summary));
    add_options(page, verb);
    add_examples(page, verb);
  }
  add_table(page, "EXIT STATUS", text.exit_statuses);
  add_table(page, "ENVIRONMENT", text.environment);
  add_table(page, "FILES", text.files);
  page += fmt::format(".SH SEE ALSO\n{}\n", plain(text.see_also));
  return page;
}

}  // namespace rollout::shell
