// What client and server can do, as they tell each other at the start.
#pragma once

#include <string>
#include <vector>

#include "editor-support/language-server/protocol/session.hpp"

namespace rollout::language_server::protocol {

// Reads the params of `initialize` into the session.
void read_client(const json::value& params, Session& session);
// The result of `initialize`.
json::value server_capabilities(const Session& session);
// The paths of WorkspaceFolders.
std::vector<std::string> folder_paths(const json::value& folders);

}  // namespace rollout::language_server::protocol
