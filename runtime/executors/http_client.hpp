#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/scheduler.hpp"

// HTTP requests on the Asio loop, by libcurl: http and https only, no redirects, bounded bodies, connections kept
// alive.

namespace rollout::executors {

using plan::Nanoseconds;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  bool secret_url = false;  // messages do not show any of it
  Headers headers;          // names without colon; no line breaks
  std::string body;
  Nanoseconds timeout = 60'000'000'000;
  std::size_t body_limit = 1 << 20;  // bytes kept of the answer's body
};

enum class HttpEnd : std::uint8_t {
  Answered,
  NotSent,  // no byte of the request can have reached the server
  Failed,   // it broke off after something was sent
  TimedOut,
  Cancelled,
};

struct HttpResult {
  HttpEnd end{};
  int status = 0;
  Headers headers;  // of the last answer, names in lower case
  std::string body;
  std::uint64_t dropped = 0;  // bytes of the body beyond the limit
  Nanoseconds elapsed = 0;
  std::string error;  // not Answered: why, for people
};

class HttpClient {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(HttpResult)>;

  HttpClient(boost::asio::io_context& io, engine::Scheduler& scheduler);
  // Drops what is under way; no `done` is called any more.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `done` is called exactly once, later, from the loop.
  Id start(HttpRequest request, Done done);
  void cancel(Id id);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollout::executors
