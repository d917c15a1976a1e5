// rolloutc: checks and compiles .rollout files.
#include <csignal>
#include <variant>

#include "compiler/driver/command/commands.hpp"

namespace {

using namespace rollout::command;

struct Run {
  Exit operator()(const CheckArguments& arguments) const { return check(arguments); }
  Exit operator()(const BuildArguments& arguments) const { return build(arguments); }
  Exit operator()(const FormatArguments& arguments) const { return format(arguments); }
  Exit operator()(const ExplainArguments& arguments) const { return explain(arguments); }
  Exit operator()(const DisasmArguments& arguments) const { return disasm(arguments); }
  Exit operator()(const LanguageServerArguments& arguments) const { return language_server(arguments); }
  Exit operator()(const PrintArguments& arguments) const { return print(arguments); }
  Exit operator()(const SignArguments& arguments) const { return sign(arguments); }
  Exit operator()(const Arguments& arguments) const { return std::visit(*this, arguments); }
  Exit operator()(Exit status) const { return status; }
};

}  // namespace

int main(int count, char** words) {
  // `rolloutc disasm x | head` ends with an error from write, not with a signal.
  std::signal(SIGPIPE, SIG_IGN);
  return static_cast<int>(std::visit(Run(), read_command_line(count, words)));
}
