// The verbs of `rolloutc`, one function each. They print and give the exit status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/diagnostics/render.hpp"

namespace rollout::command {

// Exit statuses are stable: scripts rely on them.
enum class Exit : int {
  Clean = 0,
  Errors = 1,  // in a source or a plan; with --deny-warnings also warnings
  Usage = 2,   // wrong usage, or a file that could not be read or written
};

struct CheckArguments {
  std::vector<std::string> files;
  diagnostics::Format format = diagnostics::Format::Text;
  bool deny_warnings = false;
  bool fix = false;      // apply the safe fixes first
  bool summary = false;  // what each rollout takes, after a check without errors
};
struct BuildArguments {
  std::string file;
  std::string output;   // empty: the file's name with .rplan, in the current folder
  std::string rollout;  // empty: the only one
  diagnostics::Format format = diagnostics::Format::Text;
};
struct DocArguments {
  std::string module;  // std.kubernetes, kubernetes, or a .rollout file; empty: list the library's
};
struct DisasmArguments {
  std::string file;
};
// Lines of a file, counted from 1, both included.
struct LineRange {
  std::uint32_t first = 1;
  std::uint32_t last = 1;
};
struct FormatArguments {
  std::vector<std::string> files;  // `-`: standard input to standard output
  bool check = false;              // change nothing, name what would change
  bool diff = false;               // change nothing, show what would change
  std::optional<LineRange> lines;  // only these; with one file
};
struct ExplainArguments {
  std::string code;  // E0301 or type-mismatch; empty: list them all
};
struct LanguageServerArguments {};
struct SignArguments {
  std::string file;           // a plan
  std::string key;            // of minisign; empty: ~/.minisign/minisign.key
  std::string password_file;  // its first line; empty: the terminal is asked
  std::string environment;    // where it may run; empty: anywhere
  std::string expires;        // an instant; empty: never
  std::string output;         // empty: the plan's name with .minisig behind it
};
enum class Printed : std::uint8_t { Tokens, Tree, Plan };
struct PrintArguments {
  Printed what{};
  std::string file;
  std::string rollout;  // for Plan
};

// Diagnostics go to the standard output: they are what was asked for.
Exit check(const CheckArguments& arguments);
// Writes the plan and says so; diagnostics go to the standard error.
Exit build(const BuildArguments& arguments);
// Brings files into the one style, in place.
Exit format(const FormatArguments& arguments);
// The page behind a code.
Exit explain(const ExplainArguments& arguments);
// The reference page of a module, as Markdown.
Exit doc(const DocArguments& arguments);
// Answers an editor on the standard input and output until it says `exit`.
Exit language_server(const LanguageServerArguments& arguments);
// Writes a signature beside a plan.
Exit sign(const SignArguments& arguments);
// A plan as text.
Exit disasm(const DisasmArguments& arguments);
// One stage of the compiler as text: for those who work on it, and for bug reports.
Exit print(const PrintArguments& arguments);

using Arguments = std::variant<CheckArguments, BuildArguments, FormatArguments, ExplainArguments, DocArguments,
                               DisasmArguments, LanguageServerArguments, PrintArguments, SignArguments>;

// Reads the command line; help, the version and usage errors are printed at once and end in a status instead.
std::variant<Arguments, Exit> read_command_line(int count, const char* const* words);

}  // namespace rollout::command
