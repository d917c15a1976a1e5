#include "tests/simulation/workers.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>

// There where what runs is counted (./dev coverage): a child that ends without ceremony has to hand its counts over.
extern "C" [[gnu::weak]] int __llvm_profile_write_file();

namespace rollout::simulation {

namespace {

struct Child {
  pid_t pid = 0;
  int output = -1;
  std::size_t task = 0;
};

Child begin(const std::function<std::string()>& work, std::size_t task) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    const std::string text = work();
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t written = ::write(ends[1], text.data() + at, text.size() - at);
      if (written <= 0) break;
      at += static_cast<std::size_t>(written);
    }
    if (__llvm_profile_write_file != nullptr) __llvm_profile_write_file();
    ::_exit(0);
  }
  ::close(ends[1]);
  return {pid, ends[0], task};
}

std::string collect(const Child& child) {
  std::string text;
  std::array<char, 16'384> buffer{};
  for (ssize_t length = 0; (length = ::read(child.output, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(length));
  ::close(child.output);
  int status = 0;
  ::waitpid(child.pid, &status, 0);
  if (WIFSIGNALED(status)) return fmt::format("died: signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return fmt::format("died: exit status {}", WEXITSTATUS(status));
  return text;
}

}  // namespace

std::vector<std::string> in_processes(std::size_t at_once, const std::vector<std::function<std::string()>>& tasks) {
  std::vector<std::string> results(tasks.size());
  std::deque<Child> children;
  for (std::size_t next = 0; next < tasks.size() || !children.empty();) {
    while (next < tasks.size() && children.size() < std::max<std::size_t>(at_once, 1)) {
      children.push_back(begin(tasks[next], next));
      ++next;
    }
    const Child oldest = children.front();
    children.pop_front();
    results[oldest.task] = collect(oldest);
  }
  return results;
}

}  // namespace rollout::simulation
