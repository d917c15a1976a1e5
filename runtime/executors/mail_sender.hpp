#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/plan/value.hpp"

// Mails, by libcurl: smtp and smtps. While it talks SMTP, libcurl waits for the server, so each mail has a thread of
// its own; the loop hears of nothing but the end.

namespace rollout::executors {

using plan::Nanoseconds;

struct MailRequest {
  std::string server;  // smtp://host:port or smtps://host:port, without a user
  std::string user, password;
  bool must_encrypt = false;    // else where the server offers it
  std::string from;             // addresses without names
  std::vector<std::string> to;  // all or none of them get it
  std::string message;          // RFC 5322, lines ending in CR LF
  Nanoseconds timeout = 60'000'000'000;
};

enum class MailEnd : std::uint8_t {
  Sent,     // the server has taken it over
  NotSent,  // it certainly has not
  Failed,   // it broke off when the whole message had been handed over
  TimedOut,
  Cancelled,
};
struct MailResult {
  MailEnd end{};
  std::string error;  // not Sent: why, for people
};

// Whoever sends mails: libcurl, or a simulated world.
class MailSender {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(MailResult)>;

  virtual ~MailSender() = default;
  // `done` is called exactly once, later, from the loop.
  virtual Id start(MailRequest request, Done done) = 0;
  virtual void cancel(Id id) = 0;
};

class CurlMailSender final : public MailSender {
 public:
  explicit CurlMailSender(boost::asio::io_context& io);
  // Breaks off what is under way; no `done` is called any more.
  ~CurlMailSender() override;
  CurlMailSender(const CurlMailSender&) = delete;
  CurlMailSender& operator=(const CurlMailSender&) = delete;

  Id start(MailRequest request, Done done) override;
  void cancel(Id id) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether the server is this machine itself: a password may go there without encryption.
bool is_loopback(const std::string& server);

}  // namespace rollout::executors
