#include "runtime/plugins/connection.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstring>
#include <deque>
#include <map>

#include "runtime/engine/log.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/plan/plugin_access.hpp"
#include "runtime/plugins/child.hpp"
#include "runtime/plugins/confinement.hpp"
#include "runtime/plugins/frames.hpp"
#include "runtime/plugins/log_lines.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

namespace rollout::plugins {

namespace {

namespace json = boost::json;
using boost::asio::posix::stream_descriptor;
using boost::system::error_code;
using engine::LogLevel;

// What may wait to be written to a plugin that does not read.
constexpr std::size_t kMostUnwritten = 8 << 20;
constexpr Nanoseconds kEndAfterAnswers = 200'000'000;
constexpr int kCloseWithin = 500;  // milliseconds, then TERM, and as long again, then KILL

struct Stream {
  Stream(boost::asio::io_context& io, executors::Descriptor descriptor) : reader(io, descriptor.release()) {}
  stream_descriptor reader;
  std::array<char, 16384> buffer{};
};

// JSON-RPC's own codes for what was never begun.
bool is_refusal(const json::object& error) {
  const json::value* code = error.if_contains("code");
  return code != nullptr && code->is_int64() && code->get_int64() <= -32600 && code->get_int64() >= -32700;
}

Answer answer_of(const json::object& message) {
  Answer answer;
  if (const auto* error = object_member(message, "error")) {
    answer.error = text_member(*error, "message");
    if (answer.error.empty()) answer.error = "it gives no reason";
    if (const auto* data = object_member(*error, "data")) answer.error_class = text_member(*data, "class");
    answer.refused = answer.error_class.empty() && is_refusal(*error);
  } else if (const json::value* result = message.if_contains("result")) {
    answer.result = *result;
  }
  return answer;
}

std::string ending_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("ended with exit status {}", info.si_status);
  const char* name = ::sigdescr_np(info.si_status);
  return fmt::format("was ended by signal {} ({})", info.si_status, name == nullptr ? "unknown" : name);
}

class ChildConnection final : public Connection, public std::enable_shared_from_this<ChildConnection> {
 public:
  ChildConnection(boost::asio::io_context& io, engine::Scheduler& scheduler, std::string name, std::string cookie,
                  PluginChild child, ConnectionEvents events)
      : scheduler_(scheduler),
        name_(std::move(name)),
        cookie_(std::move(cookie)),
        pid_(child.pid),
        events_(std::move(events)),
        exited_(io, child.exited.release()),
        to_(io, child.to.release()),
        from_(io, std::move(child.from)),
        output_(io, std::move(child.output)),
        errors_(io, std::move(child.errors)),
        output_lines_(scheduler, name_, "stdout"),
        error_lines_(scheduler, name_, "stderr") {}
  ~ChildConnection() override { close(); }

  void begin() {
    heard_ = scheduler_.now();
    read_messages();
    read_lines(output_, output_lines_);
    read_lines(errors_, error_lines_);
    await_exit();
  }

