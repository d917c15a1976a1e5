#include "runtime/plugins/client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "runtime/executors/text.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

namespace rollout::plugins {

namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostPrinted = 64 << 10;

class Deadline {
 public:
  explicit Deadline(int milliseconds) : due_(Clock::now() + std::chrono::milliseconds(milliseconds)) {}
  int left() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due_ - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(0, left));
  }

 private:
  Clock::time_point due_;
};

bool is_answer_to(const json::object& message, std::int64_t id) {
  const json::value* found = message.if_contains("id");
  return found != nullptr && found->is_int64() && found->get_int64() == id && message.if_contains("method") == nullptr;
}

// False once the other end is closed.
bool read_some(const executors::Descriptor& descriptor, std::string& into, std::size_t most) {
  std::array<char, 16384> buffer{};
  const ssize_t count = ::read(descriptor.get(), buffer.data(), buffer.size());
  if (count > 0) into.append(buffer.data(), std::min<std::size_t>(count, most - std::min(most, into.size())));
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

}  // namespace

plan::Expected<std::shared_ptr<Client>, std::string> Client::open(const std::string& path,
                                                                  const std::optional<plan::PluginAccess>& access) {
  std::string cookie = random_name();
  auto child = start_child(path, cookie, access);
  if (!child) return child.error();
  return std::make_shared<Client>(std::move(*child), std::move(cookie));
}

Client::Client(PluginChild child, std::string cookie) : child_(std::move(child)), cookie_(std::move(cookie)) {}

Client::~Client() {
  ::kill(-child_.pid, SIGKILL);
  if (!status_) ::waitpid(child_.pid, nullptr, 0);
}

// Waits for something to read, at most that long, and reads it. False when time is up or nothing can come any more.
bool Client::wait(int milliseconds) {
  std::array<pollfd, 3> waits{pollfd{child_.from.get(), POLLIN, 0}, pollfd{child_.output.get(), POLLIN, 0},
                              pollfd{child_.errors.get(), POLLIN, 0}};
  if (std::ranges::all_of(waits, [](const pollfd& one) { return one.fd < 0; })) return false;
  if (::poll(waits.data(), waits.size(), milliseconds) <= 0) return false;
  if (waits[0].revents != 0) {
    std::string bytes;
    if (!read_some(child_.from, bytes, kMostFrameBytes)) child_.from = executors::Descriptor();
    frames_.add(bytes);
    while (problem_.empty()) {
      auto message = frames_.next();
      if (!message) problem_ = message.error();
      if (!message || !*message) break;
      messages_.push_back((*message)->get_object());
    }
  }
  if (waits[1].revents != 0 && !read_some(child_.output, output_, kMostPrinted))
    child_.output = executors::Descriptor();
  if (waits[2].revents != 0 && !read_some(child_.errors, errors_, kMostPrinted))
    child_.errors = executors::Descriptor();
  return true;
}

void Client::listen(int milliseconds) {
  const Deadline deadline(milliseconds);
  while (wait(deadline.left())) {
    if (deadline.left() == 0) return;
  }
}

bool Client::send(std::string_view bytes) {
  const Deadline deadline(5000);
  while (!bytes.empty()) {
    const ssize_t written = ::write(child_.to.get(), bytes.data(), bytes.size());
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    if (written > 0) continue;
    if (errno != EAGAIN && errno != EINTR) return false;
    pollfd ready{child_.to.get(), POLLOUT, 0};
    if (deadline.left() == 0 || ::poll(&ready, 1, deadline.left()) <= 0) return false;
  }
  return true;
}

std::int64_t Client::request(std::string_view method, json::object parameters) {
  const std::int64_t id = ++last_id_;
  send(frame(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(parameters)}}));
  return id;
}

std::optional<json::object> Client::answer(std::int64_t id, int milliseconds) {
  const Deadline deadline(milliseconds);
  while (true) {
    const auto found = std::ranges::find_if(messages_, [&](const auto& message) { return is_answer_to(message, id); });
    if (found != messages_.end()) return *found;
    if (!problem_.empty() || child_.from.get() < 0 || !wait(deadline.left())) return std::nullopt;
  }
}

