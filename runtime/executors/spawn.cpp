#include "runtime/executors/spawn.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

using Failure = std::string;
template <typename T>
using Result = plan::Expected<T, Failure>;

// std::string is both a value and a reason here, so the path has a type of its own.
struct Program {
  std::string path;
};

bool is_folder(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_executable(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::optional<Failure> check(const ProcessRequest& request, const EnvironmentVariables& variables) {
  if (request.command.empty() || request.command.front().empty()) return "the command is empty";
  const auto holds_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  for (std::size_t index = 0; index < request.command.size(); ++index) {
    if (holds_nul(request.command[index])) {
      return fmt::format("argument {} of `{}` holds a NUL character, which no program can be given", index,
                         printable(request.command.front(), 80));
    }
  }
  for (const auto& [name, value] : variables) {
    if (name.empty() || name.find('=') != std::string::npos || holds_nul(name)) {
      return fmt::format("`{}` cannot be the name of an environment variable", printable(name, 80));
    }
    if (holds_nul(value))
      return fmt::format("the environment variable `{}` holds a NUL character", printable(name, 80));
  }
  if (!request.directory.empty() && !is_folder(request.directory)) {
    return fmt::format("there is no folder `{}` to run `{}` in", printable(request.directory),
                       printable(request.command.front(), 80));
  }
  return std::nullopt;
}

Result<Program> find_program(const ProcessRequest& request, const std::vector<std::string>& environment) {
  const std::string& name = request.command.front();
  if (name.find('/') != std::string::npos) {
    const std::string here = name.front() == '/' || request.directory.empty() ? name : request.directory + "/" + name;
    if (is_executable(here)) return Program{name};
    return Failure(::access(here.c_str(), F_OK) == 0 ? fmt::format("`{}` is not an executable program", printable(name))
                                                     : fmt::format("there is no program `{}`", printable(name)));
  }
  std::string_view path = find_variable(environment, "PATH");
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(path.size(), folder.size() + 1));
    const std::string candidate = fmt::format("{}/{}", folder, name);
    // An empty or relative folder would mean "wherever we happen to be".
    if (folder.starts_with('/') && is_executable(candidate)) return Program{candidate};
  }
  return Failure(fmt::format("there is no program `{}` on PATH", printable(name)));
}

Result<Descriptor> open_input(const std::string& input) {
  if (input.empty()) return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  // A file in memory: unlike with a pipe nobody has to feed it, and a secret in it never reaches a disk.
  Descriptor file(::memfd_create("rollout-stdin", MFD_CLOEXEC));
  std::string_view rest = input;
  while (!rest.empty()) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written <= 0) return Failure(fmt::format("cannot pass the input: {}", std::strerror(errno)));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

struct Pipe {
  Descriptor reading, writing;
};

Result<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Failure(fmt::format("cannot open a pipe: {}", std::strerror(errno)));
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return pipe;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  // The C interface lacks the const; it does not write.
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// posix_spawn's two argument objects, freed at the end.
struct SpawnSettings {
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  void own_group_and_signals() {
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  void streams(int input, int output, int errors, const std::string& directory) {
    ::posix_spawn_file_actions_adddup2(&actions, input, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    ::posix_spawn_file_actions_adddup2(&actions, errors, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!directory.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

Failure spawn_failure(int error, const std::string& program) {
  switch (error) {
    case ENOEXEC:
      return fmt::format("`{}` is not a program that this machine can run (a script needs a `#!` line)",
                         printable(program));
    case E2BIG:
      return fmt::format(
          "the arguments and variables for `{}` are longer than the system takes; pass them with `stdin:`",
          printable(program));
    case ENOENT: return fmt::format("`{}` needs an interpreter that is not there", printable(program));
    default: return fmt::format("cannot start `{}`: {}", printable(program), std::strerror(error));
  }
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(value_, other.value_);
  return *this;
}

bool has_ended(int pidfd, int within_milliseconds) {
  pollfd state{pidfd, POLLIN, 0};
  return ::poll(&state, 1, within_milliseconds) > 0;
}

Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}

int Descriptor::release() {
  return std::exchange(value_, -1);
}

namespace {

struct ProcessStatus {
  char state = 0;
  std::uint64_t start_time = 0;
};

std::optional<ProcessStatus> process_status(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  // The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return std::nullopt;
  std::size_t at = name_end + 2;
  for (int field = 3; field < 22 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  return ProcessStatus{text[name_end + 2], std::strtoull(text.c_str() + at, nullptr, 10)};
}

}  // namespace

std::optional<std::uint64_t> process_start_time(pid_t pid) {
  const auto status = process_status(pid);
  if (!status || status->state == 'Z' || status->state == 'X') return std::nullopt;
  return status->start_time;
}

plan::Expected<Spawned, std::string> spawn(const ProcessRequest& request, const EnvironmentVariables& around) {
  EnvironmentVariables given = around;
  given.insert(given.end(), request.environment.begin(), request.environment.end());
  if (auto wrong = check(request, given)) return *wrong;
  const std::vector<std::string> environment = child_environment(given);
  const auto program = find_program(request, environment);
  if (!program) return program.error();
  const auto input = open_input(request.input);
  if (!input) return input.error();
  auto output = open_pipe();
  if (!output) return output.error();
  auto errors = open_pipe();
  if (!errors) return errors.error();

  SpawnSettings settings;
  settings.own_group_and_signals();
  settings.streams(input->get(), output->writing.get(), errors->writing.get(), request.directory);
  const std::vector<char*> arguments = pointers(request.command);
  const std::vector<char*> variables = pointers(environment);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program->path.c_str(), &settings.actions, &settings.attributes,
                                  arguments.data(), variables.data());
  if (error != 0) return spawn_failure(error, request.command.front());

  Spawned spawned;
  // Nobody but us can reap the child, so its id still means it.
  spawned.exited = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  spawned.identity = {pid, process_status(pid).value_or(ProcessStatus{}).start_time};
  spawned.output = std::move(output->reading);
  spawned.errors = std::move(errors->reading);
  if (spawned.exited.get() < 0) {
    const int why = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fmt::format("cannot watch `{}`: {}", printable(request.command.front()), std::strerror(why));
  }
  return spawned;
}

std::optional<std::string> missing_program(const std::string& name) {
  ProcessRequest request;
  request.command = {name};
  const auto program = find_program(request, child_environment({}));
  return program ? std::nullopt : std::optional(program.error());
}

}  // namespace rollout::executors