  void request(std::string_view method, json::object parameters, std::function<void(const Answer&)> answered) override {
    if (over_) return;
    const std::int64_t id = ++last_id_;
    waiting_.emplace(id, std::move(answered));
    write(frame(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(parameters)}}));
  }

  void kill(const std::string& why) override {
    if (over_) return;
    if (why_.empty()) why_ = why;
    ::kill(-pid_, SIGKILL);
  }

  void close() override {
    if (reaped_) return;
    over_ = true;
    const std::string farewell = frame(json::object{{"jsonrpc", "2.0"},
                                                    {"id", ++last_id_},
                                                    {"method", "shutdown"},
                                                    {"params", json::object{{"deadline_ms", kCloseWithin}}}});
    if (unwritten_.empty()) [[maybe_unused]]
      const ssize_t written = ::write(to_.native_handle(), farewell.data(), farewell.size());
    error_code ignored;
    to_.close(ignored);
    if (!has_ended(kCloseWithin)) ::kill(-pid_, SIGTERM);
    if (!has_ended(kCloseWithin)) ::kill(-pid_, SIGKILL);
    reap();
    output_lines_.end();
    error_lines_.end();
    exited_.close(ignored);
    from_.reader.close(ignored);
    output_.reader.close(ignored);
    errors_.reader.close(ignored);
  }

  const std::string& cookie() const override { return cookie_; }
  Nanoseconds heard() const override { return heard_; }

 private:
  void await_exit() {
    exited_.async_wait(stream_descriptor::wait_read, [weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!self || error || self->over_) return;
      self->has_ended(0) ? self->on_exit() : self->await_exit();
    });
  }

  bool has_ended(int within_milliseconds) { return executors::has_ended(exited_.native_handle(), within_milliseconds); }

  siginfo_t reap() {
    siginfo_t info{};
    // Its group first: as long as it is not reaped, its id cannot be another's.
    ::kill(-pid_, SIGKILL);
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
    reaped_ = true;
    return info;
  }

  void on_exit() {
    const auto self = shared_from_this();
    if (why_.empty()) drain();
    over_ = true;
    const siginfo_t info = reap();
    const std::string why = why_.empty() ? ending_of(info) : why_;
    waiting_.clear();
    // Later: whoever is told may drop this connection.
    scheduler_.at(scheduler_.now(), [ended = events_.ended, why] { ended(why); });
  }

  void write(std::string bytes) {
    unwritten_bytes_ += bytes.size();
    unwritten_.push_back(std::move(bytes));
    if (unwritten_bytes_ > kMostUnwritten) return kill("does not read what it is sent, and was ended");
    if (unwritten_.size() == 1) write_next();
  }

  void write_next() {
    boost::asio::async_write(to_, boost::asio::buffer(unwritten_.front()),
                             [self = shared_from_this()](const error_code& error, std::size_t) {
                               // That it is gone is told by its end.
                               if (error || self->over_) return;
                               self->unwritten_bytes_ -= self->unwritten_.front().size();
                               self->unwritten_.pop_front();
                               if (!self->unwritten_.empty()) self->write_next();
                             });
  }

  void read_messages() {
    from_.reader.async_read_some(boost::asio::buffer(from_.buffer),
                                 [weak = weak_from_this()](const error_code& error, std::size_t length) {
                                   const auto self = weak.lock();
                                   if (!self || self->over_) return;
                                   if (error) return self->answers_ended();
                                   self->frames_.add({self->from_.buffer.data(), length});
                                   if (self->take_messages()) self->read_messages();
                                 });
  }

  // Without its answers it is of no use, even if it still runs; mostly this is how its end begins.
  void answers_ended() {
    scheduler_.at(scheduler_.now() + kEndAfterAnswers, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->kill("closed its descriptor 4, and was ended");
    });
  }

  // What it said before it ended counts.
  void drain() {
    for (int rounds = 0; rounds < 1'000; ++rounds) {
      const ssize_t count = ::read(from_.reader.native_handle(), from_.buffer.data(), from_.buffer.size());
      if (count <= 0) return;
      frames_.add({from_.buffer.data(), static_cast<std::size_t>(count)});
      for (auto message = frames_.next(); message && *message; message = frames_.next()) take((*message)->get_object());
    }
  }

  bool take_messages() {
    while (!over_) {
      const auto message = frames_.next();
      if (!message) {
        kill(fmt::format("spoke no protocol and was ended: {}", message.error()));
        return false;
      }
      if (!*message) return true;
      take((*message)->get_object());
    }
    return false;
  }

  void take(const json::object& message) {
    heard_ = scheduler_.now();
    if (text_member(message, "method") == "op.event") {
      const auto* parameters = object_member(message, "params");
      if (parameters != nullptr) events_.event(text_member(*parameters, "op_key"), *parameters);
      return;
    }
    const json::value* id = message.if_contains("id");
    const auto found = id != nullptr && id->is_int64() ? waiting_.find(id->get_int64()) : waiting_.end();
    if (found == waiting_.end()) return;  // a notification of a newer protocol, or an answer that nobody waits for
    const auto answered = std::move(found->second);
    waiting_.erase(found);
    answered(answer_of(message));
  }

  void read_lines(Stream& stream, LogLines& lines) {
    stream.reader.async_read_some(boost::asio::buffer(stream.buffer), [weak = weak_from_this(), &stream, &lines](
                                                                          const error_code& error, std::size_t length) {
      const auto self = weak.lock();
      if (!self) return;
      if (error) return lines.end();
      lines.add({stream.buffer.data(), length});
      self->read_lines(stream, lines);
    });
  }

  engine::Scheduler& scheduler_;
  std::string name_, cookie_, why_;
  pid_t pid_;
  ConnectionEvents events_;
  stream_descriptor exited_, to_;
  Stream from_, output_, errors_;
  LogLines output_lines_, error_lines_;
  FrameReader frames_;
  std::deque<std::string> unwritten_;
  std::size_t unwritten_bytes_ = 0;
  std::map<std::int64_t, std::function<void(const Answer&)>> waiting_;
  std::int64_t last_id_ = 0;
  Nanoseconds heard_ = 0;
  bool over_ = false, reaped_ = false;
};

void log_access(const std::string& name, const plan::PluginAccess& access) {
  const Confines kernel = confines();
  if (kernel.everything()) {
    engine::log(LogLevel::Info, fmt::format("plugin {} is kept to its access: it {}", name, plan::access_text(access)));
  } else {
    engine::log(LogLevel::Warning, fmt::format("plugin {} is kept to its access only in part: this kernel confines {}",
                                               name, confines_text(kernel)));
  }
}

}  // namespace

plan::Expected<std::shared_ptr<Connection>, std::string> Connection::open(boost::asio::io_context& io,
                                                                          engine::Scheduler& scheduler,
                                                                          const Program& program,
                                                                          ConnectionEvents events) {
  const std::string& name = program.plugin.name;
  std::string cookie = random_name();
  auto child = start_child(program.path, cookie, program.access);
  if (!child) return child.error();
  engine::log(LogLevel::Info, fmt::format("plugin {} starts as process {}", name, child->pid));
  if (program.access) log_access(name, *program.access);
  const auto connection =
      std::make_shared<ChildConnection>(io, scheduler, name, std::move(cookie), std::move(*child), std::move(events));
  connection->begin();
  return std::shared_ptr<Connection>(connection);
}

}  // namespace rollout::plugins
