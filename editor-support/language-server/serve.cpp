#include "editor-support/language-server/serve.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "editor-support/language-server/protocol/frames.hpp"
#include "editor-support/language-server/server.hpp"

namespace rollout::language_server {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Diagnostics wait until what was sent together has come, but not for ever. Waiting longer saves nothing: the next
// question needs the same compilation.
constexpr milliseconds kQuiet{2};
constexpr milliseconds kMostWaiting{200};

enum class Input { Ready, Nothing, Ended };

Input wait_for_input(int input, int timeout) {
  pollfd descriptor{input, POLLIN, 0};
  const int count = ::poll(&descriptor, 1, timeout);
  if (count == 0) return Input::Nothing;
  if (count < 0) return errno == EINTR ? Input::Nothing : Input::Ended;
  return Input::Ready;
}

bool write_all(int output, const std::string& bytes) {
  for (std::size_t written = 0; written < bytes.size();) {
    const ssize_t count = ::write(output, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    written += static_cast<std::size_t>(count);
  }
  return true;
}

// One client on two descriptors.
class Connection {
 public:
  Connection(int input, int output, Server& server) : input_(input), output_(output), server_(server) {}

  // Takes what has come; false where nothing will come any more.
  bool read() {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::read(input_, buffer.data(), buffer.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count == 0) return false;
    frames_.feed({buffer.data(), static_cast<std::size_t>(count)});
    while (const auto frame = frames_.next()) {
      if (frame->error.empty()) {
        server_.receive(frame->body);
      } else {
        server_.receive_garbage(frame->error);
      }
    }
    return true;
  }

  bool flush() {
    std::string bytes;
    for (const std::string& message : server_.take_output()) bytes += protocol::framed(message);
    return write_all(output_, bytes);
  }

 private:
  int input_, output_;
  Server& server_;
  protocol::FrameReader frames_;
};

int milliseconds_left(Clock::time_point due) {
  const auto left = std::chrono::duration_cast<milliseconds>(due - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

}  // namespace

std::string default_pages_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  const std::string below = "/rollout/" ROLLOUT_VERSION;
  if (cache != nullptr && *cache == '/') return cache + below;
  return home != nullptr && *home == '/' ? home + std::string("/.cache") + below : std::string();
}

int serve(int input, int output, const std::string& pages_folder) {
  Server server(pages_folder);
  Connection connection(input, output, server);
  std::optional<Clock::time_point> owed_since;
  Clock::time_point last_work = Clock::now();
  while (!server.exit_status()) {
    if (server.owes_diagnostics() && !owed_since) owed_since = Clock::now();
    if (!server.owes_diagnostics()) owed_since.reset();
    const auto due = owed_since ? std::min(last_work + kQuiet, *owed_since + kMostWaiting) : Clock::time_point::max();
    // What has come is read before anything is done, so that a cancellation finds what it cancels.
    const int timeout = server.has_work() ? 0 : owed_since ? milliseconds_left(due) : -1;
    const Input state = wait_for_input(input, timeout);
    if (state == Input::Ended || (state == Input::Ready && !connection.read())) {
      while (server.has_work() && !server.exit_status()) server.work();
      if (!connection.flush()) return 1;
      return server.exit_status().value_or(1);
    }
    if (server.has_work() && state == Input::Nothing) {
      server.work();
      last_work = Clock::now();
    } else if (owed_since && Clock::now() >= due) {
      server.publish_diagnostics();
    }
    if (!connection.flush()) return 1;
  }
  return *server.exit_status();
}

}  // namespace rollout::language_server
