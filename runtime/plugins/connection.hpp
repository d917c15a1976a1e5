#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>

#include "runtime/engine/scheduler.hpp"
#include "runtime/plan/plan.hpp"
#include "runtime/plugins/programs.hpp"

// One life of one plugin: a child process, and JSON-RPC with it. Ends once, with the reason; whatever was asked and not
// answered is then the owner's to settle.

namespace rollout::plugins {

using plan::Nanoseconds;

struct Answer {
  boost::json::value result;  // where `error` is empty
  std::string error;          // the plugin's words
  std::string error_class;    // invalid, retryable, fatal, in_doubt, cancelled, auth; empty where it says none
  bool refused = false;       // the plugin does not know the method or refuses its parameters: nothing was done
};

struct ConnectionEvents {
  std::function<void(const std::string& op_key, const boost::json::object& event)> event;  // an op.event
  // The plugin is gone; `why` goes on after its name: "ended with exit status 1". Nothing comes after it.
  std::function<void(const std::string& why)> ended;
};

class Connection {
 public:
  // Starts the program; the error is for people.
  static plan::Expected<std::shared_ptr<Connection>, std::string> open(boost::asio::io_context& io,
                                                                       engine::Scheduler& scheduler,
                                                                       const Program& program, ConnectionEvents events);
  virtual ~Connection() = default;

  // `answered` is called at most once: not at all where the connection ends first.
  virtual void request(std::string_view method, boost::json::object parameters,
                       std::function<void(const Answer&)> answered) = 0;
  // Ends it at once, with all of its process group; `ended` is told why, later.
  virtual void kill(const std::string& why) = 0;
  // Asks it to end, and sees to it: blocks for a second at most. Nothing is told any more.
  virtual void close() = 0;
  virtual const std::string& cookie() const = 0;
  // When a message of it came last; its start where none has.
  virtual Nanoseconds heard() const = 0;
};

}  // namespace rollout::plugins
