// How long a cold `rolloutc check` of the example takes, as a whole process: the median of 21 runs. The processor's
// time is shown beside it: where it is much less, the computer was busy with something else.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
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

struct Run {
  double elapsed = 0, processor = 0;  // milliseconds
};

double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

// From the start of the process to its end; nothing where it did not end with 0.
std::optional<Run> run_of(const std::string& program, const std::string& file) {
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  std::string name = "rolloutc", verb = "check", path = file;
  char* words[] = {name.data(), verb.data(), path.data(), nullptr};
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  const bool started = ::posix_spawn(&child, program.c_str(), &actions, nullptr, words, environ) == 0;
  int status = 0;
  rusage usage{};
  if (started) ::wait4(child, &status, 0, &usage);
  const auto end = std::chrono::steady_clock::now();
  posix_spawn_file_actions_destroy(&actions);
  if (!started || status != 0) return std::nullopt;
  return Run{std::chrono::duration<double, std::milli>(end - begin).count(),
             milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime)};
}

}  // namespace

int main() {
  const char* folder = std::getenv("ROLLOUT_BIN");
  const std::string program = std::string(folder == nullptr ? "build/bin" : folder) + "/rolloutc";
  const std::string file = ROLLOUT_SOURCE_DIRECTORY "/examples/portal-api/portal-api.rollout";
  std::vector<double> times, processor_times;
  for (int i = 0; i < kRuns; ++i) {
    const auto run = run_of(program, file);
    if (!run) {
      fmt::print(stderr, "check_bench: `{} check {}` did not end well\n", program, file);
      return 1;
    }
    times.push_back(run->elapsed);
    processor_times.push_back(run->processor);
  }
  std::ranges::sort(times);
  std::ranges::sort(processor_times);
  const double median = times[times.size() / 2];
  fmt::print("check a file, cold        {:>12.2f} ms     goal at most  {:>9} ms     {}   ", median, kGoalMilliseconds,
             median <= kGoalMilliseconds ? "reached" : "MISSED");
  fmt::print("({:.2f} to {:.2f}, processor {:.2f}, {} bytes)\n", times.front(), times.back(),
             processor_times[processor_times.size() / 2], std::filesystem::file_size(file));
  return median <= kGoalMilliseconds ? 0 : 1;
}
