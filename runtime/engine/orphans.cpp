#include "runtime/engine/orphans.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/executors/spawn.hpp"

namespace rollout::engine {

namespace {

using executors::process_start_time;
using Clock = std::chrono::steady_clock;

constexpr auto kLookEvery = std::chrono::milliseconds(20);
// How long a killed process may take to be gone; one in an uninterruptible wait may stay for ever.
constexpr auto kPatienceAfterKill = std::chrono::seconds(3);

std::optional<pid_t> process_id(const std::string& name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc{} || end != name.data() + name.size() || pid == ::getpid()) return std::nullopt;
  return pid;
}

// The effect that a process carries in its environment; empty where none, or where it belongs to somebody else.
std::string carried_key(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
  std::string variable;
  while (std::getline(file, variable, '\0')) {
    if (variable.starts_with("ROLLOUT_EFFECT_ID=")) return variable.substr(18);
  }
  return {};
}

bool is_known(const std::vector<ProcessNote>& notes, pid_t pid) {
  return std::any_of(notes.begin(), notes.end(), [&](const ProcessNote& note) { return note.process.pid == pid; });
}

// A process by its descriptor, which never comes to mean another one.
struct Target {
  executors::Descriptor descriptor;
  bool killed = false;
};

bool lives(const ProcessNote& note) {
  return process_start_time(note.process.pid) == note.process.start_time;
}

void signal_process(const Target& target, int signal) {
  ::syscall(SYS_pidfd_send_signal, target.descriptor.get(), signal, nullptr, 0);
}

}  // namespace

std::vector<ProcessNote> find_orphans(const std::vector<ProcessNote>& journalled,
                                      const std::vector<std::pair<std::uint64_t, std::string>>& doubtful) {
  std::vector<ProcessNote> orphans;
  const std::string boot = boot_id();
  const auto is_doubtful = [&](std::uint64_t effect) {
    return std::any_of(doubtful.begin(), doubtful.end(), [&](const auto& doubt) { return doubt.first == effect; });
  };
  for (const ProcessNote& note : journalled) {
    if (note.process.pid > 0 && note.boot == boot && is_doubtful(note.effect) && lives(note)) orphans.push_back(note);
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const auto pid = process_id(entry->path().filename().string());
    if (!pid || is_known(orphans, *pid)) continue;
    const std::string key = carried_key(*pid);
    for (const auto& [effect, doubtful_key] : doubtful) {
      const auto start_time = key == doubtful_key && !key.empty() ? process_start_time(*pid) : std::nullopt;
      if (start_time) orphans.push_back({effect, key, {*pid, *start_time}, boot});
    }
  }
  return orphans;
}

std::vector<OrphanEnd> end_orphans(const std::vector<ProcessNote>& orphans, Nanoseconds grace) {
  std::vector<Target> targets(orphans.size());
  for (std::size_t index = 0; index < orphans.size(); ++index) {
    targets[index].descriptor =
        executors::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, orphans[index].process.pid, 0)));
    // Looked at again with the descriptor in hand: it may have ended and its id been taken meanwhile.
    if (lives(orphans[index])) signal_process(targets[index], SIGTERM);
  }
  const auto kill_at = Clock::now() + std::chrono::nanoseconds(grace);
  while (std::any_of(orphans.begin(), orphans.end(), lives) && Clock::now() < kill_at + kPatienceAfterKill) {
    for (std::size_t index = 0; index < orphans.size() && Clock::now() >= kill_at; ++index) {
      if (targets[index].killed || !lives(orphans[index])) continue;
      signal_process(targets[index], SIGKILL);
      targets[index].killed = true;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  std::vector<OrphanEnd> ends;
  ends.reserve(orphans.size());
  for (std::size_t index = 0; index < orphans.size(); ++index) {
    ends.push_back({orphans[index], lives(orphans[index])   ? "could not be ended"
                                    : targets[index].killed ? "killed"
                                                            : "terminated"});
  }
  return ends;
}

}  // namespace rollout::engine
