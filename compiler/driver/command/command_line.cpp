// The only unit that includes CLI11: it takes seconds to compile.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "compiler/diagnostics/suggest.hpp"
#include "compiler/driver/command/commands.hpp"
#include "compiler/driver/command/manual.hpp"
#include "compiler/driver/shell/completion.hpp"
#include "compiler/driver/shell/describe.hpp"

namespace rollout::command {
namespace {

constexpr std::string_view kExitStatuses =
    "\nExit status: 0 clean, 1 errors (or warnings with --deny-warnings), 2 wrong usage or a file that cannot be read "
    "or written.\n";

struct PrintedName {
  std::string_view name;
  Printed what;
};
constexpr auto kPrinted =
    std::to_array<PrintedName>({{"tokens", Printed::Tokens}, {"tree", Printed::Tree}, {"plan", Printed::Plan}});

// Options whose words stand for something else; checked when they are read, so that the message names them.
void add_format(CLI::App& verb, diagnostics::Format& format) {
  verb.add_option_function<std::string>(
          "--format", [&](const std::string& word) { format = *diagnostics::format_from(word); },
          "how diagnostics are written: text (default), short, json, sarif, github")
      ->type_name("FORMAT")
      ->check([](const std::string& word) {
        return diagnostics::format_from(word)
                   ? ""
                   : fmt::format("there is no format `{}`; it is text, short, json, sarif or github", word);
      });
}

void add_printed(CLI::App& verb, Printed& what) {
  const auto find = [](const std::string& word) { return std::ranges::find(kPrinted, word, &PrintedName::name); };
  verb.add_option_function<std::string>(
          "WHAT", [&what, find](const std::string& word) { what = find(word)->what; }, "tokens, tree or plan")
      ->type_name("")
      ->required()
      ->check([find](const std::string& word) {
        return find(word) != kPrinted.end() ? ""
                                            : fmt::format("there is no stage `{}`; it is tokens, tree or plan", word);
      });
}

// FIRST:LAST, counted from 1.
std::optional<LineRange> line_range_from(std::string_view word) {
  LineRange lines;
  const char* const begin = word.data();
  const char* const end = begin + word.size();
  const auto first = std::from_chars(begin, end, lines.first);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ':') return std::nullopt;
  const auto last = std::from_chars(first.ptr + 1, end, lines.last);
  if (last.ec != std::errc{} || last.ptr != end || lines.first == 0 || lines.last < lines.first) return std::nullopt;
  return lines;
}

void add_lines(CLI::App& verb, std::optional<LineRange>& lines) {
  verb.add_option_function<std::string>(
          "--lines", [&](const std::string& word) { lines = line_range_from(word); },
          "change nothing outside of these lines, counted from 1: 3:10")
      ->type_name("FIRST:LAST")
      ->check([](const std::string& word) {
        return line_range_from(word) ? ""
                                     : fmt::format("`{}` is no range of lines; write FIRST:LAST, as in 3:10", word);
      });
}

CLI::App* add_check(CLI::App& app, CheckArguments& arguments) {
  CLI::App* verb = app.add_subcommand("check", "find what is wrong in plans, without running anything");
  verb->add_option("FILE", arguments.files, ".rollout files; `-` reads the standard input")->type_name("")->required();
  add_format(*verb, arguments.format);
  verb->add_flag("--fix", arguments.fix, "apply the fixes that can only be right, then show what is left");
  verb->add_flag("--deny-warnings", arguments.deny_warnings, "warnings count as errors for the exit status");
  verb->add_flag("--summary", arguments.summary,
                 "say what each rollout takes: stages, guards, people, the way back; as text or json");
  verb->footer(
      "\nExamples:\n"
      "  rolloutc check portal.rollout\n"
      "  rolloutc check --format short plans/*.rollout       one line for each finding, for build logs\n"
      "  rolloutc check --format json portal.rollout         one JSON object a line, for tools\n"
      "  rolloutc check --format sarif plans/*.rollout       one document for code scanning\n"
      "  rolloutc check --fix portal.rollout                 mends what has only one remedy\n"
      "  rolloutc check --summary portal.rollout             least and most time of stages, earliest firing of "
      "guards,\n"
      "                                                      worst case of the way back\n" +
      std::string(kExitStatuses));
  return verb;
}

CLI::App* add_build(CLI::App& app, BuildArguments& arguments) {
  CLI::App* verb = app.add_subcommand("build", "compile a rollout to a plan file, byte for byte the same everywhere");
  verb->add_option("FILE", arguments.file, "a .rollout file; `-` reads the standard input")->type_name("")->required();
  verb->add_option("-o,--output", arguments.output, "where to write the plan (default: the file's name with .rplan)")
      ->type_name("OUT");
  verb->add_option("--rollout", arguments.rollout, "which one, where the file has several")->type_name("NAME");
  add_format(*verb, arguments.format);
  verb->footer(
      "\nExamples:\n"
      "  rolloutc build portal.rollout                       writes portal.rplan\n"
      "  rolloutc build shop.rollout --rollout cart -o cart.rplan\n" +
      std::string(kExitStatuses));
  return verb;
}

CLI::App* add_format_verb(CLI::App& app, FormatArguments& arguments) {
  CLI::App* verb = app.add_subcommand("fmt", "bring plans into the one style, in place");
  verb->add_option("FILE", arguments.files, ".rollout files; `-` formats the standard input to the standard output")
      ->type_name("");
  verb->add_flag("--check", arguments.check, "change nothing, name the files that are not in style");
  verb->add_flag("--diff", arguments.diff, "change nothing, show what would change");
  add_lines(*verb, arguments.lines);
  verb->add_flag_callback("--stdin", [&arguments] { arguments.files.emplace_back("-"); }, "the same as the file `-`");
  verb->footer(
      "\nExamples:\n"
      "  rolloutc fmt plans/*.rollout\n"
      "  rolloutc fmt --check plans/*.rollout                exit status 1 where one is not in style, for CI\n"
      "  rolloutc fmt --diff portal.rollout | less\n"
      "  rolloutc fmt --lines 12:20 portal.rollout           what was selected in an editor\n"
      "\nExit status: 0 done, or all in style; 1 not in style (--check, --diff), or a syntax error, whose statement is "
      "left\n"
      "as it is; 2 wrong usage or a file that cannot be read or written.\n");
  return verb;
}

CLI::App* add_explain(CLI::App& app, ExplainArguments& arguments) {
  CLI::App* verb = app.add_subcommand(
      "explain", "say why a code is reported, with a program that has the fault and one that has not");
  verb->add_option("CODE", arguments.code, "for example E0301 or type-mismatch; nothing lists all")->type_name("");
  verb->footer("\nExamples:\n  rolloutc explain E0301\n  rolloutc explain guard-without-then\n" +
               std::string(kExitStatuses));
  return verb;
}

CLI::App* add_doc(CLI::App& app, DocArguments& arguments) {
  CLI::App* verb = app.add_subcommand("doc", "show what a module declares, as Markdown");
  verb->add_option("MODULE", arguments.module,
                   "std.kubernetes, or a .rollout file; nothing lists the library's modules")
      ->type_name("");
  verb->footer(
      "\nExamples:\n"
      "  rolloutc doc\n"
      "  rolloutc doc std.kubernetes | less\n"
      "  rolloutc doc shared/slo.rollout > docs/slo.md\n" +
      std::string(kExitStatuses));
  return verb;
}

CLI::App* add_disasm(CLI::App& app, DisasmArguments& arguments) {
  CLI::App* verb = app.add_subcommand("disasm", "show a plan file as text");
  verb->add_option("PLAN", arguments.file, "a .rplan file")->type_name("")->required();
  verb->footer("\nExample:\n  rolloutc disasm portal.rplan | less\n" + std::string(kExitStatuses));
  return verb;
}

CLI::App* add_sign(CLI::App& app, SignArguments& arguments) {
  CLI::App* verb = app.add_subcommand("sign", "sign a plan file, for `rollout run --require-signature`");
  verb->add_option("PLAN", arguments.file, "a .rplan file")->type_name("")->required();
  verb->add_option("-s,--key", arguments.key, "a secret key of minisign (default: ~/.minisign/minisign.key)")
      ->type_name("KEY");
  verb->add_option("--password-file", arguments.password_file, "a file with the key's password (default: ask for it)")
      ->type_name("FILE");
  verb->add_option("--environment", arguments.environment, "the only environment in which it may run")
      ->type_name("NAME");
  verb->add_option("--expires", arguments.expires, "the instant from which on it may not run any more")
      ->type_name("INSTANT");
  verb->add_option("-o,--output", arguments.output, "where to write it (default: PLAN.minisig)")->type_name("OUT");
  verb->footer(
      "\nKeys are made with `minisign -G`, and `minisign -V` verifies what is written here.\n"
      "\nExamples:\n"
      "  rolloutc sign portal.rplan --environment production --expires 2027-01-31T00:00Z\n"
      "  rollout run portal.rplan --require-signature --trust minisign.pub --environment production\n" +
      std::string(kExitStatuses));
  return verb;
}

CLI::App* add_language_server(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("lsp", "answer an editor: the language server, on standard input and output");
  // Editors pass it to servers that know other transports as well; there is only this one.
  verb->add_flag_callback("--stdio", [] {}, "the default, and the only way");
  verb->footer(
      "\nEditors start this themselves; docs/editors.md says how to set them up.\n"
      "\nExit status: 0 after `shutdown` and `exit`, 1 where the editor went away without them.\n");
  return verb;
}

CLI::App* add_print(CLI::App& app, PrintArguments& arguments) {
  CLI::App* verb = app.add_subcommand("print", "show a stage of the compiler as text: tokens, tree or plan");
  add_printed(*verb, arguments.what);
  verb->add_option("FILE", arguments.file, "a .rollout file; `-` reads the standard input")->type_name("")->required();
  verb->add_option("--rollout", arguments.rollout, "for plan: which one, where the file has several")
      ->type_name("NAME");
  verb->footer(
      "\nExamples:\n"
      "  rolloutc print tree portal.rollout                  what the parser understood\n"
      "  rolloutc print plan portal.rollout                  what will be executed\n" +
      std::string(kExitStatuses));
  return verb;
}

CLI::App* add_completion(CLI::App& app, std::string& shell) {
  CLI::App* verb = app.add_subcommand("completion", "print what teaches a shell to complete this command");
  verb->add_option("SHELL", shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer(
      "\nExamples:\n"
      "  source <(rolloutc completion bash)\n"
      "  rolloutc completion zsh > ~/.zfunc/_rolloutc\n"
      "  rolloutc completion fish > ~/.config/fish/completions/rolloutc.fish\n" +
      std::string(kExitStatuses));
  return verb;
}

// An option that no verb has, with the one of the verb that was probably meant; empty where that is not the fault.
std::string unknown_option(const CLI::App& app, const CLI::ParseError& error) {
  constexpr std::string_view kOptions[] = {
      "--format",  "--deny-warnings", "--fix",           "--summary",     "--output",  "--check",
      "--diff",    "--lines",         "--stdin",         "--stdio",       "--rollout", "--help",
      "--version", "--key",           "--password-file", "--environment", "--expires"};
  if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::ExtrasError)) return "";
  const std::vector<std::string> extras = app.remaining(true);
  const auto option = std::ranges::find_if(extras, [](const std::string& word) { return word.starts_with("-"); });
  if (option == extras.end()) return "";
  const auto meant = diagnostics::closest(*option, std::vector<std::string>(std::begin(kOptions), std::end(kOptions)));
  return fmt::format("there is no option `{}` here{}", *option,
                     meant ? fmt::format("; did you mean `{}`?", *meant) : "");
}

