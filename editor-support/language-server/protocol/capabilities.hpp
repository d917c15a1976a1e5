// What client and server can do, as they tell each other at the start.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "editor-support/language-server/protocol/session.hpp"

namespace rollout::language_server::protocol {

// Reads the params of `initialize` into the session.
void read_client(const json::value& params, Session& session);
// The result of `initialize`.
json::value server_capabilities(const Session& session);
// The paths of WorkspaceFolders.
std::vector<std::string> folder_paths(const json::value& folders);

// What `workspace/executeCommand` carries out.
std::span<const std::string_view> command_names();

}  // namespace rollout::language_server::protocol
