#include "runtime/journal/lock_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

namespace rollout::journal {

namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(10);

LockError unusable(const std::string& path, const char* what) {
  return {false, 0, {}, fmt::format("cannot {} the lock file `{}`: {}", what, path, std::strerror(errno))};
}

struct Holder {
  long process = 0;
  std::string note;
};

Holder read_holder(int descriptor) {
  std::array<char, 512> buffer{};
  const ssize_t length = ::pread(descriptor, buffer.data(), buffer.size() - 1, 0);
  const std::string text(buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  Holder holder{std::strtol(text.c_str(), nullptr, 10), {}};
  if (const auto line = text.find('\n'); line != std::string::npos) {
    holder.note = text.substr(line + 1, text.find('\n', line + 1) - line - 1);
  }
  return holder;
}

LockError held_by_other(int descriptor, const std::string& path) {
  Holder holder = read_holder(descriptor);
  LockError error{true, holder.process, std::move(holder.note), {}};
  error.message = error.holder > 0 ? fmt::format("process {} holds `{}`", error.holder, path)
                                   : fmt::format("another process holds `{}`", path);
  if (!error.note.empty()) error.message += fmt::format(" ({})", error.note);
  return error;
}

bool is_dead(long process) {
  if (process <= 0 || ::kill(static_cast<pid_t>(process), 0) == 0) return false;
  return errno == ESRCH;
}

bool lock(int descriptor, std::chrono::milliseconds patience) {
  for (auto waited = std::chrono::milliseconds(0);; waited += kLookEvery) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) return false;  // gcov-exclude-branch: a file that was just opened can be locked
    if (waited >= patience || !is_dead(read_holder(descriptor).process)) break;
    std::this_thread::sleep_for(kLookEvery);
  }
  errno = EWOULDBLOCK;
  return false;
}

}  // namespace

plan::Expected<LockFile, LockError> LockFile::acquire(const std::string& path, const std::string& note,
                                                      std::chrono::milliseconds patience) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return unusable(path, "open");
  LockFile held(descriptor);
  if (!lock(descriptor, patience)) {
    if (errno != EWOULDBLOCK) return unusable(path, "lock");  // gcov-exclude-branch: see `lock`
    return held_by_other(descriptor, path);
  }
  const std::string text = fmt::format("{}\n{}\n", ::getpid(), note);
  // Who holds the lock is a courtesy to readers: on a full disk the lock itself still works.
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, text.data(), text.size(), 0);
  }
  return held;
}

std::string LockFile::last_note(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return {};
  const LockFile open(descriptor);
  return read_holder(descriptor).note;
}

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

LockFile::~LockFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace rollout::journal
