#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/plan.hpp"
#include "runtime/plugins/child.hpp"
#include "runtime/plugins/frames.hpp"

// A plugin asked step by step, each step waited for: for locking, and for the conformance kit, which also sends what no
// host would.

namespace rollout::plugins {

class Client {
 public:
  // Starts the program, kept to `access` where there is one; the error is for people.
  static plan::Expected<std::shared_ptr<Client>, std::string> open(const std::string& path,
                                                                   const std::optional<plan::PluginAccess>& access);
  explicit Client(PluginChild child, std::string cookie);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Whatever these bytes are. False where the plugin does not take them.
  bool send(std::string_view bytes);
  // A request; its id.
  std::int64_t request(std::string_view method, boost::json::object parameters);
  // The message that answers the request; nothing where none came in time, the plugin ended, or spoke no protocol.
  std::optional<boost::json::object> answer(std::int64_t id, int milliseconds = 5000);
  std::optional<boost::json::object> call(std::string_view method, boost::json::object parameters,
                                          int milliseconds = 5000);
  // The end of a call by its key, from the answer to op.start or from an event: {result} or {error}.
  std::optional<boost::json::object> outcome(std::int64_t start, const std::string& key, int milliseconds);
  // Reads what comes until then.
  void listen(int milliseconds);
  // Greets it as a host does.
  std::optional<boost::json::object> hello(std::vector<int> majors, boost::json::object more = {});

  void close_input() { child_.to = executors::Descriptor(); }
  bool ended_within(int milliseconds);
  const std::string& cookie() const { return cookie_; }
  // Why it cannot be read any more; empty: it can.
  const std::string& problem() const { return problem_; }
  const std::string& printed() const { return output_; }
  const std::string& complained() const { return errors_; }
  const std::vector<boost::json::object>& messages() const { return messages_; }
  // What goes on after "it": "ended with exit status 1", "did not answer".
  std::string silence() const;

 private:
  bool wait(int milliseconds);
  void read_streams();

  PluginChild child_;
  std::string cookie_, problem_, output_, errors_;
  FrameReader frames_;
  std::vector<boost::json::object> messages_;  // all that came
  std::int64_t last_id_ = 0;
  std::optional<int> status_;  // as waitid says, once it has ended
};

// What a plugin answers when it is asked what it can do.
struct Described {
  boost::json::value schema;
  std::vector<int> majors;
};
plan::Expected<Described, std::string> describe_program(const std::string& path,
                                                        const std::optional<plan::PluginAccess>& access = {});

}  // namespace rollout::plugins
