#include "runtime/executors/process.hpp"

#include <sys/wait.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "runtime/executors/spawn.hpp"

namespace rollout::executors {

namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

// A process in the background may keep the pipes of an ended command open; its output is not waited for longer than
// this.
constexpr Nanoseconds kLinger = 500'000'000;

struct Stream {
  Stream(boost::asio::io_context& io, int descriptor, std::size_t limit) : reader(io, descriptor), kept(limit) {}
  stream_descriptor reader;
  OutputCapture kept;
  std::array<char, 16'384> buffer{};
  bool open = true;
};

}  // namespace

// One child from start to end. The handlers own it; the runner forgets it when it is done.
class ChildProcesses::Child : public std::enable_shared_from_this<Child> {
 public:
  Child(ChildProcesses& runner, Id id, Spawned spawned, const ProcessRequest& request, Done done)
      : runner_(runner),
        id_(id),
        pid_(spawned.identity.pid),
        started_(runner.scheduler_.now()),
        grace_(request.grace),
        exited_(runner.io_, spawned.exited.release()),
        output_(runner.io_, spawned.output.release(), request.output_limit),
        errors_(runner.io_, spawned.errors.release(), request.output_limit),
        done_(std::move(done)) {}

  void begin(Nanoseconds timeout) {
    read(output_);
    read(errors_);
    await_exit();
    deadline_ = runner_.scheduler_.at(started_ + timeout, [this] { stop(ProcessEnd::TimedOut); });
  }

  void stop(ProcessEnd why) {
    // Where the command itself has ended, only its background is left: its outcome stands.
    if (stopped_ || finished_ || leader_ended_) return;
    stopped_ = why;
    ::kill(-pid_, SIGTERM);
    runner_.scheduler_.cancel(deadline_);
    deadline_ = runner_.scheduler_.at(runner_.scheduler_.now() + grace_, [this] { kill_group(); });
  }

  // Ends all waiting without touching the process.
  void abandon() {
    finished_ = true;
    runner_.scheduler_.cancel(deadline_);
    close();
  }

 private:
  void await_exit() {
    exited_.async_wait(stream_descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
      if (error || self->finished_) return;
      has_ended(self->exited_.native_handle()) ? self->on_exit() : self->await_exit();
    });
  }

  void read(Stream& stream) {
    stream.reader.async_read_some(boost::asio::buffer(stream.buffer),
                                  [self = shared_from_this(), &stream](const error_code& error, std::size_t length) {
                                    if (self->finished_) return;
                                    if (error) {
                                      stream.open = false;
                                      self->finish_if_over();
                                      return;
                                    }
                                    stream.kept.add({stream.buffer.data(), length});
                                    self->read(stream);
                                  });
  }

  // The leader is left unreaped until all is over: as long as it is, its id cannot become another group's.
  void on_exit() {
    leader_ended_ = true;
    ended_ = runner_.scheduler_.now();
    if (!stopped_ || killed_) linger();
    finish_if_over();
  }

  void finish_if_over() {
    if (leader_ended_ && !output_.open && !errors_.open) finish();
  }

  // Waits a little for output that descendants still hold back, whether they ended or left the group.
  void linger() {
    runner_.scheduler_.cancel(deadline_);
    deadline_ = runner_.scheduler_.at(runner_.scheduler_.now() + kLinger, [this] { finish(); });
  }

  void kill_group() {
    killed_ = true;
    ::kill(-pid_, SIGKILL);
    if (leader_ended_) linger();
  }

  void finish() {
    if (finished_) return;
    finished_ = true;
    runner_.scheduler_.cancel(deadline_);
    if (stopped_) ::kill(-pid_, SIGKILL);
    ProcessResult result;
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
    result.end = stopped_ ? *stopped_ : info.si_code == CLD_EXITED ? ProcessEnd::Exited : ProcessEnd::Signalled;
    result.status = info.si_status;
    result.output = std::move(output_.kept);
    result.errors = std::move(errors_.kept);
    result.elapsed = ended_ - started_;
    close();
    const auto self = shared_from_this();
    runner_.children_.erase(id_);
    done_(std::move(result));
  }

  void close() {
    error_code ignored;
    exited_.close(ignored);
    output_.reader.close(ignored);
    errors_.reader.close(ignored);
  }

  ChildProcesses& runner_;
  Id id_;
  pid_t pid_;
  Nanoseconds started_, grace_, ended_ = 0;
  stream_descriptor exited_;
  Stream output_, errors_;
  Done done_;
  engine::TimerId deadline_ = 0;
  std::optional<ProcessEnd> stopped_;
  bool leader_ended_ = false, killed_ = false, finished_ = false;
};

ChildProcesses::ChildProcesses(boost::asio::io_context& io, engine::Scheduler& scheduler,
                               EnvironmentVariables variables)
    : io_(io), scheduler_(scheduler), variables_(std::move(variables)) {}

ChildProcesses::~ChildProcesses() {
  for (const auto& [id, child] : children_) child->abandon();
}

ChildProcesses::Started ChildProcesses::start(const ProcessRequest& request, Done done) {
  const Id id = ++last_id_;
  auto spawned = spawn(request, variables_);
  if (!spawned) {
    boost::asio::post(io_, [done = std::move(done), error = spawned.error()] {
      ProcessResult result;
      result.end = ProcessEnd::NotStarted;
      result.error = error;
      done(std::move(result));
    });
    return {id, std::nullopt};
  }
  const ProcessIdentity identity = spawned->identity;
  const auto child = std::make_shared<Child>(*this, id, std::move(*spawned), request, std::move(done));
  children_.emplace(id, child);
  child->begin(request.timeout);
  return {id, identity};
}

void ChildProcesses::cancel(Id id) {
  if (const auto found = children_.find(id); found != children_.end()) found->second->stop(ProcessEnd::Cancelled);
}

}  // namespace rollout::executors
