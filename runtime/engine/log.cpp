#include "runtime/engine/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/executors/secrets.hpp"
#include "runtime/executors/text.hpp"

namespace rollout::engine {

namespace {

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %P %l %v";
constexpr std::size_t kLongestLine = 4'000;

struct Log {
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<const executors::Masker> masker;
};

Log& current() {
  static Log log;
  return log;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::Debug: return spdlog::level::debug;
    case LogLevel::Info: return spdlog::level::info;
    case LogLevel::Warning: return spdlog::level::warn;
    case LogLevel::Error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

void use(spdlog::sink_ptr sink, LogLevel least) {
  auto logger = std::make_shared<spdlog::logger>("rollout", std::move(sink));
  logger->set_pattern(kPattern, spdlog::pattern_time_type::utc);
  logger->set_level(level_of(least));
  logger->flush_on(spdlog::level::debug);
  // A full disk under the log must not end the run.
  logger->set_error_handler([](const std::string&) {});
  current().logger = std::move(logger);
}

}  // namespace

std::optional<std::string> log_to_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return fmt::format("cannot write the log `{}`: {}", path, std::strerror(errno));
  ::close(descriptor);
  try {
    use(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path), LogLevel::Debug);
  } catch (const spdlog::spdlog_ex& error) {
    return fmt::format("cannot write the log `{}`: {}", path, error.what());
  }
  return std::nullopt;
}

void log_to_stderr(LogLevel least) {
  use(std::make_shared<spdlog::sinks::stderr_sink_mt>(), least);
}

void set_log_masker(std::shared_ptr<const executors::Masker> masker) {
  current().masker = std::move(masker);
}

void log(LogLevel level, std::string_view message) {
  const Log& log = current();
  if (!log.logger) return;
  const std::string masked = log.masker ? log.masker->apply(std::string(message)) : std::string(message);
  log.logger->log(level_of(level), executors::printable(masked, kLongestLine));
}

}  // namespace rollout::engine
