#pragma once

#include <optional>
#include <string>

#include "runtime/engine/control.hpp"
#include "runtime/executors/spawn.hpp"

// The system calls under the control socket, and its lines.

namespace rollout::engine {

inline constexpr std::size_t kLongestControlLine = 64 * 1024;

// A listening socket with mode 0600 in the place of whatever dead socket was there.
plan::Expected<executors::Descriptor> listen_at(const std::string& path);
// A connected socket whose other end is our user or root.
plan::Expected<executors::Descriptor> connect_to(const std::string& path);
// Whether the process at the other end runs as our user or as root.
bool is_ours(int socket);

std::string request_line(const machine::PersonSaid& said);
plan::Expected<machine::PersonSaid> read_request(std::string_view line);
std::string answer_line(const ControlAnswer& answer);
std::optional<ControlAnswer> read_answer(std::string_view line);

}  // namespace rollout::engine
