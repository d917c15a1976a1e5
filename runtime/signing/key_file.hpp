// A secret key from its file, with its password from another file or from the terminal.
#pragma once

#include <string>

#include "runtime/signing/minisign.hpp"

namespace rollout::signing {

struct KeyFile {
  std::string path;           // empty: ~/.minisign/minisign.key, where minisign puts it
  std::string password_file;  // its first line is the password; empty: whoever sits at the terminal is asked
};
// Asks, without showing what is typed, only where the key is encrypted.
Expected<SecretKey> read_key_file(const KeyFile& file);

}  // namespace rollout::signing
