#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "runtime/engine/speaker.hpp"
#include "runtime/machine/events.hpp"

// How another process of the same person talks to a live run: a Unix socket, one line of JSON each way.
//   {"verb":"approve","who":"dana","gate":"Go / no-go","text":""}  ->  {"ok":true,"message":"approved by dana (1 of
//   2)"}

namespace rollout::engine {

struct ControlAnswer {
  bool accepted = false;
  std::string message;
};
// What was said, and by whom it really was.
using ControlHandler = std::function<ControlAnswer(const machine::PersonSaid&, const Speaker&)>;

// Listens until it is destroyed, then removes the socket. Only the same user and root are heard.
class ControlServer {
 public:
  // The socket gets mode 0600; one that a dead process left behind is replaced.
  static plan::Expected<ControlServer> open(boost::asio::io_context& io, const std::string& path,
                                            ControlHandler handler);
  ControlServer(ControlServer&&) noexcept;
  ControlServer& operator=(ControlServer&&) noexcept;
  ~ControlServer();

 private:
  struct Impl;
  explicit ControlServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

// Blocks for the answer, at most ten seconds. Fails where nobody listens at `path` or the answer is not understood.
plan::Expected<ControlAnswer> tell(const std::string& path, const machine::PersonSaid& said);
// Whether a process listens at `path`.
bool control_answers(const std::string& path);

// "approve" and its kin, and back; nothing for a word that is no verb.
std::string_view verb_word(machine::Verb verb);
std::optional<machine::Verb> verb_of(std::string_view word);

}  // namespace rollout::engine
