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

class MailSender {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(MailResult)>;

  explicit MailSender(boost::asio::io_context& io);
  // Breaks off what is under way; no `done` is called any more.
  ~MailSender();
  MailSender(const MailSender&) = delete;
  MailSender& operator=(const MailSender&) = delete;

  // `done` is called exactly once, later, from the loop.
  Id start(MailRequest request, Done done);
  void cancel(Id id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether the server is this machine itself: a password may go there without encryption.
bool is_loopback(const std::string& server);

}  // namespace rollout::executors
