#include "compiler/driver/command/output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace rollout::command {

void complain(const std::string& message) {
  fmt::print(stderr, "rolloutc: {}\n", message);
}

Exit put(const std::string& text, Exit status) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written) return status;
  complain(fmt::format("cannot write the output: {}", std::strerror(errno)));
  return Exit::Usage;
}

}  // namespace rollout::command