std::optional<json::object> Client::call(std::string_view method, json::object parameters, int milliseconds) {
  return answer(request(method, std::move(parameters)), milliseconds);
}

std::optional<json::object> Client::outcome(std::int64_t start, const std::string& key, int milliseconds) {
  const Deadline deadline(milliseconds);
  const auto first = answer(start, milliseconds);
  if (!first || object_member(*first, "error") != nullptr) return first;
  const auto* result = object_member(*first, "result");
  if (result == nullptr || text_member(*result, "state") != "running") return first;
  while (true) {
    for (const json::object& message : messages_) {
      const auto* event = text_member(message, "method") == "op.event" ? object_member(message, "params") : nullptr;
      if (event == nullptr || text_member(*event, "op_key") != key) continue;
      const std::string kind = text_member(*event, "kind");
      if (kind == "done") return json::object{{"result", *event}};
      if (kind == "failed" && event->if_contains("error")) return json::object{{"error", event->at("error")}};
    }
    if (!problem_.empty() || child_.from.get() < 0 || !wait(deadline.left())) return std::nullopt;
  }
}

std::optional<json::object> Client::hello(std::vector<int> majors, json::object more) {
  json::object parameters = std::move(more);
  parameters["protocol"] =
      json::object{{"majors", json::array(majors.begin(), majors.end())}, {"minor", kProtocolMinor}};
  parameters["host"] = json::object{{"name", "rollout"}, {"version", ROLLOUT_VERSION}};
  parameters["cookie"] = cookie_;
  parameters["limits"] = json::object{{"frame_bytes", kMostFrameBytes}, {"result_bytes", kMostResultBytes}};
  return call("hello", std::move(parameters));
}

bool Client::ended_within(int milliseconds) {
  const Deadline deadline(milliseconds);
  while (!status_) {
    if (executors::has_ended(child_.exited.get(), std::min(20, deadline.left()))) {
      listen(0);
      siginfo_t info{};
      ::waitid(P_PID, static_cast<id_t>(child_.pid), &info, WEXITED);
      status_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
      return true;
    }
    if (deadline.left() == 0) return false;
    // A plugin that prints at its end does not have to wait for us.
    wait(0);
  }
  return true;
}

std::string Client::silence() const {
  if (!problem_.empty()) return "was not understood: " + problem_;
  std::string words = executors::printable(executors::last_line(errors_), 200);
  if (!words.empty()) words = ": " + words;
  if (status_) return fmt::format("ended with exit status {}{}", *status_, words);
  return (child_.from.get() < 0 ? "closed its descriptor 4" : "did not answer in time") + words;
}

plan::Expected<Described, std::string> describe_program(const std::string& path,
                                                        const std::optional<plan::PluginAccess>& access) {
  auto client = Client::open(path, access);
  if (!client) return client.error();
  Client& plugin = **client;
  std::vector<int> majors(std::begin(kProtocolMajors), std::end(kProtocolMajors));
  const auto greeted = plugin.hello(majors);
  if (!greeted) {
    plugin.ended_within(200);
    return fmt::format("`{}` was asked for `hello` and {}", executors::printable(path), plugin.silence());
  }
  if (const auto* error = object_member(*greeted, "error")) {
    return fmt::format("`{}` refuses to talk: {}", executors::printable(path),
                       executors::printable(text_member(*error, "message")));
  }
  Described described;
  if (const auto* result = object_member(*greeted, "result")) {
    const auto* protocol = object_member(*result, "protocol");
    const json::value* major = protocol == nullptr ? nullptr : protocol->if_contains("major");
    if (major != nullptr && major->is_int64()) described.majors.push_back(static_cast<int>(major->get_int64()));
  }
  const auto answer = plugin.call("describe", {});
  const json::value* schema = answer ? answer->if_contains("result") : nullptr;
  if (schema == nullptr) {
    plugin.ended_within(200);
    return fmt::format("`{}` was asked to `describe` itself and {}", executors::printable(path),
                       answer ? "gave no result" : plugin.silence());
  }
  described.schema = *schema;
  plugin.request("shutdown", {{"deadline_ms", 500}});
  plugin.close_input();
  plugin.ended_within(500);
  return described;
}

}  // namespace rollout::plugins
