#include "runtime/engine/control.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstring>

#include "runtime/engine/control_socket.hpp"
#include "runtime/engine/log.hpp"

namespace rollout::engine {

namespace {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr auto kPatience = std::chrono::seconds(10);

// One request and its answer. Whoever is silent for too long is dropped.
struct Conversation : std::enable_shared_from_this<Conversation> {
  Conversation(stream_protocol::socket accepted, Speaker who, ControlHandler answers)
      : socket(std::move(accepted)),
        patience(socket.get_executor()),
        speaker(std::move(who)),
        handler(std::move(answers)) {}

  void begin() {
    patience.expires_after(kPatience);
    patience.async_wait([self = shared_from_this()](const error_code& error) {
      error_code ignored;
      if (!error) self->socket.close(ignored);
    });
    boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(line, kLongestControlLine), '\n',
                                  [self = shared_from_this()](const error_code& error, std::size_t length) {
                                    if (error) return self->end();
                                    self->line.resize(length);
                                    self->respond();
                                  });
  }

  void respond() {
    const auto said = read_request(line);
    line = answer_line(said ? handler(*said, speaker) : ControlAnswer{false, said.error().message});
    boost::asio::async_write(socket, boost::asio::buffer(line),
                             [self = shared_from_this()](const error_code&, std::size_t) { self->end(); });
  }

  void end() {
    patience.cancel();
    error_code ignored;
    socket.close(ignored);
  }

  stream_protocol::socket socket;
  boost::asio::steady_timer patience;
  Speaker speaker;
  ControlHandler handler;
  std::string line;
};

}  // namespace

struct ControlServer::Impl : std::enable_shared_from_this<Impl> {
  Impl(boost::asio::io_context& io, std::string name, ControlHandler answers)
      : acceptor(io), pause(io), path(std::move(name)), handler(std::move(answers)) {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](const error_code& error, stream_protocol::socket socket) {
      if (self->closed) return;
      if (error) return self->accept_later();
      // Asked at once: the kernel's word about the process holds while it lives.
      auto speaker = is_ours(socket.native_handle()) ? speaker_at(socket.native_handle()) : std::nullopt;
      if (speaker) {
        std::make_shared<Conversation>(std::move(socket), std::move(*speaker), self->handler)->begin();
      } else {
        log(LogLevel::Warning, "a process of another user was turned away from the control socket");
      }
      self->accept();
    });
  }

  // Out of descriptors, say: trying again at once would only keep the processor busy.
  void accept_later() {
    pause.expires_after(std::chrono::seconds(1));
    pause.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && !self->closed) self->accept();
    });
  }

  stream_protocol::acceptor acceptor;
  boost::asio::steady_timer pause;
  std::string path;
  ControlHandler handler;
  bool closed = false;
};

ControlServer::ControlServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::ControlServer(ControlServer&&) noexcept = default;
ControlServer& ControlServer::operator=(ControlServer&&) noexcept = default;

ControlServer::~ControlServer() {
  if (!impl_) return;
  impl_->closed = true;
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->pause.cancel();
  ::unlink(impl_->path.c_str());
}

plan::Expected<ControlServer> ControlServer::open(boost::asio::io_context& io, const std::string& path,
                                                  ControlHandler handler) {
  auto socket = listen_at(path);
  if (!socket) return socket.error();
  const auto impl = std::make_shared<Impl>(io, path, std::move(handler));
  error_code error;
  impl->acceptor.assign(stream_protocol(), socket->get(), error);
  if (error) return plan::PlanError{fmt::format("cannot use the control socket `{}`: {}", path, error.message()), 0};
  socket->release();
  impl->accept();
  return ControlServer(impl);
}

plan::Expected<ControlAnswer> tell(const std::string& path, const machine::PersonSaid& said) {
  const auto socket = connect_to(path);
  if (!socket) return socket.error();
  const timeval limit{kPatience.count(), 0};
  ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket->get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const std::string request = request_line(said);
  if (::send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return plan::PlanError{fmt::format("cannot talk to the run at `{}`: {}", path, std::strerror(errno)), 0};
  }
  std::string line;
  std::array<char, 4096> buffer{};
  while (line.find('\n') == std::string::npos && line.size() < kLongestControlLine) {
    const ssize_t length = ::recv(socket->get(), buffer.data(), buffer.size(), 0);
    if (length <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(length));
  }
  const auto answer = read_answer(line);
  if (!answer) {
    return plan::PlanError{
        fmt::format("the run at `{}` did not answer within 10s; whether it took notice is seen with `rollout "
                    "status`",
                    path),
        0};
  }
  return *answer;
}

bool control_answers(const std::string& path) {
  return static_cast<bool>(connect_to(path));
}

}  // namespace rollout::engine
