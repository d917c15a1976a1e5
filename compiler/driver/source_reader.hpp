// Bytes of a file, with the reason for people where there are none.
#pragma once

#include <cstddef>
#include <string>

#include "compiler/driver/compile.hpp"

namespace rollout::driver {

// The whole file; `-` is the standard input. More than `most_bytes` is an error before they are read.
Expected<std::string, InputError> read_bytes(const std::string& path, std::size_t most_bytes);
// Replaces the file in one step, so that nobody sees half of it; nothing is left behind on failure. Empty: written.
std::string write_bytes(const std::string& path, const std::string& bytes);

}  // namespace rollout::driver