// What is wrong with the command line, and the verb that was probably meant.
Exit usage_error(const CLI::App& app, const CLI::ParseError& error, int count, const char* const* words) {
  const std::vector<std::string> verbs = {"check",  "build", "fmt", "explain", "doc",
                                          "disasm", "sign",  "lsp", "print",   "completion"};
  const std::string all = fmt::format("{} or {}", fmt::join(verbs.begin(), verbs.end() - 1, ", "), verbs.back());
  std::string message = error.what();
  const bool unknown_verb = count > 1 && words[1][0] != '-' && std::ranges::find(verbs, words[1]) == verbs.end();
  if (unknown_verb) {
    const auto meant = diagnostics::closest(words[1], verbs);
    message = fmt::format("there is no command `{}`; {}", words[1],
                          meant ? fmt::format("did you mean `{}`?", *meant) : "it is " + all);
  }
  if (const std::string option = unknown_option(app, error); !option.empty()) message = option;
  if (count == 1) message = "name a command: " + all;
  const bool known_verb = count > 1 && !unknown_verb && words[1][0] != '-';
  fmt::print(stderr, "rolloutc: {}\n", message);
  fmt::print(stderr, "try `{}{} --help`\n", app.get_name(), known_verb ? fmt::format(" {}", words[1]) : "");
  return Exit::Usage;
}

}  // namespace

