#include "runtime/command/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace rollout::command {

Exit complain(std::string_view message) {
  std::fflush(stdout);
  fmt::print(stderr, "rollout: error: {}\n", message);
  return Exit::Usage;
}

bool draws_live() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

}  // namespace rollout::command
