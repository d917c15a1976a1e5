// How long a cold `rolloutc check` of the example takes, as a whole process: the median of 21 runs.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr int kRuns = 21;
constexpr double kGoalMilliseconds = 10;

// The time from the start of the process to its end; nothing where it did not end with 0.
std::optional<double> milliseconds_of(const std::string& program, const std::string& file) {
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  std::string name = "rolloutc", verb = "check", path = file;
  char* words[] = {name.data(), verb.data(), path.data(), nullptr};
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  const bool started = ::posix_spawn(&child, program.c_str(), &actions, nullptr, words, environ) == 0;
  int status = 0;
  if (started) ::waitpid(child, &status, 0);
  const auto end = std::chrono::steady_clock::now();
  posix_spawn_file_actions_destroy(&actions);
  if (!started || status != 0) return std::nullopt;
  return std::chrono::duration<double, std::milli>(end - begin).count();
}

}  // namespace

int main() {
  const char* folder = std::getenv("ROLLOUT_BIN");
  const std::string program = std::string(folder == nullptr ? "build/bin" : folder) + "/rolloutc";
  const std::string file = ROLLOUT_SOURCE_DIRECTORY "/examples/portal-api/portal-api.rollout";
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    const auto time = milliseconds_of(program, file);
    if (!time) {
      fmt::print(stderr, "check_bench: `{} check {}` did not end well\n", program, file);
      return 1;
    }
    times.push_back(*time);
  }
  std::ranges::sort(times);
  const double median = times[times.size() / 2];
  fmt::print(
      "check a file, cold        {:>12.2f} ms     goal at most  {:>9} ms     {}   ({:.2f} to {:.2f}, {} bytes)\n",
      median, kGoalMilliseconds, median <= kGoalMilliseconds ? "reached" : "MISSED", times.front(), times.back(),
      std::filesystem::file_size(file));
  return median <= kGoalMilliseconds ? 0 : 1;
}
