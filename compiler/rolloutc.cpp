// rolloutc: checks and compiles .rollout files.
#include <malloc.h>

#include <csignal>
#include <variant>

#include "compiler/driver/command/commands.hpp"

namespace {

using namespace rollout::command;

// A check takes memory once and is over: nothing is given back to the system on the way, and it is asked for in large
// pieces. That saves a large check about 8 % of its time.
void take_memory_in_large_pieces() {
  constexpr int kPiece = 64 << 20, kLargestInHeap = 32 << 20;
  ::mallopt(M_TOP_PAD, kPiece);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  ::mallopt(M_MMAP_THRESHOLD, kLargestInHeap);
}

// A server takes about as much for each answer as for the one before, so it keeps some: pages that are given back after
// every change cost a tenth of the next.
void keep_some_memory() {
  constexpr int kKept = 32 << 20, kLargestInHeap = 8 << 20;
  ::mallopt(M_TRIM_THRESHOLD, kKept);
  ::mallopt(M_MMAP_THRESHOLD, kLargestInHeap);
}

struct Run {
  Exit operator()(const CheckArguments& arguments) const {
    take_memory_in_large_pieces();
    return check(arguments);
  }
  Exit operator()(const BuildArguments& arguments) const { return build(arguments); }
  Exit operator()(const FormatArguments& arguments) const { return format(arguments); }
  Exit operator()(const ExplainArguments& arguments) const { return explain(arguments); }
  Exit operator()(const DocArguments& arguments) const { return doc(arguments); }
  Exit operator()(const DisasmArguments& arguments) const { return disasm(arguments); }
  Exit operator()(const LanguageServerArguments& arguments) const {
    keep_some_memory();
    return language_server(arguments);
  }
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
