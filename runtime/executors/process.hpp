#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/engine/scheduler.hpp"
#include "runtime/executors/environment.hpp"
#include "runtime/executors/output_capture.hpp"

// Child processes: no shell, a process group of their own, bounded output, and an end that always comes.

namespace rollout::executors {

using plan::Nanoseconds;

struct ProcessRequest {
  std::vector<std::string> command;  // the program, looked for on PATH, and its arguments
  EnvironmentVariables environment;  // besides what is inherited
  std::string input;                 // what it reads from its standard input; empty: /dev/null
  std::string directory;             // where it runs; empty: here
  Nanoseconds timeout = 60'000'000'000;
  Nanoseconds grace = 10'000'000'000;  // between TERM and KILL
  std::size_t output_limit = 1 << 20;  // bytes kept of each stream
};

enum class ProcessEnd : std::uint8_t { Exited, Signalled, NotStarted, TimedOut, Cancelled };

struct ProcessResult {
  ProcessEnd end{};
  int status = 0;  // Exited: the exit status; Signalled: the signal
  OutputCapture output{0}, errors{0};
  Nanoseconds elapsed = 0;
  std::string error;  // NotStarted: why, for people
};

// A process as it can be found again after the runtime was restarted: ids are reused, start times on one boot are not.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks since boot, from /proc/PID/stat
};
// The start time of a living process; nothing where there is none (a zombie counts as none).
std::optional<std::uint64_t> process_start_time(pid_t pid);

// Whoever runs commands: this machine, or a simulated world.
class ProcessRunner {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(ProcessResult)>;
  struct Started {
    Id id = 0;
    std::optional<ProcessIdentity> process;  // nothing: it could not be started, `done` will say why
  };

  virtual ~ProcessRunner() = default;
  // Starts it; `done` is called exactly once, later, from the loop.
  virtual Started start(const ProcessRequest& request, Done done) = 0;
  // TERM to its group, KILL after the grace; `done` still comes. Does nothing where it has ended.
  virtual void cancel(Id id) = 0;
};

class ChildProcesses final : public ProcessRunner {
 public:
  // Each child gets `variables` besides what it inherits; a request's own come before them.
  ChildProcesses(boost::asio::io_context& io, engine::Scheduler& scheduler, EnvironmentVariables variables = {});
  // Leaves the children alone, as a crash would.
  ~ChildProcesses() override;
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  Started start(const ProcessRequest& request, Done done) override;
  void cancel(Id id) override;
  std::size_t running() const { return children_.size(); }

 private:
  class Child;
  boost::asio::io_context& io_;
  engine::Scheduler& scheduler_;
  EnvironmentVariables variables_;
  std::map<Id, std::shared_ptr<Child>> children_;
  Id last_id_ = 0;
};

}  // namespace rollout::executors
