#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/scheduler.hpp"

// HTTP requests: http and https only, no redirects, bounded bodies.

namespace rollout::executors {

using plan::Nanoseconds;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  bool secret_url = false;     // messages do not show any of it
  Headers headers;             // names without colon; no line breaks
  std::string user, password;  // by basic authentication; with `signing`, the key's id and the key
  // How AWS has a request signed (Signature Version 4), in libcurl's words: aws:amz:REGION:SERVICE. Empty: not at all.
  std::string signing;
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

// Whoever sends requests: libcurl, or a simulated world.
class HttpClient {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(HttpResult)>;

  virtual ~HttpClient() = default;
  // `done` is called exactly once, later, from the loop.
  virtual Id start(HttpRequest request, Done done) = 0;
  virtual void cancel(Id id) = 0;
};

// By libcurl on the Asio loop, connections kept alive.
class CurlHttpClient final : public HttpClient {
 public:
  CurlHttpClient(boost::asio::io_context& io, engine::Scheduler& scheduler);
  // Drops what is under way; no `done` is called any more.
  ~CurlHttpClient() override;
  CurlHttpClient(const CurlHttpClient&) = delete;
  CurlHttpClient& operator=(const CurlHttpClient&) = delete;

  Id start(HttpRequest request, Done done) override;
  void cancel(Id id) override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollout::executors
