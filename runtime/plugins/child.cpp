#include "runtime/plugins/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/algorithm/hex.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "runtime/executors/environment.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/plugins/confinement.hpp"

namespace rollout::plugins {

namespace {

using executors::Descriptor;

// Above every descriptor that a plugin has, so that putting one in its place never closes another.
constexpr int kAbove = 16;

struct Pipe {
  Descriptor ours, theirs;
};

// `ours` does not block. Nothing where the system has no more.
std::optional<Pipe> open_pipe(bool we_read) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const Descriptor reading(ends[0]), writing(ends[1]);
  Pipe pipe{Descriptor(::fcntl((we_read ? reading : writing).get(), F_DUPFD_CLOEXEC, kAbove)),
            Descriptor(::fcntl((we_read ? writing : reading).get(), F_DUPFD_CLOEXEC, kAbove))};
  if (pipe.ours.get() < 0 || pipe.theirs.get() < 0) return std::nullopt;
  ::fcntl(pipe.ours.get(), F_SETFL, ::fcntl(pipe.ours.get(), F_GETFL) | O_NONBLOCK);
  return pipe;
}

struct ChildPlan {
  const char* path;
  char* const* arguments;
  char* const* environment;
  std::array<int, 5> descriptors;  // what become 0 to 4
  int ruleset;                     // what it may touch; -1: what this process may
  int failed;                      // where the reason goes
  pid_t parent;
};

// Between fork and exec: only what may be called there.
[[noreturn]] void become_plugin(const ChildPlan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have gone before it was asked for.
  if (::getppid() != plan.parent) ::_exit(127);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const int confined = plan.ruleset < 0 ? 0 : enter_ruleset(plan.ruleset);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (std::size_t number = 0; number < plan.descriptors.size(); ++number)
    ::dup2(plan.descriptors[number], static_cast<int>(number));
  ::dup2(plan.failed, 5);
  ::fcntl(5, F_SETFD, FD_CLOEXEC);
  ::syscall(SYS_close_range, 6U, ~0U, 0U);
  // A plugin that cannot be confined does not run.
  if (confined == 0) ::execve(plan.path, plan.arguments, plan.environment);
  const int why = confined == 0 ? errno : -confined;
  [[maybe_unused]] const ssize_t written = ::write(5, &why, sizeof why);
  ::_exit(127);
}

std::string start_failure(int error, const std::string& path, bool confined) {
  const std::string shown = executors::printable(path);
  if (error < 0) return fmt::format("`{}` cannot be confined: {}", shown, std::strerror(-error));
  switch (error) {
    case ENOEXEC: return fmt::format("`{}` is no program that this machine runs (a script needs a `#!` line)", shown);
    case ENOENT: return fmt::format("`{}` is not there, or the interpreter in its first line is not", shown);
    case EACCES:
      return fmt::format("`{}` may not be executed: `chmod +x` it{}", shown,
                         confined ? ", or let its `access` read the folder of its interpreter" : "");
    default: return fmt::format("`{}` cannot be started: {}", shown, std::strerror(error));
  }
}

// What came of exec: 0, or the reason.
int exec_result(int reading) {
  int why = 0;
  ssize_t count = 0;
  do {
    count = ::read(reading, &why, sizeof why);
  } while (count < 0 && errno == EINTR);
  return count == static_cast<ssize_t>(sizeof why) ? why : 0;
}

}  // namespace

std::string random_name() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return "no-randomness";
  return boost::algorithm::hex_lower(std::string(bytes.begin(), bytes.end()));
}

plan::Expected<PluginChild, std::string> start_child(const std::string& path, const std::string& cookie,
                                                     const std::optional<plan::PluginAccess>& access) {
  auto to = open_pipe(false), from = open_pipe(true), output = open_pipe(true), errors = open_pipe(true);
  std::array<int, 2> failed{};
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Descriptor null(::fcntl(nothing.get(), F_DUPFD_CLOEXEC, kAbove));
  if (!to || !from || !output || !errors || null.get() < 0 || ::pipe2(failed.data(), O_CLOEXEC) != 0) {
    return fmt::format("no pipes to a plugin can be opened: {}", std::strerror(errno));
  }
  const Descriptor result(failed[0]);
  Descriptor reason(::fcntl(failed[1], F_DUPFD_CLOEXEC, kAbove));
  ::close(failed[1]);
  Descriptor ruleset;
  if (access) {
    auto made = make_ruleset(*access, path);
    if (!made) return made.error();
    if (made->get() >= 0) {
      ruleset = Descriptor(::fcntl(made->get(), F_DUPFD_CLOEXEC, kAbove));
      if (ruleset.get() < 0) return fmt::format("it cannot be confined: {}", std::strerror(errno));
    }
  }
  executors::EnvironmentVariables own{{kCookieVariable, cookie}};
  if (ruleset.get() >= 0) {
    const char* folders = std::getenv("PATH");
    own.emplace_back("PATH", readable_folders(folders == nullptr ? "" : folders, *access, path));
  }
  std::vector<std::string> variables = executors::child_environment(own);
  std::vector<char*> environment;
  environment.reserve(variables.size() + 1);
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::string name = path;
  std::array<char*, 2> arguments{name.data(), nullptr};
  const ChildPlan plan{path.c_str(),
                       arguments.data(),
                       environment.data(),
                       {null.get(), output->theirs.get(), errors->theirs.get(), to->theirs.get(), from->theirs.get()},
                       ruleset.get(),
                       reason.get(),
                       ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) return fmt::format("no process for a plugin can be had: {}", std::strerror(errno));
  if (pid == 0) become_plugin(plan);
  ::setpgid(pid, pid);
  reason = Descriptor();
  if (const int why = exec_result(result.get()); why != 0) {
    ::waitpid(pid, nullptr, 0);
    return start_failure(why, path, ruleset.get() >= 0);
  }
  PluginChild child;
  child.pid = pid;
  child.to = std::move(to->ours);
  child.from = std::move(from->ours);
  child.output = std::move(output->ours);
  child.errors = std::move(errors->ours);
  // Nobody but us can reap the child, so its id still means it.
  child.exited = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (child.exited.get() < 0) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fmt::format("`{}` cannot be watched: {}", executors::printable(path), std::strerror(errno));
  }
  return child;
}

}  // namespace rollout::plugins
