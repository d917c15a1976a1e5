// The language server on two streams, as editors start it.
#pragma once

#include <string>

namespace rollout::language_server {

// Where modules of the library and explanations are written for an editor to open: below XDG_CACHE_HOME or ~/.cache, in
// a folder of this version; empty where neither is set.
std::string default_pages_folder();

// Reads messages from one descriptor and answers on the other until `exit`, or until the client has gone. The status of
// the process: 0 after an orderly end, 1 otherwise.
int serve(int input, int output, const std::string& pages_folder);

}  // namespace rollout::language_server
