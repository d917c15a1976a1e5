#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "compiler/driver/compile.hpp"

namespace rollout::driver {
namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

std::size_t columns_of(int file_descriptor, std::size_t otherwise) {
  if (is_set("COLUMNS")) {
    const long columns = std::strtol(std::getenv("COLUMNS"), nullptr, 10);
    if (columns > 0 && columns < 10'000) return static_cast<std::size_t>(columns);
  }
  winsize size{};
  if (::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return otherwise;
}

}  // namespace

diagnostics::RenderOptions terminal_options(int file_descriptor) {
  diagnostics::RenderOptions options;
  options.columns = columns_of(file_descriptor, options.columns);
  const char* kind = std::getenv("TERM");
  const bool dumb = kind != nullptr && std::string_view(kind) == "dumb";
  const bool coloured = ::isatty(file_descriptor) != 0 && !dumb && !is_set("NO_COLOR");
  options.colour = coloured ? diagnostics::Colour::Always : diagnostics::Colour::Never;
  return options;
}

}  // namespace rollout::driver
