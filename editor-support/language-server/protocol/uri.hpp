// `file:` URIs (RFC 8089) and the paths that they name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollout::language_server::protocol {

// The path of a `file:` URI; nothing for another scheme or another host.
std::optional<std::string> path_of_uri(std::string_view uri);
// The URI of an absolute path.
std::string uri_of_path(std::string_view path);

}  // namespace rollout::language_server::protocol
