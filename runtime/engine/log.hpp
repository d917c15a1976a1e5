#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rollout::executors {
class Masker;
}

// The runtime's own log: what it did, for who looks after it. Not what a run did (that is the journal), not for the
// run's audience (that is the console). One place that knows the library behind it.

namespace rollout::engine {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

// Appends from now on to the file (created with mode 0600), Debug and above. The problem, where it cannot be opened.
// Without this call nothing is logged.
std::optional<std::string> log_to_file(const std::string& path);
// Writes to stderr from now on, from that level up.
void log_to_stderr(LogLevel least);

// One line; control characters are escaped and known secrets masked.
void log(LogLevel level, std::string_view message);
// Whose secrets the log masks; the newest call counts.
void set_log_masker(std::shared_ptr<const executors::Masker> masker);

}  // namespace rollout::engine