std::variant<Arguments, Exit> read_command_line(int count, const char* const* words) {
  CLI::App app("rolloutc checks and compiles plans for shipping software: .rollout in, .rplan out.", "rolloutc");
  app.set_version_flag("--version", "rolloutc " ROLLOUT_VERSION);
  app.require_subcommand(1);
  app.footer(
      "\nExamples:\n"
      "  rolloutc check portal.rollout\n"
      "  rolloutc build portal.rollout -o portal.rplan\n"
      "\n`rolloutc COMMAND --help` says more on each.\n" +
      std::string(kExitStatuses));

  CheckArguments check;
  BuildArguments build;
  FormatArguments format;
  ExplainArguments explain;
  DocArguments doc;
  DisasmArguments disasm;
  SignArguments sign;
  PrintArguments print;
  const CLI::App* check_verb = add_check(app, check);
  const CLI::App* build_verb = add_build(app, build);
  const CLI::App* format_verb = add_format_verb(app, format);
  const CLI::App* explain_verb = add_explain(app, explain);
  const CLI::App* doc_verb = add_doc(app, doc);
  const CLI::App* disasm_verb = add_disasm(app, disasm);
  const CLI::App* sign_verb = add_sign(app, sign);
  const CLI::App* language_server_verb = add_language_server(app);
  add_print(app, print);
  std::string shell_name;
  const CLI::App* completion_verb = add_completion(app, shell_name);
  // For the build: the page is made of the same tables as `--help`.
  const CLI::App* manual_verb = app.add_subcommand("manual", "print the manual page")->group("");
  try {
    app.parse(count, words);
  } catch (const CLI::Success& wanted) {
    app.exit(wanted);
    return Exit::Clean;
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, count, words);
  }
  if (completion_verb->parsed()) {
    fmt::print("{}", shell::completion_script(shell::describe(app), shell_name).value_or(""));
    return Exit::Clean;
  }
  if (manual_verb->parsed()) {
    fmt::print("{}", shell::manual_page(shell::describe(app), manual_text()));
    return Exit::Clean;
  }
  if (check_verb->parsed()) return Arguments(std::move(check));
  if (build_verb->parsed()) return Arguments(std::move(build));
  if (format_verb->parsed()) return Arguments(std::move(format));
  if (explain_verb->parsed()) return Arguments(std::move(explain));
  if (doc_verb->parsed()) return Arguments(std::move(doc));
  if (disasm_verb->parsed()) return Arguments(std::move(disasm));
  if (sign_verb->parsed()) return Arguments(std::move(sign));
  if (language_server_verb->parsed()) return Arguments(LanguageServerArguments{});
  return Arguments(std::move(print));
}

}  // namespace rollout::command
