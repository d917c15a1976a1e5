#include "editor-support/language-server/protocol/uri.hpp"

#include <charconv>

#include "compiler/diagnostics/places.hpp"

namespace rollout::language_server::protocol {

std::optional<std::string> path_of_uri(std::string_view uri) {
  constexpr std::string_view kScheme = "file://";
  if (!uri.starts_with(kScheme)) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  constexpr std::string_view kHere = "localhost";
  if (uri.starts_with(kHere)) uri.remove_prefix(kHere.size());
  if (!uri.starts_with("/")) return std::nullopt;
  std::string path;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    unsigned byte = 0;
    if (uri[i] == '%' && i + 2 < uri.size()) {
      const char* const digits = uri.data() + i + 1;
      const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
      if (error == std::errc{} && end == digits + 2 && byte != 0) {
        path += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    path += uri[i];
  }
  return path;
}

std::string uri_of_path(std::string_view path) {
  return "file://" + diagnostics::uri_path(path);
}

}  // namespace rollout::language_server::protocol
